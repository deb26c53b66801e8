from fastapi import HTTPException


class Refused(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class Errors:
    sold_out = Refused("sold out")


too_late = HTTPException(410, "The offer has ended")


def too_early() -> HTTPException:
    return HTTPException(425, "The offer has not begun")

import atexit
import logging

from fastapi import FastAPI
from sqlalchemy import create_engine, event

app = FastAPI()
logger = logging.getLogger("shop")
engine = create_engine("sqlite://")


def listener(*arguments: object) -> None: ...


@app.get("/handler")
def handler() -> None:
    logger.addHandler(logging.StreamHandler())  # FP708
    logging.getLogger("other").addHandler(logging.StreamHandler())  # FP708


@app.get("/listen")
def listens() -> None:
    event.listen(engine, "connect", listener)  # FP708


@app.get("/exit")
async def at_exit() -> None:
    atexit.register(listener)  # FP708


# Near misses

logger.addHandler(logging.StreamHandler())
event.listen(engine, "connect", listener)
atexit.register(listener)


@app.get("/guarded")
def guarded() -> None:
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())


@app.get("/removed")
def removed() -> None:
    handler = logging.StreamHandler()
    logger.addHandler(handler)
    logger.removeHandler(handler)


@app.get("/local")
def local() -> None:
    own = logging.Logger("own")
    own.addHandler(logging.StreamHandler())


def set_up() -> None:
    logger.addHandler(logging.StreamHandler())


class Board:
    def addHandler(self, handler: object) -> None: ...  # noqa: N802


@app.get("/board")
def board() -> None:
    Board().addHandler(listener)


_store: list[str] | None = None


def store() -> list[str]:
    global _store
    if _store is not None:
        return _store
    _store = []
    atexit.register(_store.clear)  # in the first call only
    return _store


@app.get("/store")
def from_store() -> list[str]:
    return store()


@app.get("/own-engine")
def own_engine() -> None:
    local = create_engine("sqlite://")
    event.listen(local, "connect", listener)  # lives as long as its engine


_board: object | None = None


def make_board() -> None:
    global _board
    _board = Board()


def leave() -> None:
    atexit.register(print)  # while nothing is made yet


@app.get("/first-board")
def first_board() -> object:
    if _board is None:
        leave()
        make_board()
    return _board


@app.post("/mounted")
def mounted() -> None:
    if "/tools" in app.routes:
        app.routes.remove("/tools")
    app.mount("/tools", FastAPI())

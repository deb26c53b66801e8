"""What a method does only where its object has nothing, called where it has something."""

import base64

import requests
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class Picture(BaseModel):
    content: bytes | None = None
    address: str = ""
    thumbnail: bytes | None = None
    taken: bool | None = None

    def read(self) -> bytes:
        if self.content:
            return self.content
        return requests.get(self.address, timeout=5).content

    def small(self) -> bytes:
        if self.thumbnail is not None:
            return self.thumbnail
        return requests.get(self.address + "/small", timeout=5).content

    def encoded(self) -> str:
        if self.content:
            return base64.b64encode(self.read()).decode()
        return ""

    def encoded_in_one_line(self) -> str:
        return base64.b64encode(self.read()).decode() if self.content else ""

    def encoded_small(self) -> str:
        if self.thumbnail is None:
            return ""
        return base64.b64encode(self.small()).decode()

    def encoded_small_unless_taken(self) -> str:
        if self.taken is None:
            return ""
        return base64.b64encode(self.small()).decode()

    def encoded_from_afar(self) -> str:
        if not self.content:
            return base64.b64encode(self.read()).decode()
        return ""

    def encoded_afresh(self) -> str:
        if self.content:
            self.content = None
            return base64.b64encode(self.read()).decode()
        return ""

    def of_another(self, other: "Picture") -> str:
        if self.content:
            return base64.b64encode(other.read()).decode()
        return ""


@router.get("/pictures/there")
async def there(address: str) -> list[str]:
    picture = Picture(address=address)
    return [picture.encoded(), picture.encoded_in_one_line(), picture.encoded_small()]


@router.get("/pictures/taken")
async def taken(address: str) -> str:
    return Picture(address=address).encoded_small_unless_taken()  # FP103


@router.get("/pictures/afar")
async def afar(address: str) -> str:
    return Picture(address=address).encoded_from_afar()  # FP103


@router.get("/pictures/afresh")
async def afresh(address: str) -> str:
    return Picture(address=address).encoded_afresh()  # FP103


@router.get("/pictures/other")
async def other(address: str) -> str:
    return Picture(address=address).of_another(Picture())  # FP103


class Line:
    def __init__(self) -> None:
        self.opened = None

    def open(self) -> None:
        self.opened = True

    def send(self, text: str) -> str:
        if not self.opened:
            return ""
        return requests.post("https://line.example", data=text, timeout=5).text

    def tell(self, text: str) -> str:
        if not self.opened:
            self.open()
            return self.send(text)
        return ""


@router.post("/lines")
async def tell(text: str) -> str:
    return Line().tell(text)  # FP103


class Imported:
    def __init__(self) -> None:
        self.report = None

    def begin(self) -> None:
        self.report = requests.post("https://reports.example", timeout=5).text

    def tell(self) -> None:
        self.told = requests.post("https://reports.example", timeout=5).text

    async def run(self) -> None:
        if self.report is None:
            self.begin()  # FP103 (summary)

    async def run_and_tell(self) -> None:
        if self.report is None:
            self.tell()  # FP103


works = Imported()


@router.post("/imports")
async def imported() -> None:
    await works.run()
    await works.run_and_tell()


def stored(address: str) -> str:
    return requests.post(address, timeout=5).text


@router.post("/imports/{number}")
async def numbered(number: int, note: str) -> str:
    if note:
        stored("https://notes.example")
    return stored("https://reports.example")  # FP103

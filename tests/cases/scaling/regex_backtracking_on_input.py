"""FP719: patterns that take exponentially long on text made for them."""

import re

from fastapi import FastAPI

app = FastAPI()
WORDS = re.compile(r"^(\w+)+$")  # FP719
SLUG = re.compile(r"^([a-z0-9]+-?)+$")  # FP719
NUMBERS = re.compile(r"(?:\d*)*x")  # FP719
NESTED = re.compile(r"^a((b+)*)c$")  # FP719
TYPED: re.Pattern[str] = re.compile(r"^(\w+)+$")  # FP719
TYPED_UNUSED: re.Pattern[str] = re.compile(r"^(\w+)+$")
CLEAR = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
DOTTED = re.compile(r"^(\w+\.)+\w+$")
NOTHING_AFTER = re.compile(r"(\w+)+")
SHORT = re.compile(r"^(\d+){2}$")
PLAIN = re.compile(r"^\w+\s*$")
UNUSED = re.compile(r"^(\w+)+$")
BROKEN = re.compile(r"^(?P<a>\w{1,3}-)*$")


@app.get("/slug")
async def slug(text: str) -> list[object]:
    return [WORDS.match(text), SLUG.match(text), NUMBERS.search(text), NESTED.match(text), TYPED.match(text)]


@app.get("/clear")
async def clear(text: str) -> list[object]:
    return [each.match(text) for each in (CLEAR, DOTTED)] + [
        NOTHING_AFTER.match(text),
        SHORT.match(text),
        PLAIN.match(text),
        BROKEN.match(text),
    ]


@app.get("/direct")
def direct(text: str) -> bool:
    return bool(re.fullmatch(r"(\s*\w*)*!", text) or re.match(r"^(\w+\s?)+$", text))  # FP719


@app.get("/constant")
def constant() -> bool:
    return bool(re.match(r"^(\w+)+$", "constant"))


def tool(text: str) -> bool:
    return bool(UNUSED.match(text) or re.match(r"^(\w+)+$", text))

"""FP720: a slow hash for every request."""

from functools import lru_cache

import bcrypt
from fastapi import Depends, FastAPI, Header
from fastapi.security import OAuth2PasswordRequestForm
from passlib.context import CryptContext

app = FastAPI()
context = CryptContext(schemes=["bcrypt"])
KEYS: dict[str, str] = {}


def matches(key: str, shop: str) -> bool:
    return context.verify(key, KEYS[shop])


@lru_cache(maxsize=1000)
def matches_for_a_while(key: str, shop: str) -> bool:
    return context.verify(key, KEYS[shop])


def by_key(key: str = Header(), shop: str = Header()) -> str:
    if not bcrypt.checkpw(key.encode(), KEYS[shop].encode()):  # FP720
        raise PermissionError
    return shop


async def by_key_on_the_loop(key: str = Header(), shop: str = Header()) -> str:
    if not matches(key, shop):  # FP720
        raise PermissionError
    return shop


def by_kept_verdict(key: str = Header(), shop: str = Header()) -> str:
    if not matches_for_a_while(key, shop):
        raise PermissionError
    return shop


def by_form(form: OAuth2PasswordRequestForm = Depends()) -> str:
    if not matches(form.password, form.username):
        raise PermissionError
    return form.username


def by_password(name: str, password: str) -> str:
    if not matches(password, name):
        raise PermissionError
    return name


@app.get("/orders")
def orders(shop: str = Depends(by_key)) -> str:
    return shop


@app.get("/stock")
def stock(shop: str = Depends(by_key_on_the_loop)) -> str:
    return shop


@app.get("/prices")
def prices(shop: str = Depends(by_kept_verdict)) -> str:
    return shop


@app.post("/form")
def form(shop: str = Depends(by_form)) -> str:
    return shop


@app.post("/login")
def login(shop: str = Depends(by_password)) -> str:
    return shop


@app.post("/password")
def change(password: str) -> str:
    return context.hash(password)

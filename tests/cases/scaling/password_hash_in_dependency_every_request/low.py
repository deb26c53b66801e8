import bcrypt
from fastapi import Header
from passlib.context import CryptContext

context = CryptContext(schemes=["bcrypt"], bcrypt__rounds=6)
rounds = CryptContext(schemes=["pbkdf2_sha256"], deprecated="auto")
KEYS: dict[str, str] = {}


def keep(shop: str, key: str) -> None:
    power = 7
    KEYS[shop] = bcrypt.hashpw(key.encode(), bcrypt.gensalt(power)).decode()


def shop_by_key(key: str = Header(), shop: str = Header()) -> str:
    if not bcrypt.checkpw(key.encode(), KEYS[shop].encode()):
        raise PermissionError
    return shop


def shop_by_password(password: str = Header(), shop: str = Header()) -> str:
    if not context.verify(password, KEYS[shop]):
        raise PermissionError
    return shop


def shop_by_rounds(password: str = Header(), shop: str = Header()) -> str:
    if not rounds.verify(password, KEYS[shop]):  # some ten milliseconds
        raise PermissionError
    return shop

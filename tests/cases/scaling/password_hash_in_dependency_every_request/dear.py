import bcrypt
from fastapi import Header

KEYS: dict[str, str] = {}


def keep(shop: str, key: str, renewed: bool) -> None:
    KEYS[shop] = bcrypt.hashpw(key.encode(), bcrypt.gensalt(rounds=7)).decode()
    if renewed:
        KEYS[shop] = bcrypt.hashpw(key.encode(), bcrypt.gensalt()).decode()


def shop_by_key(key: str = Header(), shop: str = Header()) -> str:
    if not bcrypt.checkpw(key.encode(), KEYS[shop].encode()):  # FP720
        raise PermissionError
    return shop

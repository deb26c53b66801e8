"""FP720: a slow hash for every request."""

from functools import lru_cache

import bcrypt
from fastapi import Depends, FastAPI, Header
from fastapi.security import OAuth2PasswordRequestForm
from passlib.context import CryptContext
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()
context = CryptContext(schemes=["bcrypt"])
KEYS: dict[str, str] = {}
VERIFIED: dict[str, str] = {}
DEMO: dict[str, str] = {"demo": "demo"}
NOBODY = bcrypt.hashpw(b"", bcrypt.gensalt())
GROWN = {"demo": "demo"}


def matches(key: str, shop: str) -> bool:
    return context.verify(key, KEYS[shop])


@lru_cache(maxsize=1000)
def matches_for_a_while(key: str, shop: str) -> bool:
    return context.verify(key, KEYS[shop])


def matches_once(key: str, stored: str) -> bool:
    if stored in VERIFIED:
        return VERIFIED[stored] == key
    is_right = context.verify(key, stored)
    if is_right:
        VERIFIED[stored] = key
    return is_right


def matches_each_time(key: str, stored: str) -> bool:
    if stored in VERIFIED:
        return key == stored
    return context.verify(key, stored)


def matches_beside_demo(key: str, stored: str) -> bool:
    if stored in DEMO:
        return DEMO[stored] == key
    return context.verify(key, stored)


def matches_beside_grown(key: str, stored: str) -> bool:
    if stored in GROWN:
        return GROWN[stored] == key
    is_right = context.verify(key, stored)
    if is_right:
        GROWN[stored] = key
    return is_right


def by_key_beside_demo(key: str = Header(), shop: str = Header()) -> str:
    if not matches_beside_demo(key, KEYS[shop]):  # FP720
        raise PermissionError
    return shop


def by_key_beside_grown(key: str = Header(), shop: str = Header()) -> str:
    if not matches_beside_grown(key, KEYS[shop]):
        raise PermissionError
    return shop


def by_known_key(key: str = Header(), shop: str = Header()) -> str:
    if not matches_once(key, KEYS[shop]):
        raise PermissionError
    return shop


def by_each_key(key: str = Header(), shop: str = Header()) -> str:
    if not matches_each_time(key, KEYS[shop]):  # FP720
        raise PermissionError
    return shop


def by_key(key: str = Header(), shop: str = Header()) -> str:
    if not bcrypt.checkpw(key.encode(), KEYS[shop].encode()):  # FP720
        raise PermissionError
    return shop


def by_key_of_known_shop(key: str = Header(), shop: str = Header()) -> str:
    stored = KEYS.get(shop)
    if stored is None:
        bcrypt.checkpw(key.encode(), NOBODY)  # takes as long, so that nobody learns which shops there are
        raise PermissionError
    if not bcrypt.checkpw(key.encode(), stored.encode()):  # FP720
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


@app.get("/orders/open")
def open_orders(shop: str = Depends(by_key_of_known_shop)) -> str:
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


# One secret that is tried against one stored hash after another.


class Base(DeclarativeBase):
    pass


class ApiKey(Base):
    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(index=True)
    key_hash: Mapped[str] = mapped_column()
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), index=True)


def get_session() -> Session: ...


class KeyRepository:
    def __init__(self, session: Session) -> None:
        self.session = session

    def active(self) -> list[ApiKey]:
        return list(self.session.scalars(select(ApiKey)).all())


class KeyChecker:
    def __init__(self, keys: KeyRepository) -> None:
        self.keys = keys

    def is_valid(self, secret: str) -> ApiKey | None:
        for key in self.keys.active():
            if bcrypt.checkpw(secret.encode(), key.key_hash.encode()):  # FP720
                return key
        return None


def fits(secret: str, stored: str) -> bool:
    return context.verify(secret, stored)


@app.get("/keys/one")
def one_of_all(secret: str, session: Session = Depends(get_session)) -> int | None:
    rows = session.scalars(select(ApiKey)).all()
    found = next((row for row in rows if context.verify(secret, row.key_hash)), None)  # FP720
    return found.id if found else None


@app.get("/keys/any")
async def any_of_all(secret: str, session: Session = Depends(get_session)) -> bool:
    return any(fits(secret, row.key_hash) for row in session.query(ApiKey).all())  # FP720


@app.get("/keys/checked")
def checked(secret: str, session: Session = Depends(get_session)) -> bool:
    return KeyChecker(KeyRepository(session)).is_valid(secret) is not None


@app.get("/keys/found")
def found_by_prefix(secret: str, session: Session = Depends(get_session)) -> bool:
    row = session.scalars(select(ApiKey).where(ApiKey.prefix == secret[:8])).first()
    return row is not None and context.verify(secret, row.key_hash)


@app.post("/keys/turned")
def known_ones(secret: str) -> bool:
    return any(context.verify(secret, stored) for stored in (KEYS["current"], KEYS["next"]))


@app.post("/keys/many")
def made(secrets: list[str]) -> list[str]:
    return [context.hash(secret) for secret in secrets]


class Way:
    def fits(self, secret: str) -> bool:
        return context.verify(secret, KEYS["current"])


class Ways:
    def __init__(self, ways: list[Way]) -> None:
        self.ways = ways

    def fit(self, secret: str) -> bool:
        return any(way.fits(secret) for way in self.ways)


@app.get("/keys/ways")
def by_some_way(secret: str) -> bool:
    return Ways([Way()]).fit(secret)


def sealed(secret: str, salt: str) -> bytes:
    return bcrypt.kdf(secret.encode(), salt.encode(), 32, 100)


@app.post("/keys/sealed")
def seal(secret: str, session: Session = Depends(get_session)) -> list[bytes]:
    return [sealed(secret, row.prefix) for row in session.query(ApiKey).all()]


def main() -> None:
    for stored in KEYS.values():
        bcrypt.checkpw(b"secret", stored.encode())


if __name__ == "__main__":
    main()


@app.get("/orders/known")
def orders_of_known_keys(shop: str = Depends(by_known_key)) -> str:
    return shop


@app.get("/orders/each")
def orders_of_each_key(shop: str = Depends(by_each_key)) -> str:
    return shop


@app.get("/orders/demo")
def orders_beside_demo(shop: str = Depends(by_key_beside_demo)) -> str:
    return shop


@app.get("/orders/grown")
def orders_beside_grown(shop: str = Depends(by_key_beside_grown)) -> str:
    return shop

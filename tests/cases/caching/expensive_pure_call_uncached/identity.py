"""Dependencies that have another service say who asks."""

import time
from typing import Annotated

import httpx
import jwt
import requests
from cachetools import TTLCache
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from keycloak import KeycloakOpenID

app = FastAPI()
router = APIRouter()
bearer = HTTPBearer()
client = httpx.AsyncClient(base_url="https://id.example", timeout=5)
openid = KeycloakOpenID(server_url="https://id.example", client_id="shop", realm_name="shop")
known: TTLCache[str, dict[str, str]] = TTLCache(maxsize=10_000, ttl=60)
signing = jwt.PyJWKClient("https://id.example/keys")


async def current_user(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> dict[str, str]:
    answer = await client.get("/me", headers={"Authorization": credentials.credentials})  # FP303
    if answer.status_code != 200:
        raise HTTPException(401)
    return answer.json()


class Identity:
    def __init__(self, url: str) -> None:
        self.url = url

    def introspect(self, token: str) -> dict[str, str]:
        answer = requests.post(f"{self.url}/introspect", data={"token": token}, timeout=5)
        answer.raise_for_status()
        return answer.json()


identity = Identity("https://id.example")


def verified_token(authorization: str = Header()) -> dict[str, str]:
    return identity.introspect(authorization)  # FP303


def keycloak_user(authorization: str = Header()) -> dict[str, str]:
    return openid.userinfo(authorization)  # FP303


class RequireScope:
    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, user: dict[str, str] = Depends(current_user)) -> dict[str, str]:
        if self.scope not in user["scopes"]:
            raise HTTPException(403)
        return user


async def cached_user(authorization: str = Header()) -> dict[str, str]:
    if authorization not in known:
        answer = await client.get("/me", headers={"Authorization": authorization})
        known[authorization] = answer.json()
    return known[authorization]


def signed_user(authorization: str = Header()) -> dict[str, str]:
    key = signing.get_signing_key_from_jwt(authorization)
    return jwt.decode(authorization, key.key, algorithms=["RS256"])


async def exchange_rates() -> dict[str, float]:
    return (await client.get("/rates")).json()


def clock() -> float:
    return time.time()


async def user_who_signs_in(code: str) -> dict[str, str]:
    return (await client.post("/token", data={"code": code})).json()


User = Annotated[dict[str, str], Depends(current_user)]


@app.get("/orders")
async def orders(user: User, now: float = Depends(clock)) -> list[str]:
    return [user["id"]]


@app.get("/baskets")
async def baskets(user: dict[str, str] = Depends(RequireScope("baskets"))) -> list[str]:
    return [user["id"]]


@router.get("/rows")
def rows() -> list[str]:
    return []


@router.get("/columns")
def columns() -> list[str]:
    return []


app.include_router(router, prefix="/verified", dependencies=[Depends(verified_token)])


@app.get("/keycloak")
def of_keycloak(user: dict[str, str] = Depends(keycloak_user)) -> str:
    return user["sub"]


@app.get("/keycloak/secured")
def of_keycloak_too(user: dict[str, str] = Security(keycloak_user)) -> str:
    return user["sub"]


@app.get("/cached")
async def of_cached(user: dict[str, str] = Depends(cached_user)) -> str:
    return user["id"]


@app.get("/cached/too")
async def of_cached_too(user: dict[str, str] = Depends(cached_user)) -> str:
    return user["id"]


@app.get("/signed")
def of_signed(user: dict[str, str] = Depends(signed_user)) -> str:
    return user["sub"]


@app.get("/signed/too")
def of_signed_too(user: dict[str, str] = Depends(signed_user)) -> str:
    return user["sub"]


@app.get("/rates")
async def rates(found: dict[str, float] = Depends(exchange_rates)) -> dict[str, float]:
    return found


@app.get("/rates/sorted")
async def sorted_rates(found: dict[str, float] = Depends(exchange_rates)) -> list[str]:
    return sorted(found)


@app.get("/login")
async def login(user: dict[str, str] = Depends(user_who_signs_in)) -> str:
    return user["id"]


@app.get("/oauth/callback")
async def callback(user: dict[str, str] = Depends(user_who_signs_in)) -> str:
    return user["id"]

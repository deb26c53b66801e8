"""Keycloak's client asks over the network; its `a_` twins are awaited."""

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from keycloak import KeycloakAdmin, KeycloakOpenID, KeycloakOpenIDConnection

app = FastAPI()
openid = KeycloakOpenID(server_url="https://id.example", client_id="shop", realm_name="shop")
admin = KeycloakAdmin(connection=KeycloakOpenIDConnection(server_url="https://id.example", realm_name="shop"))


class Accounts:
    def __init__(self) -> None:
        self.admin = admin

    async def found(self, name: str) -> list[dict[str, str]]:
        return self.admin.get_users({"username": name})  # FP101

    async def found_awaiting(self, name: str) -> list[dict[str, str]]:
        return await self.admin.a_get_users({"username": name})


async def current_user(token: str) -> dict[str, str]:
    return openid.userinfo(token)  # FP101


async def current_user_awaiting(token: str) -> dict[str, str]:
    return await openid.a_userinfo(token)


def current_user_in_thread(token: str) -> dict[str, str]:
    return openid.userinfo(token)


@app.get("/me")
async def me(user: dict[str, str] = Depends(current_user)) -> dict[str, str]:
    return user


@app.get("/me/awaiting")
async def me_awaiting(user: dict[str, str] = Depends(current_user_awaiting)) -> dict[str, str]:
    return user


@app.get("/me/thread")
async def me_in_thread(user: dict[str, str] = Depends(current_user_in_thread)) -> dict[str, str]:
    return user


@app.get("/accounts")
async def accounts(name: str) -> list[dict[str, str]]:
    return await Accounts().found(name) + await Accounts().found_awaiting(name)


@app.post("/token")
async def token(code: str) -> dict[str, str]:
    return await run_in_threadpool(openid.token, grant_type="authorization_code", code=code)

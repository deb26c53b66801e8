"""Endpoints for a system that is new, and for things of one that is not."""

from fastapi import APIRouter, HTTPException

from shop.clients import fetch

router = APIRouter()
names: list[str] = []


async def audit() -> None: ...


def is_first_user() -> bool:
    return not names


def user_exists(name: str) -> bool:
    return name in names


def count_users() -> int:
    return len(names)


@router.post("/register")
async def register(name: str) -> str:
    await audit()
    if not is_first_user():
        raise HTTPException(403)
    return fetch(name)  # FP103 (summary)


@router.post("/sign-up")
async def sign_up(name: str) -> str:
    await audit()
    if user_exists(name):
        raise HTTPException(409)
    return fetch(name)  # FP103 (inline)


@router.post("/owner")
async def owner(name: str, may_write: bool) -> str:
    await audit()
    if not may_write and count_users() > 0:
        raise HTTPException(403)
    return fetch(name)  # FP103 (summary)


@router.post("/members")
async def members(name: str) -> str:
    await audit()
    if count_users() == 0:
        raise HTTPException(403)
    return fetch(name)  # FP103 (inline)


@router.get("/setup/library")
async def library(name: str) -> str:
    await audit()
    return fetch(name)  # FP103 (summary)


@router.get("/setup/status")
async def set_up_status(name: str) -> str:
    await audit()
    return fetch(name)  # FP103 (inline)


@router.get("/devices/{name}/setup")
async def device(name: str) -> str:
    await audit()
    return fetch(name)  # FP103 (inline)


@router.delete("/members/{name}")
async def leave(name: str) -> str:
    await audit()
    if count_users() == 1:
        raise HTTPException(400)
    return fetch(name)  # FP103 (inline)

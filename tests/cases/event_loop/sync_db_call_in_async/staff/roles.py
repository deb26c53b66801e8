from enum import Enum

from fastapi import Depends, HTTPException


class Role(str, Enum):
    ADMIN = "admin"
    TEACHER = "teacher"


class User:
    role: Role
    is_admin: bool


async def current_user() -> User:
    return User()


def require_role(*roles: str):
    async def checked(user: User = Depends(current_user)) -> User:
        if user.role not in roles:
            raise HTTPException(403)
        return user

    return checked


def permitted(*roles: str):
    def decorate(function):
        return function

    return decorate


def require_permission(*permissions: str):
    return permitted(*permissions)


def store_of(name: str):
    async def opened() -> str:
        return name

    return opened


async def is_admin(user: User) -> bool:
    return user.is_admin


async def called() -> None:
    pass


class NotAdmin(Exception):
    pass


def ensure_admin(user: User) -> None:
    if not user.is_admin:
        raise NotAdmin

"""Passwords that those set who run the system, and those that everybody sets."""

from enum import Enum

import bcrypt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool

from access import AdminUser, Group, User, at_least, current_user, find, group_of, require_role
from accounts import Accounts

app = FastAPI()
supervisor = at_least(2)


class Role(Enum):
    ADMIN = "admin"
    CUSTOMER = "customer"


@app.post("/people/{number}/secret")
async def reset(number: int, password: str, user: AdminUser = Depends(supervisor)) -> bytes:
    return await Accounts().reset(password)


@app.post("/secret")
async def own(password: str, user: User = Depends(current_user)) -> bytes:
    return await Accounts().own(password)


@app.patch("/people/{number}/secret")
async def change(number: int, password: str, user: User = Depends(current_user)) -> bytes:
    return await Accounts().change(user, password)


@app.patch("/me/secret")
async def change_own(password: str, user: User = Depends(current_user)) -> bytes:
    return await Accounts().change_own(user, password)


@app.patch("/team/{number}/secret")
async def of_managers(number: int, password: str, user: User = Depends(current_user)) -> bytes:
    return await Accounts().of_managers(user, password)


@app.patch("/customers/me/secret")
async def of_customers(password: str, user: User = Depends(current_user)) -> bytes:
    return await Accounts().of_customers(user, password)


@app.put("/people/{number}/secret")
async def replace(number: int, password: str, user=Depends(current_user)) -> bytes:
    if user.role != Role.ADMIN:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.put("/others/{number}/secret")
async def replace_other(number: int, password: str, user=Depends(current_user)) -> bytes:
    if not user or not user.is_admin:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.put("/all/{number}/secret")
async def replace_own(number: int, password: str, user=Depends(current_user)) -> bytes:
    if user.role != Role.ADMIN and user.id != number:  # everybody their own
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.put("/customers/{number}/secret")
async def of_customer(number: int, password: str, user=Depends(current_user)) -> bytes:
    if user.role != Role.CUSTOMER:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.put("/guests/{number}/secret")
async def of_guests(number: int, password: str, user=Depends(current_user)) -> bytes:
    if user.is_admin:  # those have another way
        raise HTTPException(400)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/console/login")
async def login(name: str, password: str) -> bool:
    admin = find(name)
    if not admin:  # nobody is called so: strangers get here
        raise HTTPException(401)
    return bcrypt.checkpw(password.encode(), admin.secret)  # FP701 (inline)


@app.put("/groups/{number}/secret")
async def of_group(number: int, password: str, group: Group = Depends(group_of), user=Depends(current_user)) -> bytes:
    if group.admin_id != user.id:  # everybody may begin a group
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.put("/slow-refusals/{number}")
async def refused_late(number: int, password: str, user=Depends(current_user)) -> None:
    if not user.is_admin:
        bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)
        raise HTTPException(403)


@app.post("/accounts")
async def account(password: str, user: User = Depends(require_role("admin"))) -> bytes:
    return await Accounts().opened(password)


@app.post("/classes")
async def of_class(password: str, user: User = Depends(require_role("admin", "teacher"))) -> bytes:
    return await Accounts().joined(password)


@app.put("/threads/{number}/secret")
async def in_thread(number: int, password: str, user=Depends(current_user)) -> bytes:
    return await run_in_threadpool(bcrypt.hashpw, password.encode(), bcrypt.gensalt())

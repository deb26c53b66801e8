"""What dependencies of endpoints give: who runs the system, and what is only named after them."""

import bcrypt
from fastapi import Depends, FastAPI

from given import (
    AdminOrMember,
    admin_notifier,
    get_active_superuser_account,
    get_admin_email,
    get_admin_menu,
    get_current_admin,
    get_operator_queue,
    get_verified_admin_id,
    is_admin_or_operator,
    is_admin_or_owner,
    optional_admin_or_staff,
)

app = FastAPI()


@app.post("/given/0")
async def given_0(password: str, given: str = Depends(get_admin_email)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/1")
async def given_1(password: str, given: str = Depends(get_operator_queue)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/2")
async def given_2(password: str, given: str = Depends(get_admin_menu)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/3")
async def given_3(password: str, given: str = Depends(admin_notifier)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/4")
async def given_4(password: str, given: str = Depends(get_current_admin)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/given/5")
async def given_5(password: str, given: str = Depends(get_active_superuser_account)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/given/6")
async def given_6(password: str, given: str = Depends(get_verified_admin_id)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/given/7")
async def given_7(password: str, given: str = Depends(is_admin_or_operator)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/given/8")
async def given_8(password: str, given: str = Depends(is_admin_or_owner)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/9")
async def given_9(password: str, given: AdminOrMember = Depends(AdminOrMember)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/given/10")
async def given_10(password: str, given: str = Depends(optional_admin_or_staff)) -> bytes:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)

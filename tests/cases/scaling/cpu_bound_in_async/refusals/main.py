"""Whom endpoints refuse: others than those who run the system, and what is only named like them."""

import bcrypt
from fastapi import Depends, FastAPI, HTTPException

from access import call_of, current_user, ensure_admin, room_of, settings

app = FastAPI()


@app.post("/refusals/calls")
async def of_call(password: str, user=Depends(current_user), call=Depends(call_of)) -> bytes:
    if not call.operator:  # who picked up the telephone
        raise HTTPException(422)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/notes")
async def of_settings(password: str, user=Depends(current_user)) -> bytes:
    if not settings.admin_email:
        raise HTTPException(503)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/rooms")
async def of_room(password: str, user=Depends(current_user), room=Depends(room_of)) -> bytes:
    if room.moderator != user.name:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/states")
async def of_state(password: str, user=Depends(current_user), room=Depends(room_of)) -> bytes:
    if room.state != "moderation":
        raise HTTPException(409)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/lists")
async def in_lists(password: str, user=Depends(current_user), room=Depends(room_of)) -> bytes:
    if "staff" not in room.lists:
        raise HTTPException(409)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/camels")
async def of_camel(password: str, user=Depends(current_user)) -> bytes:
    if not user.isAdmin:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/refusals/groups")
async def of_members_of(password: str, user=Depends(current_user)) -> bytes:
    if "admin" not in user.groups:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/refusals/own")
async def of_owned(password: str, user=Depends(current_user)) -> bytes:
    if not user.superuser:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/refusals/privileges")
async def of_privileged(password: str, user=Depends(current_user)) -> bytes:
    if not user.moderate_payments:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/refusals/people")
async def of_editors_of_people(password: str, user=Depends(current_user)) -> bytes:
    if not user.can_edit_users:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/refusals/orders")
async def of_clerks(password: str, user=Depends(current_user)) -> bytes:
    if not user.edit_orders or not user.can_manage_tasks:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/addresses")
async def of_their_address(password: str, user=Depends(current_user)) -> bytes:
    if not user.can_edit_address:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/edits")
async def of_edited(password: str, user=Depends(current_user)) -> bytes:
    if not user.edit_count or not user.can_edit:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/rooms/edits")
async def of_edits(password: str, user=Depends(current_user), room=Depends(room_of)) -> bytes:
    if not room.moderate_payments:
        raise HTTPException(403)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.delete("/refusals/people/{number}")
async def deleted(number: int, user=Depends(current_user)) -> bytes:
    return bcrypt.hashpw(str(number).encode(), bcrypt.gensalt())  # FP701 (change)


@app.delete("/refusals/people/{number}/sessions/{token}")
async def signed_out(number: int, token: str, user=Depends(current_user)) -> bytes:
    return bcrypt.hashpw(token.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/refusals/caught")
async def of_caught(password: str, user=Depends(current_user)) -> bytes:
    try:
        ensure_admin(user)
    except PermissionError:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)
    return password.encode()

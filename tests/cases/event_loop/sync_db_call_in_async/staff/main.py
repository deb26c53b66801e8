"""Statements of endpoints for those who run the system, by the roles that they ask for and whom they refuse, and for others."""

import logging

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Person, get_session
from people import People
from roles import NotAdmin, Role, User, called, current_user, ensure_admin, is_admin, require_permission, require_role, store_of

app = FastAPI()
router = APIRouter()
staff = APIRouter(dependencies=[Depends(require_role("admin"))])
teachers = APIRouter(dependencies=[Depends(require_role("admin", "teacher"))])
logger = logging.getLogger(__name__)


@router.post("/people", dependencies=[Depends(require_role("admin"))])
async def add(name: str, session: Session = Depends(get_session)) -> None:
    await People(session).add(name)


@router.put("/people/{number}")
async def rename(
    number: int, name: str, user: User = Depends(require_role("admin", "teacher")), session=Depends(get_session)
) -> None:
    await People(session).rename(number, name)


@router.get("/people/count")
@require_permission("admin:read")
async def count(session: Session = Depends(get_session)) -> int:
    await called()
    return len(session.scalars(select(Person)).all())  # FP102 (change)


@router.get("/people/store")
async def stored(name: str = Depends(store_of("admin")), session: Session = Depends(get_session)) -> int:
    await called()
    return len(session.scalars(select(Person)).all())  # FP102 (inline)


@router.get("/people/shift")
async def of_shift(user: User = Depends(require_role("admin", "operator")), session: Session = Depends(get_session)) -> int:
    await called()
    return len(session.scalars(select(Person)).all())  # FP102 (inline)


@router.get("/people/role")
async def of_role(user: User = Depends(require_role(Role.ADMIN.value)), session: Session = Depends(get_session)) -> int:
    await called()
    return len(session.scalars(select(Person)).all())  # FP102 (change)


@router.delete("/people/{number}")
async def remove(number: int, user: User = Depends(current_user), session: Session = Depends(get_session)) -> None:
    """Those who run the system only."""
    try:
        if user.role != "admin":
            logger.warning("refused")
            raise HTTPException(403)
        await called()
        session.delete(session.get(Person, number))  # FP102 (change)
        session.commit()
    except ValueError:
        session.rollback()


@router.post("/people/{number}/merge")
async def merge(number: int, user: User = Depends(current_user), session: Session = Depends(get_session)) -> None:
    if not number or not await is_admin(user):
        raise HTTPException(403)
    session.get(Person, number)  # FP102 (change)
    session.commit()


@router.patch("/people/{number}")
async def refused_late(
    number: int, name: str, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    await People(session).relabel(number, name)
    if user.role != Role.ADMIN:
        raise HTTPException(403)


@router.post("/people/{number}/notes")
async def note(number: int, user: User = Depends(current_user), session: Session = Depends(get_session)) -> None:
    if user.role == Role.ADMIN:  # those write elsewhere
        raise HTTPException(400)
    await called()
    session.get(Person, number)  # FP102 (inline)
    session.commit()


@staff.post("/people/archive")
async def archive(session: Session = Depends(get_session)) -> None:
    await called()
    session.commit()  # FP102 (change)


@teachers.post("/people/graduate")
async def graduate(session: Session = Depends(get_session)) -> None:
    await called()
    session.commit()  # FP102 (inline)


@router.post("/people/{number}/badge")
async def badge(number: int, request: Request, session: Session = Depends(get_session)) -> None:
    role = request.headers.get("x-role") or request.session.get("role")
    if role != "admin":
        raise HTTPException(403)
    await called()
    session.commit()  # FP102 (change)


@router.post("/people/{number}/seen")
async def looked_up_first(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    person = session.get(Person, number)  # FP102 (change)
    if not person or user.role != "admin":
        raise HTTPException(403)
    await called()


@router.post("/people/{number}/told")
async def told_by_a_row(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    user_kind = session.query(Person).filter(Person.number == number).first()  # FP102 (change)
    if not user_kind or user_kind.name != "admin":
        raise HTTPException(403)
    await called()
    session.commit()


@router.post("/people/{number}/owned")
async def refused_where_it_is_of_others(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    person = session.get(Person, number)  # FP102 (inline)
    if person.name != user.name and user.role != "admin":
        raise HTTPException(403)
    await called()


@router.get("/people/{number}/desk")
async def refused_what_is_no_staff(number: int, session: Session = Depends(get_session)) -> None:
    user = session.get(Person, number)  # FP102 (inline)
    if not user or user.name != "staff":
        raise HTTPException(404)
    await called()
    session.commit()


@router.get("/people/{number}/role")
async def told_by_a_row_of_their_own(
    user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    user_kind = session.query(Person).filter(Person.number == user.role).first()  # FP102 (change)
    if user_kind.name != "admin":
        raise LookupError
    await called()


@router.get("/people/{number}/friends")
async def listed_first(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    people = session.query(Person).filter(Person.number > number).all()  # FP102 (inline)
    if user.role != "admin":
        raise HTTPException(403)
    await called(people)


@router.get("/people/{number}/rows")
async def looked_up_three(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> None:
    person = session.get(Person, number)  # FP102 (inline)
    friend = session.get(Person, number + 1)
    other = session.get(Person, number + 2)
    if user.role != "admin":
        raise HTTPException(403)
    await called(person, friend, other)


@router.get("/people/{number}/visits")
async def some_for_others(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> int:
    limit = 100
    try:
        ensure_admin(user)
    except NotAdmin:
        limit = 10
    await called()
    return len(session.scalars(select(Person).limit(limit)).all())  # FP102 (inline)


@router.get("/people/{number}/mail")
async def refused_and_caught(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> int:
    try:
        if user.role != "admin":
            raise HTTPException(403)
        await called()
    except Exception:
        logger.warning("no mail")
    return len(session.scalars(select(Person)).all())  # FP102 (inline)


@router.post("/people/{number}/mail")
async def refused_and_told(
    number: int, user: User = Depends(current_user), session: Session = Depends(get_session)
) -> int:
    try:
        if user.role != "admin":
            raise HTTPException(403)
        await called()
        return len(session.scalars(select(Person)).all())  # FP102 (change)
    except HTTPException:
        raise
    except Exception:
        logger.warning("no mail")
        return 0


app.include_router(router)
app.include_router(staff)
app.include_router(teachers)

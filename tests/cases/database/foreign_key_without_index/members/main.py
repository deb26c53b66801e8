from fastapi import FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine, select

from members import keys

engine = create_engine("postgresql://shop", pool_size=10, pool_pre_ping=True)
app = FastAPI()


class User(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class Group(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class MemberBase(SQLModel):
    user_id: int | None = Field(default=None, foreign_key="user.id", primary_key=True)
    group_id: int | None = Field(default=None, foreign_key="group.id", primary_key=True)  # FP207


class Member(MemberBase, table=True):
    id: int | None = Field(default=None, primary_key=True)


class Guest(keys.Guest, table=True):
    id: int | None = Field(default=None, primary_key=True)


@app.get("/groups")
def groups(user: int) -> list[int]:
    with Session(engine) as session:
        return [each.group_id for each in session.exec(select(Member).where(Member.user_id == user)).all()]


@app.get("/users")
def users(group: int) -> list[int]:
    with Session(engine) as session:
        return [each.user_id for each in session.exec(select(Member).where(Member.group_id == group)).all()]


@app.get("/groups/guests")
def guests(group: int) -> list[int]:
    with Session(engine) as session:
        return [each.user_id for each in session.exec(select(Guest).where(Guest.group_id == group)).all()]


@app.get("/users/visits")
def visits(user: int) -> list[int]:
    with Session(engine) as session:
        return [each.group_id for each in session.exec(select(Guest).where(Guest.user_id == user)).all()]

from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, create_engine, inspect, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
)

app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list["Member"]] = relationship()
    guests: Mapped[list["Guest"]] = relationship(lazy="selectin")
    captain: Mapped["Member"] = relationship()
    names: list[str]
    colors: Mapped[list["Color"]] = relationship()

    @property
    def size(self) -> int:
        return len(self.members)  # FP209 (summary)

    def count_active(self) -> int:
        return len([member for member in self.members if member.active])  # FP209 (summary)

    @property
    def passive(self) -> int:
        return sum(1 for member in self.members if not member.active)  # FP209 (summary)

    @property
    def points(self) -> int:
        return sum(member.points for member in self.members)

    @property
    def invited(self) -> int:
        return len(self.guests)  # loaded with the team

    @property
    def letters(self) -> int:
        return len(self.names) + len([name for name in self.names if name])

    @property
    def summary(self) -> str:
        listed = ", ".join(member.name for member in self.members)
        return f"{len(self.members)}: {listed}"

    @property
    def is_empty(self) -> bool:
        return len(self.members) == 0

    @property
    def size_if_loaded(self) -> int:
        if "members" in inspect(self).unloaded:
            return 0
        return len(self.members)

    @property
    def color_count(self) -> int:
        return len(self.colors)  # a team has two or three


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)
    name: Mapped[str]
    active: Mapped[bool]
    points: Mapped[int]


class Color(Base):
    __tablename__ = "colors"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), index=True)


@app.get("/teams/{team_id}/size")
def size_of(team_id: int, session: SessionDep) -> int:
    team = session.get(Team, team_id)
    return len(team.members)  # FP209 (summary)


@app.get("/teams/{team_id}/loaded")
def loaded_with_it(team_id: int, session: SessionDep) -> int:
    team = session.scalars(select(Team).options(selectinload(Team.members)).where(Team.id == team_id)).one()
    return len(team.members)


@app.get("/teams/{team_id}/shown")
def shown(team_id: int, session: SessionDep) -> dict[str, object]:
    team = session.get(Team, team_id)
    return {"count": len(team.members), "names": [member.name for member in team.members]}

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field, Relationship, SQLModel


class TeamBase(SQLModel):
    name: str


class Team(TeamBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    heroes: list["Hero"] = Relationship(back_populates="team")


class HeroBase(SQLModel):
    name: str
    team_id: int | None = Field(default=None, foreign_key="team.id")  # FP207


class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    team: Team | None = Relationship(back_populates="heroes")
    mentor_id: int | None = Field(default=None, foreign_key="hero.id", index=True)
    rival_id: int | None = Field(sa_column=Column(Integer, ForeignKey("hero.id", ondelete="SET NULL")))  # FP207
    friend_id: int | None = Field(sa_column=Column(Integer, ForeignKey("hero.id"), index=True))


class HeroCreate(HeroBase):
    pass

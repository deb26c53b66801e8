from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import JSON, LargeBinary, String, Text, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, load_only, mapped_column, sessionmaker

app = FastAPI()
SessionLocal = sessionmaker(create_engine("postgresql://"))


class Base(DeclarativeBase):
    pass


class Article(Base):
    __tablename__ = "articles"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


class Photo(Base):
    __tablename__ = "photos"
    id: Mapped[int] = mapped_column(primary_key=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[dict] = mapped_column(JSON)

    @property
    def kind(self) -> str:
        return self.payload["kind"]


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class ArticleWhole(Out):
    body: str


class EventKind(Out):
    kind: str


class Excerpt(Out):
    title: str

    @model_validator(mode="before")
    @classmethod
    def shortened(cls, value):
        return {"id": value.id, "title": value.body[:20]}


class Page(BaseModel):
    items: list[Out]


def get_session():
    with SessionLocal() as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/articles", response_model=list[Out])
def articles(session: SessionDep):
    return session.scalars(select(Article).limit(50)).all()  # FP216


@app.get("/events", response_model=Page)
def events(session: SessionDep):
    rows = session.scalars(select(Event)).all()  # FP216
    return Page(items=rows)


@app.get("/events/mapped")
def mapped(session: SessionDep) -> list[Out]:
    return [Out.model_validate(row) for row in session.scalars(select(Event)).all()]  # FP216


# Nothing below


@app.get("/articles/whole", response_model=list[ArticleWhole])
def whole(session: SessionDep):
    return session.scalars(select(Article).limit(50)).all()


@app.get("/articles/{article_id}", response_model=Out)
def one(session: SessionDep, article_id: int):
    return session.get(Article, article_id)


@app.get("/articles/chosen", response_model=list[Out])
def chosen(session: SessionDep):
    return session.scalars(select(Article).options(load_only(Article.id, Article.title))).all()


@app.get("/articles/excerpts", response_model=list[Excerpt])
def excerpts(session: SessionDep):
    return session.scalars(select(Article)).all()


@app.get("/photos", response_model=list[Out])
def photos(session: SessionDep):
    return session.scalars(select(Photo)).all()


@app.get("/events/kinds", response_model=list[EventKind])
def kinds(session: SessionDep):
    return session.scalars(select(Event)).all()


@app.get("/notes", response_model=list[Out])
def notes(session: SessionDep):
    found = session.scalars(select(Note)).all()
    return [note for note in found if note.text]


@app.get("/untyped")
def untyped(session: SessionDep):
    return session.scalars(select(Article)).all()


def unserved(session: Session) -> list[Out]:
    return [Out.model_validate(row) for row in session.scalars(select(Article)).all()]

"""Lambdas that a builtin calls for each row."""

from fastapi import Depends, FastAPI, Request
from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = FastAPI()


class Base(DeclarativeBase):
    pass


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    score: Mapped[int]


class Vote(Base):
    __tablename__ = "votes"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(index=True)


def get_session(request: Request) -> Session:
    return request.app.state.session


@app.get("/top")
def top(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    ranked = sorted(
        posts,
        key=lambda post: session.scalar(select(func.count()).where(Vote.post_id == post.id)),  # FP201 (change)
    )
    return [post.id for post in ranked]


@app.get("/voted")
def voted(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    found = filter(lambda post: session.scalar(select(Vote).where(Vote.post_id == post.id)), posts)  # FP201 (change)
    return [post.id for post in found]


# Near misses


@app.get("/scored")
def scored(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    return [post.id for post in sorted(posts, key=lambda post: post.score)]


@app.get("/few")
def few(session: Session = Depends(get_session)) -> int:
    return max((1, 2), key=lambda number: session.scalar(select(Vote.id).where(Vote.post_id == number)))


@app.get("/same")
def same(number: int, session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    found = map(lambda post: session.scalar(select(Vote.id).where(Vote.post_id == number)), posts)
    return [*found]

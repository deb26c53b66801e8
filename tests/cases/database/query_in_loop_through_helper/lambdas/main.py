"""A helper that queries, in a lambda that a builtin calls for each row."""

from fastapi import Depends, FastAPI, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from .votes import Post, likes_of, votes_of

app = FastAPI()


def get_session(request: Request) -> Session:
    return request.app.state.session


@app.get("/top")
def top(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    ranked = sorted(posts, key=lambda post: votes_of(session, post), reverse=True)  # FP202 (change)
    return [post.id for post in ranked]


@app.get("/counted")
def counted(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    return list(map(lambda post: votes_of(session, post), posts))  # FP202 (change)


@app.get("/ranked")
def ranked(session: Session = Depends(get_session)) -> list[int]:
    posts = [*session.scalars(select(Post)).all()]
    posts.sort(key=lambda post: votes_of(session, post))
    return [post.id for post in posts]


# Near misses


@app.get("/liked")
def liked(session: Session = Depends(get_session)) -> list[int]:
    posts = session.scalars(select(Post)).all()
    return [post.id for post in sorted(posts, key=lambda post: likes_of(post))]


@app.get("/first")
def first(session: Session = Depends(get_session)) -> int:
    posts = session.scalars(select(Post).limit(5)).all()
    return max(posts, key=lambda post: votes_of(session, post)).id


@app.get("/kept")
def kept(session: Session = Depends(get_session)) -> int:
    best = session.scalars(select(Post)).one()
    later = lambda post: votes_of(session, post)  # noqa: E731
    return later(best)

from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    likes: Mapped[int]


class Vote(Base):
    __tablename__ = "votes"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(index=True)


def votes_of(session: Session, post: Post) -> int:
    return session.scalar(select(func.count()).where(Vote.post_id == post.id)) or 0


def likes_of(post: Post) -> int:
    return post.likes * 2

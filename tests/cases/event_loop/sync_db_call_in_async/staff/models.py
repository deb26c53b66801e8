from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = create_engine("postgresql+psycopg://app@db/app")


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def get_session():
    with Session(engine) as session:
        yield session

"""A script: it serves nobody."""

from sqlalchemy import create_engine, text

engine = create_engine("postgresql://db/shop", echo=True)


def seed() -> None:
    with engine.begin() as connection:
        connection.execute(text("select 1"))


if __name__ == "__main__":
    seed()

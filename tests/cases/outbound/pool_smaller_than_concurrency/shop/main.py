import os
from collections.abc import Iterator

from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

app = FastAPI()
URL = "postgresql+psycopg://db/shop"

small = create_engine(URL, pool_size=5, max_overflow=5)  # FP607
large = create_async_engine(URL, pool_size=40, pool_pre_ping=True)  # FP607

# Near misses

sized = create_engine(URL, pool_size=15, max_overflow=5)
unknown = create_engine(URL, pool_size=int(os.environ["POOL"]))
endless = create_engine(URL, pool_size=5, max_overflow=-1)
quick = create_async_engine(URL, pool_size=5, max_overflow=5)
default = create_engine(URL)


def get_session() -> Iterator[Session]:
    with Session(small) as session:
        yield session


@app.get("/count")
def count(session: Session = Depends(get_session)) -> int:
    return session.scalar(text("select count(*) from orders"))

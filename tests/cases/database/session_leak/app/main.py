from fastapi import FastAPI
from sqlalchemy import text

from app.db import SessionLocal, own, session

app = FastAPI()
begun = SessionLocal()
begun.execute(text("SELECT 1"))
begun.close()


@app.get("/count")
def count() -> int:
    return session.execute(text("SELECT count(*) FROM orders")).scalar_one()


@app.get("/count/own")
def count_with_its_own() -> int:
    return own.execute(text("SELECT count(*) FROM orders")).scalar_one()


@app.get("/count/each")
def count_with_one_for_each() -> int:
    with SessionLocal() as session:
        return session.execute(text("SELECT count(*) FROM orders")).scalar_one()

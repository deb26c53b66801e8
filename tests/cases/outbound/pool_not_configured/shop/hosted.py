from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

app = FastAPI()
engine = create_engine("postgresql+psycopg://pooler.db/shop", pool_timeout=5, pool_pre_ping=True)


@app.get("/health")
def health() -> str:
    return "ok"

from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

app = FastAPI()
engine = create_engine("postgresql+psycopg://pooler.db/shop", poolclass=NullPool)


@app.get("/health")
def health() -> str:
    return "ok"

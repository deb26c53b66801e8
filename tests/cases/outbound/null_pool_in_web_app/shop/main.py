from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

app = FastAPI()
engine = create_engine("postgresql+psycopg://db/shop", poolclass=NullPool)  # FP605


@app.get("/health")
def health() -> str:
    return "ok"

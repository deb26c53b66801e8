"""Rows of SQL that functions of the project run for others, and that are only counted."""

from fastapi import FastAPI

from .db import fetch_all, query_one, run_query

app = FastAPI()


@app.get("/orders/count")
def count():
    return {"count": len(fetch_all("SELECT * FROM orders"))}  # FP209


@app.get("/orders/states")
def states():
    return {"count": len(fetch_all("SELECT state FROM orders GROUP BY state")), "some": len(fetch_all("SELECT 1 FROM orders LIMIT 5"))}


@app.get("/orders/one")
def one():
    return {"columns": len(query_one("SELECT * FROM orders")), "text": len(run_query("SELECT * FROM orders"))}

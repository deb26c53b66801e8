"""Counts of one table that SQL asks for one after another."""

from fastapi import FastAPI

from .db import fetch_all, query_one

app = FastAPI()


@app.get("/figures")
def figures():
    total = query_one("SELECT count(*) FROM orders")  # FP230
    late = query_one("SELECT COUNT(*) FROM orders WHERE late")
    paid = query_one("SELECT SUM(total) FROM orders WHERE paid")
    return [total, late, paid]


@app.get("/figures/several")
def several():
    orders = query_one("SELECT count(*) FROM orders")
    items = query_one("SELECT count(*) FROM items")
    late = query_one("SELECT count(*) FROM orders WHERE late")
    states = fetch_all("SELECT state, count(*) FROM orders GROUP BY state")
    first = query_one("SELECT * FROM orders ORDER BY id LIMIT 1")
    return [orders, items, late, states, first]

import os
from contextlib import contextmanager

import psycopg2


@contextmanager
def cursor():
    connection = psycopg2.connect(os.environ["DATABASE"])
    try:
        yield connection.cursor()
    finally:
        connection.close()


def fetch_all(statement, values=()):
    with cursor() as cur:
        cur.execute(statement, values)
        return cur.fetchall()


def query_one(statement, values=()):
    with cursor() as cur:
        cur.execute(statement, values)
        return cur.fetchone()


def run_query(text):
    return text.upper()

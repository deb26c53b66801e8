"""Rows of peewee made dictionaries, with all that they refer to."""

from fastapi import FastAPI
from peewee import CharField, ForeignKeyField, Model, PostgresqlDatabase
from playhouse.shortcuts import model_to_dict

app = FastAPI()


class Customer(Model):
    name = CharField()

    class Meta:
        database = PostgresqlDatabase("shop")


class Order(Model):
    customer = ForeignKeyField(Customer)

    class Meta:
        database = PostgresqlDatabase("shop")


@app.get("/orders")
def orders() -> list[dict]:
    return [model_to_dict(order) for order in Order.select()]  # FP201 (change)


@app.get("/orders/flat")
def flat_orders() -> list[dict]:
    return [model_to_dict(order, recurse=False) for order in Order.select()]


@app.get("/orders/{number}")
def order(number: int) -> dict:
    return model_to_dict(Order.get_by_id(number))

from fastapi import FastAPI

from procedures.clients import Copied, Elsewhere, Given, Limited, Orders, Table, Unknown, amount, amount_in_time, channel
from procedures.configured import configured

app = FastAPI()
orders = Orders()
orders.start("orders:50051")
copied = Copied("orders:50051")
elsewhere = Elsewhere("orders:50051")
given = Given(channel)
limited = Limited("orders:50051")
unknown = Unknown("orders:50051", None)
table = Table()


@app.get("/orders/{number}")
def order(number: int):
    orders.by_position(number)
    orders.by_name(number)
    orders.handed_on(number, timeout=3)
    return [each.order(number) for each in (orders, copied)]


@app.get("/orders/{number}/again")
def again(number: int):
    orders.order(number)
    copied.order(number)
    given.order(number)
    elsewhere.order(number)
    limited.order(number)
    unknown.order(number)
    table.order(number)
    return list(orders.changes()), orders.all_changes(), configured(number)


@app.get("/amounts/{number}")
async def amounts(number: int):
    return await amount(number), await amount_in_time(number)

from fastapi import FastAPI
from tortoise import fields
from tortoise.models import Model

app = FastAPI()


class Invoice(Model):
    id = fields.IntField(pk=True)
    number = fields.CharField(20)  # FP206 (inline)
    reference = fields.CharField(20)  # FP206 (inline)
    email = fields.CharField(100, index=True)
    token = fields.CharField(100, unique=True)
    note = fields.CharField(100)
    created_at = fields.DatetimeField(auto_now_add=True)


@app.get("/bills/{number}")
async def bill(number: str) -> list[object]:
    return [
        await Invoice.get_or_none(number=number),
        await Invoice.filter(reference=number).first(),
        await Invoice.get(email=number),
        await Invoice.get_or_none(token=number, note=number),
        await Invoice.filter(note__contains=number).first(),
        {"number": number}.get(number),
    ]

import aiosmtplib
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def confirm(address: str) -> None:
    await aiosmtplib.send(address, hostname="mail.example")


@app.post("/orders")
async def order(address: str, tasks: BackgroundTasks) -> dict[str, str]:
    await confirm(address)
    return {"ordered": address}


@app.get("/outbox")
async def outbox() -> list[str]:
    return aiosmtplib.outbox

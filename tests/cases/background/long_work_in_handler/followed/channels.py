import smtplib
from email.message import EmailMessage

import httpx
from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .store import Channel, Session, Subscriber, get_db

router = APIRouter()
client = httpx.AsyncClient(timeout=10)


async def sync_tools(agent_id: int, key: str) -> None:
    found = await client.get("https://tools.example/list", headers={"key": key})
    async with Session() as db:
        for tool in found.json():
            db.add(Channel(agent_id=agent_id, name=tool))
        await db.commit()


async def tell_partner(agent_id: int) -> None:
    await client.put(f"https://partner.example/agents/{agent_id}")


@router.post("/agents/{agent_id}/channel")
async def configure(agent_id: int, key: str, db: AsyncSession = Depends(get_db)) -> int:
    existing = (await db.execute(select(Channel).where(Channel.agent_id == agent_id))).scalar_one_or_none()
    if existing:
        existing.key = key
        await db.commit()
        await sync_tools(agent_id, key)  # FP401 (summary)
        return existing.id
    made = Channel(agent_id=agent_id, key=key)
    db.add(made)
    await db.commit()
    await sync_tools(agent_id, key)  # FP401 (summary)
    return made.id


@router.post("/agents/{agent_id}/checked")
async def stored_after(agent_id: int, key: str, db: AsyncSession = Depends(get_db)) -> int:
    made = Channel(agent_id=agent_id, key=key)
    db.add(made)
    await db.commit()
    await tell_partner(agent_id)
    made.told = True
    await db.commit()
    return made.id


@router.post("/agents/{agent_id}/other")
async def stored_in_the_other_arm(agent_id: int, key: str, db: AsyncSession = Depends(get_db)) -> int:
    if key:
        db.add(Channel(agent_id=agent_id, key=key))
        await db.commit()
    else:
        await tell_partner(agent_id)
    return agent_id


@router.post("/agents/{agent_id}/once")
async def told_at_the_end(agent_id: int, db: AsyncSession = Depends(get_db)) -> int:
    if agent_id < 0:
        raise HTTPException(422)
    db.add(Channel(agent_id=agent_id))
    await db.commit()
    await tell_partner(agent_id)  # FP401 (summary)
    return agent_id


def send_mail(address: str, text: str) -> bool:
    message = EmailMessage()
    message.set_content(text)
    with smtplib.SMTP("mail.example", timeout=10) as server:
        server.send_message(message, to_addrs=[address])
    return True


@router.post("/letters")
def letters(text: str, db: AsyncSession = Depends(get_db)) -> dict[str, int]:
    sent = 0
    for subscriber in db.execute(select(Subscriber)).scalars().all():
        if send_mail(subscriber.address, text):  # its answer is asked on the way: said of statements
            sent += 1
    return {"sent": sent}


@router.post("/letters/counted")
def counted(text: str, db: AsyncSession = Depends(get_db)) -> dict[str, int]:
    sent = 0
    for subscriber in db.execute(select(Subscriber)).scalars().all():
        ok = send_mail(subscriber.address, text)  # FP401 (change)
        sent += ok
    return {"sent": sent}


@router.post("/letters/three")
def to_three(text: str) -> None:
    for address in ("a@mail.example", "b@mail.example", "c@mail.example"):
        ok = send_mail(address, text)
        assert ok


@router.post("/letters/retried")
def retried(address: str, text: str) -> None:
    for _ in range(3):
        ok = send_mail(address, text)
        if ok:
            break


def send_to_all(addresses: list[str], text: str) -> None:
    for address in addresses:
        ok = send_mail(address, text)
        print(ok)

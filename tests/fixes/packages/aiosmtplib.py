"""As much of aiosmtplib as the apps use: mails go into a list."""

from __future__ import annotations

outbox: list[str] = []


async def send(message: str, *, hostname: str) -> None:
    outbox.append(message)

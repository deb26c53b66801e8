"""The carrier's API: one client, timeouts, retries that end, and a pause while it is down."""

import time
from typing import Annotated

import httpx2
from fastapi import Depends, HTTPException, Request
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

FAILURES = 5
PAUSE_SECONDS = 10.0


class Carrier:
    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._failures = 0
        self._closed_until = 0.0

    async def status(self, tracking_number: str) -> str:
        """Raises HTTPException 503 while the carrier is down."""
        if time.monotonic() < self._closed_until:
            raise HTTPException(503, "the carrier does not answer")
        try:
            found = await self._ask(tracking_number)
        except httpx2.HTTPError:
            self._failures += 1
            if self._failures >= FAILURES:
                self._failures, self._closed_until = 0, time.monotonic() + PAUSE_SECONDS
            raise HTTPException(503, "the carrier does not answer") from None
        self._failures = 0
        return found

    @retry(
        retry=retry_if_exception_type(httpx2.TransportError),
        wait=wait_random_exponential(multiplier=0.2, max=2),
        stop=stop_after_attempt(3),
        reraise=True,
    )
    async def _ask(self, tracking_number: str) -> str:
        answer = await self._client.get(f"/parcels/{tracking_number}")
        answer.raise_for_status()
        return str(answer.json()["status"])


def make_client(url: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=url,
        timeout=httpx2.Timeout(3.0, pool=1.0),
        limits=httpx2.Limits(max_connections=64, max_keepalive_connections=32),
    )


async def carrier_of(request: Request) -> Carrier:
    return request.app.state.carrier


TheCarrier = Annotated[Carrier, Depends(carrier_of)]

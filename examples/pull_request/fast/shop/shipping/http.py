from typing import Annotated

import httpx2
from fastapi import Depends, Request


async def get_http(request: Request) -> httpx2.AsyncClient:
    """The one client of the process: made in the lifespan, closed with it."""
    return request.app.state.http


HttpClient = Annotated[httpx2.AsyncClient, Depends(get_http)]

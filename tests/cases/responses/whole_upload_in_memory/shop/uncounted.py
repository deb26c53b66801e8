from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.uncounted_api import router


class LimitBodySize:
    def __init__(self, app: ASGIApp, max_bytes: int | None = None) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.max_bytes is not None and scope["size"] > self.max_bytes:
            return
        await self.app(scope, receive, send)


app = FastAPI()
app.add_middleware(LimitBodySize)
app.include_router(router)

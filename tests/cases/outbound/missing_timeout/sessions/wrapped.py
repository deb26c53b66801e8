import aiohttp
from fastapi import FastAPI

app = FastAPI()


class Rates:
    def __init__(self, session: aiohttp.ClientSession, timeout: float) -> None:
        self.session = session
        self.timeout = timeout


@app.on_event("startup")
async def start() -> None:
    session = aiohttp.ClientSession(trust_env=True)
    app.state.rates = Rates(session, timeout=5)

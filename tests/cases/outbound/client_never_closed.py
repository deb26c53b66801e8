import aiohttp
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()  # FP611
app.state.rates = httpx.AsyncClient()  # FP611

# Near misses

sync_client = httpx.Client()


async def once(url: str) -> str:
    local = httpx.AsyncClient()
    return (await local.get(url)).text


class Api:
    def __init__(self) -> None:
        self.session = aiohttp.ClientSession()


@app.get("/rates")
async def rates(url: str) -> str:
    async with httpx.AsyncClient() as own:
        return (await own.get(url)).text

import httpx
from async_lru import alru_cache
from fastapi import Depends, FastAPI, Request

app = FastAPI()
client = httpx.AsyncClient()


def current_user() -> str:
    return "user"


@app.get("/weather/{city}")
async def weather(city: str, days: int = 3) -> dict[str, float]:
    return (await client.get(f"https://weather.example/{city}", params={"days": days})).json()  # FP303


# Near misses


@alru_cache(ttl=300)
async def ask(city: str) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/cached/{city}")
async def cached(city: str) -> str:
    return await ask(city)


@app.get("/mine/{city}")
async def mine(city: str, user: str = Depends(current_user)) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/by-user/{user_id}")
async def by_user(user_id: int) -> str:
    return (await client.get(f"https://weather.example/{user_id}")).text


@app.get("/request/{city}")
async def with_request(city: str, request: Request) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.post("/write/{city}")
async def write(city: str) -> str:
    return (await client.get(f"https://weather.example/{city}")).text


@app.get("/health/{name}")
async def health(name: str) -> int:
    return (await client.get(f"https://{name}.example")).status_code


@app.get("/local/{city}")
async def local(city: str) -> str:
    return city.upper()

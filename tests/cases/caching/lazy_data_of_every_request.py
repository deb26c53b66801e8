import httpx
from fastapi import Depends, FastAPI

app = FastAPI()
client = httpx.AsyncClient()
_plans: dict[str, int] | None = None
_few: dict[str, int] | None = None
_local: dict[str, int] | None = None


async def plans() -> dict[str, int]:
    global _plans
    if _plans is None:  # FP314
        _plans = (await client.get("https://billing.example/plans")).json()
    return _plans


# Near misses


async def few() -> dict[str, int]:
    global _few
    if _few is None:
        _few = (await client.get("https://billing.example/few")).json()
    return _few


async def local() -> dict[str, int]:
    global _local
    if _local is None:
        _local = {"a": 1}
    return _local


async def guarded(value: str | None = None) -> str | None:
    if value is None:
        value = (await client.get("https://billing.example/value")).text
    return value


DEPENDENCIES = [Depends(plans), Depends(local), Depends(guarded)]


@app.get("/a", dependencies=[Depends(plans), Depends(local), Depends(guarded), Depends(few)])
async def a() -> None: ...


@app.get("/b", dependencies=[Depends(plans), Depends(local), Depends(guarded)])
async def b() -> None: ...


@app.get("/c", dependencies=[Depends(plans), Depends(local), Depends(guarded)])
async def c() -> None: ...


@app.get("/d", dependencies=[Depends(plans), Depends(local), Depends(guarded)])
async def d() -> None: ...


@app.get("/e", dependencies=[Depends(plans), Depends(local), Depends(guarded)])
async def e() -> None: ...

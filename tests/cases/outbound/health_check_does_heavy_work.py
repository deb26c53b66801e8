import httpx
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()
router = APIRouter(prefix="/internal")
client = httpx.AsyncClient()


def get_session() -> AsyncSession:
    raise NotImplementedError


async def ask_payments() -> bool:
    return (await client.get("https://payments.example/health")).is_success


@app.get("/health")
async def health() -> bool:  # FP613
    return await ask_payments()


@router.get("/livez")
async def alive(session: AsyncSession = Depends(get_session)) -> bool:  # FP613
    await session.execute(text("select 1"))
    return True


app.include_router(router)


# Near misses


@app.get("/healthz")
async def healthz(session: AsyncSession = Depends(get_session)) -> bool:
    await session.execute(text("select 1"))
    return True


@app.get("/ping")
async def ping() -> str:
    return "pong"


@app.get("/ready")
async def ready() -> bool:
    return await ask_payments()


@app.get("/payments/{id}/health")
async def of_one_payment(id: int) -> bool:
    return await ask_payments()


@app.get("/admin/payments/health")
async def for_people() -> bool:
    return await ask_payments()


@app.post("/health-check")
async def ask_now() -> bool:
    return await ask_payments()


@app.get("/rates")
async def rates() -> bool:
    return await ask_payments()


@app.get("/healthz")
async def beside() -> bool:  # the sidecar of this very instance
    port = 9000
    url = f"http://localhost:{port}/ready"
    return (await client.get(url)).is_success


@app.get("/healthcheck")
async def status_page() -> HTMLResponse:
    return HTMLResponse(str(await ask_payments()))

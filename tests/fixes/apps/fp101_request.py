import os

import requests
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


@app.exception_handler(requests.HTTPError)
async def upstream_failed(request: Request, error: requests.HTTPError) -> JSONResponse:
    return JSONResponse({"upstream": error.response.status_code}, status_code=502)


@app.get("/rates/{currency}")
async def rate(currency: str) -> dict[str, str]:
    answer = requests.get(
        f"{UPSTREAM}/echo/{currency}",
        params={"day": "today"},  # the only one they keep
        timeout=5,
    )
    answer.raise_for_status()
    return {"said": answer.text}

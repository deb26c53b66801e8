import os

import requests
from fastapi import FastAPI

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


@app.get("/rates/{day}")
def rates(day: str) -> dict[str, int | str]:
    answer = requests.get(
        f"{UPSTREAM}/echo/{day}",
        headers={"x-shop": "1"},
    )
    return {"status": answer.status_code, "text": answer.text}

import os

import requests
from fastapi import Depends, FastAPI, HTTPException

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


def language(lang: str = "en") -> str:
    if len(lang) != 2:
        raise HTTPException(400, "two letters")
    return lang


@app.get("/greetings/{name}")
async def greeting(name: str, lang: str = Depends(language)) -> str:
    # one question, nothing to await
    return requests.get(f"{UPSTREAM}/echo/{name}-{lang}", timeout=5).text

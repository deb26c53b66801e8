import os

import requests
from fastapi import FastAPI, HTTPException

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()


class Unknown(Exception):
    pass


def said_of(name: str, *, polite: bool = False) -> str:
    if name == "nobody":
        raise Unknown(name)
    answer = requests.get(f"{UPSTREAM}/echo/{name}", timeout=5)
    return answer.text.upper() if polite else answer.text


@app.get("/people/{name}")
async def person(name: str, polite: bool = False) -> dict[str, str]:
    try:
        return {"said": said_of(name, polite=polite)}
    except Unknown as error:
        raise HTTPException(404, str(error)) from error

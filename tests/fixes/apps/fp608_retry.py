import os

import requests
from fastapi import FastAPI
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

UPSTREAM = os.environ["UPSTREAM"]
app = FastAPI()
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=Retry(total=1)))


@app.get("/rates/{day}")
def rates(day: str) -> str:
    return session.get(f"{UPSTREAM}/echo/{day}", timeout=5).text

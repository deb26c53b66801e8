import googlemaps
import msal
import valkey
import valkey.asyncio
from fastapi import FastAPI
from keystoneauth1.identity.v3 import Token
from keystoneauth1.session import Session

app = FastAPI()
store = valkey.Valkey(host="cache")  # FP601 (summary)
waits_five_seconds = valkey.asyncio.Valkey(host="cache")
maps = googlemaps.Client(key="key")  # FP601 (summary)
bounded_maps = googlemaps.Client(key="key", read_timeout=5, connect_timeout=2)
bounded_sign_in = msal.ConfidentialClientApplication("shop", timeout=5)


@app.get("/projects")
def projects(token: str) -> object:
    session = Session(auth=Token(auth_url="https://identity.example", token=token))  # FP601
    return session.get("https://compute.example/servers").json()


@app.get("/projects/bounded")
def bounded_projects(token: str) -> object:
    session = Session(auth=Token(auth_url="https://identity.example", token=token), timeout=5)
    return session.get("https://compute.example/servers").json()

import requests
from fastapi import Depends, FastAPI, Header

app = FastAPI()


def authenticate_user(token: str) -> dict[str, str]:
    found = requests.post("https://login.example/introspect", data={"token": token}, timeout=5)  # FP303 (summary)
    return found.json()


def verify_address(text: str) -> bool:
    return requests.get(f"https://places.example/{text}", timeout=5).ok


def authenticate_once(token: str) -> dict[str, str]:
    return requests.post("https://login.example/once", data={"token": token}, timeout=5).json()


def token_of(authorization: str = Header()) -> str:
    return authorization


@app.get("/orders")
def orders(token: str = Depends(token_of)) -> object:
    return authenticate_user(token)


@app.get("/customers")
def customers(address: str, token: str = Depends(token_of)) -> object:
    return [verify_address(address), authenticate_user(token)]


@app.post("/customers")
def add_customer(address: str, token: str = Depends(token_of)) -> object:
    return [verify_address(address), authenticate_once(token)]


def get_user_orders(number: str) -> object:
    return requests.get(f"https://orders.example/{number}", timeout=5).json()


def get_token_price(name: str) -> object:
    return requests.get(f"https://prices.example/{name}", timeout=5).json()


@app.post("/bought")
def bought(number: str) -> object:
    return [get_user_orders(number), get_token_price(number)]


@app.post("/sold")
def sold(number: str) -> object:
    return [get_user_orders(number), get_token_price(number)]

import bcrypt
from fastapi import FastAPI

app = FastAPI()  # FP615


def check(password: str, stored: bytes) -> bool:
    return bcrypt.checkpw(password.encode(), stored)


@app.post("/login")
def login(password: str, stored: bytes) -> bool:
    return check(password, stored)


@app.post("/orders")
def create(total: int) -> int:
    return total

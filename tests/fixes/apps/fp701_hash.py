import hashlib

from fastapi import FastAPI

app = FastAPI()


@app.post("/passwords")
async def digest(password: str, salt: str = "salt") -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 200_000).hex()

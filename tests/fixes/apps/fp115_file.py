import tempfile
from pathlib import Path

from fastapi import FastAPI, HTTPException, UploadFile

app = FastAPI()
FOLDER = tempfile.mkdtemp()


@app.put("/labels/{number}")
async def save(number: int, file: UploadFile) -> dict[str, int]:
    Path(f"{FOLDER}/{number}").write_bytes(await file.read())
    return {"size": file.size or 0}


@app.get("/labels/{number}")
def load(number: int) -> str:
    try:
        return Path(f"{FOLDER}/{number}").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HTTPException(404, "no such label") from None

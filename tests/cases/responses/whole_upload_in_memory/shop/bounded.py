from fastapi import FastAPI, UploadFile

app = FastAPI(max_body_size=5_000_000)


@app.post("/bounded")
async def bounded(file: UploadFile) -> int:
    return hash(await file.read())

from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/sink")
async def sink(file: UploadFile) -> int:
    return len(await file.read())  # FP505 (summary)

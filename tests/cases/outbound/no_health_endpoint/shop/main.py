from fastapi import FastAPI

app = FastAPI()  # FP614


@app.get("/orders")
def orders() -> list[int]:
    return []

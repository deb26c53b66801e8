from fastapi import FastAPI

from shop.loading import labels

app = FastAPI()


@app.get("/labels")
def all_labels() -> list[str]:
    return labels()

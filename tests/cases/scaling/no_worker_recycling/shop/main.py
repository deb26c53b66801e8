from fastapi import FastAPI

app = FastAPI()
seen: dict[str, str] = {}
kept: dict[str, str] = {}


@app.get("/seen/{name}")
def remember(name: str) -> int:
    seen[name] = name  # FP714
    return len(name)


@app.get("/kept/{name}")
def keep(name: str) -> int:
    kept[name] = name
    if len(kept) > 1000:
        kept.clear()
    return len(name)

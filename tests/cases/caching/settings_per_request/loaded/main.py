from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI

from .index import Counter, Ranker, SearchIndex, load_model, load_prices, read_rules
from .journal import read_journal, write_journal

DATA = Path(__file__).parent / "data"
RULES = read_rules("rules.yaml")


@asynccontextmanager
async def lifespan(app: FastAPI) -> Any:
    app.state.model = load_model("large.joblib")
    yield


app = FastAPI(lifespan=lifespan)
_model: Any = None


def get_index() -> SearchIndex:
    return SearchIndex(DATA / "index.json")  # FP302 (summary)


@lru_cache
def get_kept_index() -> SearchIndex:
    return SearchIndex(DATA / "index.json")


@app.get("/search")
def search(
    text: str, index: SearchIndex = Depends(get_index), kept: SearchIndex = Depends(get_kept_index)
) -> list[str]:
    return index.search(text) + kept.search(text)


@app.get("/ranked")
def ranked(text: str) -> list[Any]:
    ranker = Ranker()  # FP302 (summary)
    return [ranker.model.predict(text)]


@app.get("/prices")
def prices() -> Any:
    return load_prices("prices.csv").to_dict()  # FP302 (summary)


@app.get("/prices/{shop}")
def prices_of(shop: str) -> Any:
    return load_prices(f"prices/{shop}.csv").to_dict()


@app.post("/predictions")
def predict(value: float) -> Any:
    return load_model().predict([value])  # FP302 (summary)


@app.post("/predictions/lazily")
def predict_lazily(value: float) -> Any:
    global _model
    if _model is None:
        _model = load_model()
    return _model.predict([value])


@app.get("/rules")
def rules() -> Any:
    return read_rules("rules.yaml")  # FP302 (summary)


@app.get("/rules/kept")
def kept_rules() -> Any:
    return RULES


@app.get("/journal")
def journal() -> Any:
    return read_journal("entries.json")


@app.post("/journal")
def write(text: str) -> None:
    write_journal("entries.json", [text])


@app.get("/state")
def state() -> Any:
    return read_rules("state.yaml")


@app.get("/counted")
def counted() -> int:
    return Counter(3).value


@app.get("/several")
def several() -> list[Any]:
    return [load_prices(each) for each in ("a.csv", "b.csv")]

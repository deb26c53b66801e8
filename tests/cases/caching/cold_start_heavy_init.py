import pickle
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

import joblib
import spacy
from fastapi import Depends, FastAPI, Request, UploadFile
from sentence_transformers import SentenceTransformer
from timezonefinder import TimezoneFinder
from transformers import AutoModel, AutoTokenizer, pipeline


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.model = SentenceTransformer("small")
    yield


app = FastAPI(lifespan=lifespan)
_model: SentenceTransformer | None = None
shared = spacy.load("en_core_web_sm")


@app.post("/embed")
def embed(text: str) -> list[float]:
    return SentenceTransformer("small").encode(text).tolist()  # FP313


@app.post("/classify")
def classify(text: str) -> str:
    classifier = pipeline("sentiment-analysis")  # FP313
    model = joblib.load("model.joblib")  # FP313
    with open("x") as _:
        table = pickle.load(open("table.pickle", "rb"))  # FP313
    return str(classifier(text)) + str(model) + str(table)


@app.post("/chosen")
def chosen(text: str, name: str) -> str:
    tokenizer = AutoTokenizer.from_pretrained(name)  # FP313
    return str(tokenizer(text)) + str(AutoModel.from_pretrained("bert"))  # FP313


def lazy() -> SentenceTransformer:
    global _model
    if _model is None:
        _model = SentenceTransformer("small")  # FP313
    return _model


@app.post("/lazy")
def lazily(text: str, model: SentenceTransformer = Depends(lazy)) -> list[float]:
    return model.encode(text).tolist()


# Near misses


@lru_cache
def cached() -> SentenceTransformer:
    return SentenceTransformer("small")


@app.post("/near")
def near(text: str, request: Request) -> str:
    return str(cached().encode(text)) + str(request.app.state.model.encode(text)) + str(shared(text))


@app.post("/upload")
def upload(file: UploadFile) -> str:
    return str(joblib.load(file.file)) + str(pickle.load(file.file))


_models: dict[str, SentenceTransformer] = {}


def makes(name: str) -> SentenceTransformer:
    return SentenceTransformer(name)


def kept(name: str) -> SentenceTransformer:
    model = _models.get(name)
    if model is None:
        with threading.Lock():
            model = _models.get(name)
            if model is None:
                model = makes(name)
                _models[name] = model
    return model


def made_each_time(name: str) -> SentenceTransformer:
    return SentenceTransformer(name)  # FP313 (summary)


_loaded: dict[str, dict[str, object]] = {}


def kept_in_display(name: str) -> object:
    if name in _loaded:
        model = _loaded[name]["model"]
    else:
        model = SentenceTransformer(name)
        _loaded[name] = {"model": model, "name": name}
    return model


def not_kept(name: str, model: SentenceTransformer | None = None) -> SentenceTransformer:
    if model is None:
        model = made_each_time(name)
    return model


@app.post("/kept")
def keeps(text: str) -> str:
    kept_in_display(text)
    return str(kept("small").encode(text)) + str(not_kept("small").encode(text))


class Worker:
    def __init__(self) -> None:
        self.model = SentenceTransformer("small")


ZONES = TimezoneFinder()


@app.get("/zone")
def zone(x: float, y: float) -> list[object]:
    return [TimezoneFinder().timezone_at(lng=x, lat=y), ZONES.timezone_at(lng=x, lat=y)]  # FP313


def train() -> None:
    joblib.load("data.joblib")


def churn(name: str) -> object:
    return joblib.load(f"models/{name}.pkl")  # FP313 (summary)


def stored(name: str) -> object:
    return joblib.load(f"uploads/{name}")


@app.get("/churn")
def churns(name: str) -> list[object]:
    return [churn(name), stored(name)]


if __name__ == "__main__":
    train()

"""FP716: large packages that the first request has to load."""

from typing import TYPE_CHECKING

import matplotlib
from fastapi import FastAPI

if TYPE_CHECKING:
    import tensorflow

app = FastAPI()
print(matplotlib)


def frame() -> object:
    import pandas as pd  # FP716

    return pd.DataFrame()


def draw() -> object:
    import matplotlib.pyplot as plt

    return plt.figure()


@app.get("/sales")
async def sales() -> object:
    return frame()


@app.get("/model")
async def model() -> object:
    from transformers import pipeline  # FP716

    import json
    from os import path

    return [pipeline, json, path]


@app.get("/chart")
def chart() -> object:
    return draw()


@app.on_event("startup")
def warm_up() -> None:
    import torch

    torch.set_num_threads(1)


def train() -> None:
    import sklearn

    print(sklearn)


class Ranker:
    def __init__(self) -> None:
        from sentence_transformers import CrossEncoder

        self.model = CrossEncoder("small")

    def rank(self) -> object:
        from sentence_transformers import CrossEncoder  # loaded when the object was made

        return CrossEncoder

    def shown(self) -> object:
        import plotly  # FP716

        return plotly


ranker = Ranker()


@app.get("/rank")
def rank() -> object:
    return ranker.rank(), ranker.shown()


@app.get("/drawn")
def drawn() -> object:
    import spacy  # FP716
    import spacy.tokens

    return spacy

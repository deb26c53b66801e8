"""Graphs, maps, sound: what looks at each pair, or at each sample, takes seconds; one path or one point does not."""

import io

import geopandas
import librosa
import networkx
import qrcode
import rasterio
import shapely
from fastapi import FastAPI, UploadFile
from fastapi.concurrency import run_in_threadpool
from PyPDF2 import PdfReader
from rank_bm25 import BM25Okapi
from scipy.optimize import differential_evolution
from shapely.geometry import Point

app = FastAPI()
roads = networkx.Graph()
notes: list[str] = []


@app.get("/important")
async def important() -> dict[int, float]:
    return networkx.betweenness_centrality(roads)  # FP701


@app.get("/route")
async def route(start: int, end: int) -> list[int]:
    return networkx.shortest_path(roads, start, end)


@app.get("/districts")
async def districts() -> int:
    return len(geopandas.read_file("/data/districts.geojson"))  # FP701


@app.post("/near")
async def near(x: float, y: float) -> bool:
    return shapely.contains(Point(x, y).buffer(1), Point(0, 0))


@app.get("/height")
async def height() -> float:
    with rasterio.open("/data/heights.tif") as heights:
        return float(heights.read(1).mean())  # FP701


def tempo_of(path: str) -> float:
    samples, rate = librosa.load(path)
    return float(librosa.beat.beat_track(y=samples, sr=rate)[0])


@app.get("/tempo")
async def tempo(path: str) -> float:
    return tempo_of(path)  # FP701


@app.get("/tempo-aside")
async def tempo_aside(path: str) -> float:
    return await run_in_threadpool(tempo_of, path)


@app.get("/tempo-in-a-thread")
def tempo_in_a_thread(path: str) -> float:
    return tempo_of(path)


@app.get("/best")
async def best() -> float:
    return float(differential_evolution(sum, [(-5, 5)]).fun)  # FP701


@app.get("/notes")
async def search(words: str) -> list[float]:
    index = BM25Okapi([note.split() for note in notes])  # FP701
    return list(index.get_scores(words.split()))


@app.post("/pages")
async def pages(file: UploadFile) -> int:
    return len(PdfReader(io.BytesIO(await file.read())).pages)  # FP701


@app.get("/code")
async def code(text: str) -> str:
    return str(qrcode.make(text).size)

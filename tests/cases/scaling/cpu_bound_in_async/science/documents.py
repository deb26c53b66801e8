"""Pages of documents, columns on disk, timetables: each page, each column, each timetable is work."""

import asyncio
import io

import brotli
import chardet
import fitz
import pdfplumber
import pulp
import pyarrow
import pymupdf
from fastapi import FastAPI, UploadFile
from langchain_community.document_loaders import PyPDFLoader
from ortools.sat.python import cp_model
from pyarrow import parquet
from pypdf import PdfReader
from ruamel.yaml import YAML

app = FastAPI()
yaml = YAML(typ="safe")


def first_page(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


@app.post("/pages")
async def pages(file: UploadFile) -> list[str]:
    reader = await asyncio.to_thread(first_page, await file.read())
    return [page.extract_text() for page in reader.pages]  # FP701


@app.post("/pages/first")
async def first(file: UploadFile) -> str:
    reader = await asyncio.to_thread(first_page, await file.read())
    return reader.pages[0].extract_text()  # FP701


@app.post("/pages/count")
async def count(file: UploadFile) -> int:
    reader = await asyncio.to_thread(first_page, await file.read())
    return len(reader.pages)


@app.post("/pages/def")
def pages_in_thread(file: UploadFile) -> list[str]:
    return [page.extract_text() for page in PdfReader(file.file).pages]


def opened(content: bytes) -> pymupdf.Document:
    return fitz.open(stream=content, filetype="pdf")


@app.post("/tables")
async def tables(file: UploadFile) -> int:
    document = await asyncio.to_thread(opened, await file.read())
    return sum(len(page.find_tables().tables) for page in document)  # FP701


@app.post("/drawn")
async def drawn(file: UploadFile) -> bytes:
    document = await asyncio.to_thread(opened, await file.read())
    return document.load_page(0).get_pixmap(dpi=300).tobytes()  # FP701


@app.post("/words")
async def words(path: str) -> int:
    document = await asyncio.to_thread(pdfplumber.open, path)
    return len(document.pages[0].extract_words())  # FP701


@app.post("/loaded")
async def loaded(path: str) -> int:
    return len(PyPDFLoader(path).load())  # FP701


@app.post("/loaded/async")
async def loaded_awaited(path: str) -> int:
    return len(await PyPDFLoader(path).aload())


@app.get("/sales")
async def sales() -> int:
    return parquet.read_table("/data/sales.parquet").num_rows  # FP701


@app.get("/sales/columns")
async def columns() -> list[str]:
    return pyarrow.table({"a": [1]}).column_names


@app.post("/guess")
async def guess(file: UploadFile) -> str:
    return str(chardet.detect(await file.read())["encoding"])  # FP701


@app.post("/settings")
async def settings(file: UploadFile) -> int:
    return len(yaml.load(await file.read()))  # FP701


@app.post("/packed")
async def packed(file: UploadFile) -> bytes:
    return brotli.compress(await file.read())  # FP701


@app.post("/timetable")
async def timetable(hours: int) -> float:
    model = cp_model.CpModel()
    model.minimize(model.new_int_var(0, hours, "end"))
    solver = cp_model.CpSolver()
    solver.solve(model)  # FP701
    return solver.objective_value


@app.post("/timetable/def")
def timetable_in_thread(hours: int) -> float:
    problem = pulp.LpProblem("hours", pulp.LpMinimize)
    problem.solve()
    return float(hours)

"""FP115: files on the event loop."""

import asyncio
import glob
import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Union

import aiofiles
import anyio
import requests
from fastapi import FastAPI, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

app = FastAPI()
DATA = Path("/data")
TERMS = Path("terms.txt")


def stored(number: int) -> Path:
    return DATA / str(number)


def load(path: Path) -> bytes:
    return path.read_bytes()


@app.post("/covers/{number}")
async def save_cover(number: int, cover: UploadFile) -> None:
    with open(stored(number), "wb") as target:  # FP115
        target.write(await cover.read())


@app.post("/covers/{number}/copy")
async def copy_cover(number: int, cover: UploadFile) -> None:
    with stored(number).open("wb") as target:
        shutil.copyfileobj(cover.file, target)  # FP115


@app.post("/covers/{number}/path")
async def save_cover_by_path(number: int, cover: UploadFile) -> None:
    content = await cover.read()
    stored(number).write_bytes(content)  # FP115


@app.post("/chunks/{number}")
async def save_chunks(number: int, cover: UploadFile) -> None:
    with open(stored(number), "wb") as target:  # FP115
        while chunk := await cover.read(65536):
            target.write(chunk)


@app.get("/covers/{number}")
async def read_cover(number: int) -> bytes:
    with open(stored(number), "rb") as source:  # FP115
        return source.read()


@app.get("/covers")
async def read_covers(numbers: list[int]) -> list[bytes]:
    return [stored(number).read_bytes() for number in numbers]  # FP115


@app.get("/tree")
async def tree(number: int) -> list[str]:
    return [str(path) for path in stored(number).rglob("*")]  # FP115


@app.delete("/tree")
async def delete_tree(number: int) -> None:
    shutil.rmtree(stored(number))  # FP115 (summary)


@app.post("/admin/reset")
async def reset(number: int) -> None:
    shutil.rmtree(stored(number))  # FP115 (summary)


@app.get("/covers/{number}/prepared")
async def prepared(number: int) -> None:
    if not stored(number).is_dir():
        shutil.copytree(DATA, stored(number))  # FP115 (summary)


@app.post("/unpack")
async def unpack(number: int) -> None:
    with zipfile.ZipFile(stored(number)) as archive:
        archive.extractall(DATA)  # FP115


@app.get("/terms")
async def terms() -> list[str]:
    with open("terms.txt") as source:
        first = source.read()
    return [first, TERMS.read_text(), (Path(__file__).parent / "more.txt").read_text(), open(DATA / "a").read()]


@app.get("/light")
async def light(number: int) -> list[bool]:
    path = stored(number)
    os.makedirs(DATA, exist_ok=True)
    return [path.exists(), os.path.isfile(path), path.is_dir(), path.stat().st_size > 0, bool(os.listdir(DATA))]


@app.get("/lazy")
async def lazy(number: int) -> str:
    paths = stored(number).rglob("*")
    return str(paths)


@app.get("/asynchronous")
async def asynchronous(number: int) -> bytes:
    async with aiofiles.open(stored(number), "rb") as source:
        first = await source.read()
    second = await anyio.Path(stored(number)).read_bytes()
    third = await asyncio.to_thread(load, stored(number))
    return first + second + third + await run_in_threadpool(stored(number).read_bytes)


@app.post("/failed")
async def failed(number: int) -> None:
    directory = tempfile.mkdtemp()
    try:
        await asynchronous(number)
    except OSError:
        shutil.rmtree(directory)
        raise


@app.get("/memory")
async def memory(number: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("number", str(number))
    return target.getvalue()


@app.post("/in-a-thread/{number}")
def in_a_thread(number: int, cover: UploadFile) -> None:
    with open(stored(number), "wb") as target:
        target.write(cover.file.read())


@app.on_event("startup")
async def read_settings() -> None:
    app.state.settings = stored(1).read_text()


@app.post("/scratch")
async def scratch(content: str) -> str:
    with tempfile.NamedTemporaryFile("w", delete=False) as target:  # FP115
        target.write(content)
    with tempfile.TemporaryDirectory() as directory:
        return directory


@app.post("/unpack")
async def in_memory(archive: UploadFile) -> list[str]:
    content = io.BytesIO(await archive.read(1000))
    with zipfile.ZipFile(content) as opened:
        return opened.namelist()


def packed(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in folder.iterdir():
            archive.write(path)
    return content.getvalue()


def packed_once(folder: Path) -> bytes:
    kept = app.state.cache.get(folder)
    if kept is None:
        kept = app.state.cache[folder] = packed(folder)
    return kept


@app.get("/archive/{number}")
async def archive_of(number: int) -> bytes:
    return packed(stored(number))  # FP115 (summary)


def moved(old: Path | bytes, new: Path) -> Path:
    if isinstance(old, Path):
        shutil.copytree(old, new)
    else:
        print(old)
    return new


@app.put("/archive/{number}")
async def move_archive(number: int, target: int) -> str:
    return str(moved(stored(number), stored(target)))  # FP115 (summary)


@app.get("/archive/{number}/thread")
async def archive_in_a_thread(number: int) -> bytes:
    return await run_in_threadpool(packed, stored(number))


@app.get("/archive/{number}/plain")
def archive_in_a_plain_def(number: int) -> bytes:
    return packed(stored(number))


@app.get("/archive/{number}/kept")
async def archive_kept(number: int) -> bytes:
    return packed_once(stored(number))


@app.get("/covers/{number}/small")
async def small(number: int) -> bytes:
    return load(stored(number))  # FP115 (summary)


@app.post("/unpacked")
async def unpacked(files: list[UploadFile]) -> int:
    folder = tempfile.mkdtemp()
    kept = [file.filename for file in files if file.filename]
    if not kept:
        shutil.rmtree(folder)  # FP115 (summary)
        raise ValueError("nothing usable")
    if len(kept) > 100:
        shutil.rmtree(folder)  # FP115 (summary)
    return len(kept)


@app.post("/logo")
async def small_logo(logo: UploadFile) -> None:
    content = await logo.read()
    if len(content) > 1_000_000:
        raise ValueError("too large")
    stored(1).write_bytes(content)  # FP115 (summary)


@app.post("/photo")
async def any_photo(photo: UploadFile) -> None:
    content = await photo.read()
    stored(1).write_bytes(content)  # FP115 (inline)


@app.post("/settings/certificate")
async def certificate(file: UploadFile) -> None:
    stored(1).write_bytes(await file.read())  # FP115 (summary)


@app.post("/settings/photos")
async def photos(files: list[UploadFile]) -> None:
    for number, file in enumerate(files):
        stored(number).write_bytes(await file.read())  # FP115 (inline)


@app.post("/pieces")
async def pieces(file: UploadFile) -> None:
    with open(stored(1), "wb") as target:  # FP115 (summary)
        while piece := await file.read(65536):
            target.write(piece)


@app.post("/converted")
async def converted(file: UploadFile) -> None:
    stored(1).write_bytes(await file.read())  # FP115 (summary)
    subprocess.run(["convert", "1"], check=True)


def publish(name: str) -> None:
    requests.post("https://bucket.example/covers", data=name, timeout=5)


@app.post("/published/covers")
async def published(cover: UploadFile) -> None:
    with tempfile.NamedTemporaryFile() as kept:  # FP115 (summary)
        kept.write(await cover.read())
        publish(kept.name)
    with tempfile.NamedTemporaryFile() as kept:  # FP115 (inline)
        kept.write(await cover.read())
        await asyncio.to_thread(publish, kept.name)


@app.post("/worked-on/covers")
async def takes_its_own_folder_away(cover: UploadFile) -> None:
    folder = tempfile.mkdtemp()
    try:
        await asyncio.to_thread(load, Path(folder))
    finally:
        shutil.rmtree(folder)  # FP115 (summary)


@app.post("/playlist")
async def playlist(numbers: list[int]) -> None:
    with open(stored(1), "w") as target:  # FP115 (summary)
        for number in numbers:
            target.write(f"file {number}")


@app.get("/galleries")
async def galleries() -> list[str]:
    found = []
    for name in os.listdir(DATA):
        with open(DATA / name) as file:  # FP115 (inline)
            found.append(file.read())
    return found


@app.get("/fetched")
async def fetched(numbers: list[int]) -> None:
    for number in numbers:
        content = await asyncio.to_thread(load, stored(number))
        with open(stored(number + 1), "wb") as target:  # FP115 (summary)
            target.write(content)


@app.post("/bundle")
async def bundle(file: UploadFile) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:
        return [archive.read(name) for name in archive.namelist()]


def found_cover(directory: Path, name: str) -> Path | None:
    for path in directory.glob(f"{name}.*"):
        return path
    return None


def sent_cover(name: str) -> FileResponse:
    return FileResponse(found_cover(DATA, name) or TERMS)


def templates() -> list[str]:
    return glob.glob("templates/*.html")


@app.get("/searched/{name}")
async def searched(name: str) -> FileResponse:
    for path in DATA.glob(f"{name}.*"):  # FP115 (summary)
        return FileResponse(path)
    return FileResponse(glob.glob("/data/default/" + name + ".*")[0])  # FP115 (summary)


@app.get("/searched-by-helper/{name}")
async def searched_by_helper(name: str) -> FileResponse:
    return sent_cover(name)  # FP115 (summary)


@app.get("/searched-in-a-thread/{name}")
async def searched_in_a_thread(name: str) -> FileResponse:
    await asyncio.to_thread(found_cover, DATA, name)
    return await run_in_threadpool(sent_cover, name)


@app.get("/searched-plainly/{name}")
def searched_plainly(name: str) -> FileResponse:
    return sent_cover(name)


@app.get("/always-the-same")
async def always_the_same() -> list[str]:
    return [*templates(), *(str(path) for path in DATA.glob("*.html")), str(sent_cover("terms"))]


# A log is a file of the application's own that grows.

LOG_PATH = Path("data/app.log")
LOG_FILE = os.path.join("data", "access_log.txt")
CATALOG = Path("data/catalog.txt")


@app.get("/log/tail")
async def log_tail() -> bytes:
    with open(LOG_PATH, "rb") as file:  # FP115 (summary)
        file.seek(-4096, os.SEEK_END)
        return file.read()


@app.get("/log/lines")
async def log_lines(lines: int = 100) -> list[str]:
    with open(LOG_FILE) as file:  # FP115 (summary)
        return file.readlines()[-lines:]


@app.get("/log/text")
async def log_text() -> str:
    return LOG_PATH.read_text()  # FP115 (summary)


@app.get("/log/note")
async def log_note(note: str) -> None:
    with open(LOG_PATH, "a") as file:
        file.write(note)


@app.get("/log/thread")
async def log_in_thread() -> str:
    return await run_in_threadpool(LOG_PATH.read_text)


@app.get("/catalog")
async def catalog() -> str:
    return CATALOG.read_text()


FilePath = Union[Path, str]
"""A path, or how it is written."""


async def write_whole(path: FilePath, text: str) -> None:
    target = Path(path) if isinstance(path, str) else path
    aside = target.with_suffix(".tmp")
    aside.write_text(text)  # FP115 (summary)
    aside.replace(target)


async def write_given(path: str | os.PathLike[str] | Path, text: str) -> None:
    if isinstance(path, str):
        path = Path(path)
    path.write_text(text)  # FP115 (summary)


async def named(path: FilePath, kind: Union[bytes, str]) -> list[str]:
    kind.write_text("")
    parts = path.split("/") if isinstance(path, str) else [*path.parts]
    await anyio.Path(path).write_text("")
    return [part.replace("-", "_") for part in parts]


async def elsewhere(path: Union[Path, anyio.Path], text: str) -> None:
    await path.write_text(text)


@app.put("/whole/{number}")
async def put_whole(number: int, text: str) -> list[str]:
    path = stored(number)
    await write_whole(path, text)
    await write_given(str(path), text)
    await elsewhere(anyio.Path(path), text)
    return await named(path, "plain")


FOLDER = Path("/data/manifests")


def manifests(folder: Path) -> list[str]:
    found = []
    for each in sorted(folder.iterdir()):
        found.append((each / "manifest.json").read_text())
    return found


def read_one(path: str) -> str:
    with open(path) as file:
        return file.read()


def read_each(folder: str) -> list[str]:
    return [read_one(os.path.join(folder, name)) for name in os.listdir(folder)]


def own_settings() -> str:
    return Path("settings.json").read_text()


@cache
def read_once(path: str) -> str:
    return Path(path).read_text()


@app.get("/manifests")
async def of_a_folder() -> list[str]:
    return manifests(FOLDER)  # FP115 (change)


@app.get("/manifests/each")
async def of_each_in_a_folder() -> list[str]:
    return read_each("/data/manifests")  # FP115 (change)


@app.get("/manifests/thread")
async def of_a_folder_in_a_thread() -> list[str]:
    return await asyncio.to_thread(manifests, FOLDER)


@app.get("/manifests/plain")
def of_a_folder_in_a_plain_def() -> list[str]:
    return manifests(FOLDER)


@app.get("/manifests/one/{name}")
async def of_one_name(name: str) -> str:
    return read_one(f"/data/manifests/{name}")  # FP115 (summary)


@app.get("/manifests/known")
async def of_a_known_name() -> str:
    return read_one("/data/manifests/current") + own_settings()


@app.get("/manifests/kept/{name}")
async def kept_in_memory(name: str) -> str:
    return read_once(f"/data/manifests/{name}")


@app.put("/manifests/one/{name}")
async def written_by_name(name: str, text: str) -> None:
    (FOLDER / name).write_text(text)  # FP115 (summary)


def is_open(shop: str) -> bool:
    return shop in own_limits()


def own_limits() -> str:
    return Path(os.environ["LIMITS"]).read_text()


@app.get("/shops/{shop}/open")
async def of_own_limits(shop: str) -> bool:
    return is_open(shop)


@app.post("/ledger")
async def recorded(line: bytes) -> None:
    async with await anyio.open_file(DATA / "ledger", "ab") as ledger:
        await ledger.write(line)
        await ledger.flush()
        os.fsync(ledger.wrapped.fileno())  # FP115


@app.post("/ledger/thread")
async def recorded_in_thread(line: bytes) -> None:
    async with await anyio.open_file(DATA / "ledger", "ab") as ledger:
        await ledger.write(line)
        await ledger.flush()
        await asyncio.to_thread(os.fsync, ledger.wrapped.fileno())

"""What a process writes or reads: until it does, whoever is at the other end waits."""

import asyncio
import subprocess

import ffmpeg
from fastapi import FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


@app.websocket("/lines")
async def lines(websocket: WebSocket) -> None:
    await websocket.accept()
    process = subprocess.Popen(["orders", "--follow"], stdout=subprocess.PIPE, text=True)  # FP106
    while line := process.stdout.readline():  # FP106
        await websocket.send_text(line)


@app.get("/found")
async def found(word: str) -> list[str]:
    process = subprocess.Popen(["grep", word, "orders"], stdout=subprocess.PIPE, text=True)  # FP101
    return [line for line in process.stdout]


@app.get("/last")
async def last() -> str:
    process = subprocess.Popen(["orders"], stdout=subprocess.PIPE, text=True)  # FP101
    for line in process.stdout:  # FP101
        word = line
    return word


@app.get("/last-aside")
def last_aside() -> str:
    process = subprocess.Popen(["orders"], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        word = line
    return word


class Converter:
    def __init__(self) -> None:
        self.process = ffmpeg.input("pipe:0").output("pipe:1", format="wav").run_async(pipe_stdin=True)

    async def feed(self, part: bytes) -> None:
        self.process.stdin.write(part)  # FP101
        await run_in_threadpool(self.process.stdin.flush)

    async def end(self) -> None:
        self.process.stdin.close()
        await run_in_threadpool(self.process.wait)


@app.websocket("/sound")
async def sound(websocket: WebSocket) -> None:
    converter = Converter()
    await converter.feed(await websocket.receive_bytes())
    await converter.end()


@app.get("/files")
async def files() -> int:
    process = await asyncio.create_subprocess_exec("ls", stdout=asyncio.subprocess.PIPE)
    return len(await process.stdout.read())

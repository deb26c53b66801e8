import io
import zipfile
from pathlib import Path

import boto3
import httpx
import requests
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse

app = FastAPI()


@app.get("/path/{name}")
def from_path(name: str) -> Response:
    return Response(content=Path(name).read_bytes())  # FP506 (summary)


@app.get("/open/{name}")
def from_open(name: str) -> Response:
    return Response(open(name, "rb").read(), media_type="image/png")  # FP506


@app.get("/with/{name}")
async def from_with(name: str) -> Response:
    with open(name, "rb") as file:
        content = file.read()
    return Response(content, media_type="application/pdf")  # FP506 (summary)


@app.get("/buffer/{name}")
def from_buffer(name: str) -> StreamingResponse:
    return StreamingResponse(io.BytesIO(Path(name).read_bytes()))  # FP506


@app.get("/copied/{name}")
def copied(name: str) -> Response:
    stream = io.BytesIO(open(name, "rb").read())
    return Response(stream.getvalue())  # FP506


@app.get("/archive")
def archive(names: list[str]) -> Response:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name in names:
            packed.write(name)
    return Response(target.getvalue(), media_type="application/zip")  # FP506 (inline)


# Near misses


@app.get("/chart")
def chart() -> Response:
    target = io.BytesIO()
    target.write(b"...")
    return Response(target.getvalue(), media_type="image/png")


@app.get("/file/{name}")
def file(name: str) -> FileResponse:
    return FileResponse(name)


@app.get("/page")
def page() -> HTMLResponse:
    return HTMLResponse(Path("index.html").read_text())


@app.get("/manifest")
def manifest() -> Response:
    return Response(Path("app.js").read_text(), media_type="text/javascript")


@app.get("/part/{name}")
def part(name: str) -> Response:
    with open(name, "rb") as handle:
        head = handle.read(4096)
    return Response(head)


@app.get("/stream/{name}")
def stream(name: str) -> StreamingResponse:
    return StreamingResponse(open(name, "rb"))


@app.get("/changed/{name}")
def changed(name: str) -> Response:
    content = Path(name).read_bytes()
    content = content.replace(b"a", b"b")
    return Response(content)


@app.get("/texts")
def texts(notes: dict[str, str]) -> Response:
    def add_notes(packed: zipfile.ZipFile) -> None:
        for name, note in notes.items():
            packed.writestr(f"{name}.md", f"# {name}\n\n{note}")

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("README.md", "Notes")
        add_notes(archive)
    return Response(target.getvalue(), media_type="application/zip")


@app.get("/texts-and-files")
def texts_and_files(names: list[str]) -> Response:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, Path(name).read_bytes())
    return Response(target.getvalue(), media_type="application/zip")  # FP506


client = httpx.AsyncClient()
storage = boto3.client("s3")


@app.get("/passed-on/{path:path}")
async def passed_on(path: str) -> Response:
    answer = await client.get(f"https://files.example/{path}")
    return Response(answer.content, media_type=answer.headers["content-type"])  # FP506 (summary)


@app.get("/passed-on-in-a-buffer/{path:path}")
def passed_on_in_a_buffer(path: str) -> StreamingResponse:
    content = requests.get(f"https://files.example/{path}", timeout=5).content
    return StreamingResponse(io.BytesIO(content))


@app.get("/stored/{name}")
def stored(name: str) -> Response:
    found = storage.get_object(Bucket="files", Key=name)
    return Response(found["Body"].read())  # FP506 (summary)


@app.get("/stored-as-it-comes/{name}")
def stored_as_it_comes(name: str) -> StreamingResponse:
    found = storage.get_object(Bucket="files", Key=name)
    return StreamingResponse(found["Body"].iter_chunks())


@app.get("/passed-on-as-json/{name}")
async def passed_on_as_json(name: str) -> Response:
    answer = await client.get(f"https://files.example/{name}")
    return Response(answer.content, media_type="application/json")


@app.get("/streamed/{path:path}")
async def streamed(path: str, request: Request) -> StreamingResponse:
    answer = await client.send(client.build_request("GET", f"https://files.example/{path}"), stream=True)
    return StreamingResponse(answer.aiter_raw())


@app.get("/headers/{name}")
async def only_a_header(name: str) -> Response:
    answer = await client.head(f"https://files.example/{name}")
    return Response(answer.headers["etag"])


@app.post("/kept")
async def kept(url: str) -> None:
    answer = await client.get(url)
    Path("/data/kept").write_bytes(answer.content)  # FP506 (summary)


@app.post("/kept-in-chunks")
def kept_in_chunks(url: str) -> None:
    answer = requests.get(url, timeout=5, stream=True)
    with open("/data/kept", "wb") as file:
        for chunk in answer.iter_content(1 << 20):
            file.write(chunk)


@app.get("/mirrored/{path:path}")
async def mirrored(path: str) -> Response:
    answer = await client.get(f"https://files.example/{path}")
    text = answer.content.decode()  # FP506 (summary)
    text = text.replace("files.example", "shop.example")
    return Response(text)


@app.get("/shown/{name}")
async def shown(name: str) -> Response:
    answer = await client.get(f"https://files.example/{name}")
    text = answer.content.decode()
    return Response(text.replace("files.example", "shop.example"))

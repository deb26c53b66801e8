import hashlib
import io
import json
import shutil
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, UploadFile

app = FastAPI()
upstream = httpx.AsyncClient(base_url="https://upstream.example")
LARGEST = 5_000_000
LENGTH = "content" + "-length"


def store(content: bytes) -> None:
    raise NotImplementedError


async def save(upload: UploadFile) -> None:
    store(await upload.read())  # FP505


@app.post("/file")
async def whole(file: UploadFile) -> None:
    content = await file.read()  # FP505
    store(content)
    await save(file)


@app.post("/several")
async def several(files: Annotated[list[UploadFile], File()]) -> None:
    for file in files:
        store(await file.read(-1))  # FP505


@app.post("/spooled")
def spooled(file: UploadFile = File(...)) -> None:
    store(file.file.read())  # FP505


@app.post("/late")
async def late(file: UploadFile) -> None:
    content = await file.read()  # FP505
    if len(content) > LARGEST:
        raise HTTPException(413)


@app.post("/json")
async def parsed(file: UploadFile) -> None:
    json.loads(await file.read())  # FP505


@app.post("/bytes")
def in_one_piece(file: bytes = File(...)) -> None:  # FP505
    store(file)


@app.post("/annotated")
async def annotated(
    name: str,
    file: Annotated[bytes | None, File(description="the invoice")] = None,  # FP505
) -> None:
    store(file or name.encode())


@app.post("/all")
async def all_of_them(files: list[bytes] = File()) -> None:  # FP505
    store(files[0])


# Near misses


def not_called_by_requests(file: bytes = File(...)) -> None:
    store(file)


@app.post("/form")
async def form(content: bytes = Form(), plain: bytes = b"") -> None:
    store(content or plain)


@app.post("/chunks")
async def chunks(file: UploadFile) -> None:
    while chunk := await file.read(1 << 20):
        store(chunk)
    await file.read(2048)


@app.post("/copied")
def copied(file: UploadFile) -> None:
    with open("/tmp/x", "wb") as target:
        shutil.copyfileobj(file.file, target)


@app.post("/bounded")
async def bounded(file: UploadFile) -> None:
    if file.size is None or file.size > LARGEST:
        raise HTTPException(413)
    store(await file.read())


def check_size(file: UploadFile) -> None:
    raise NotImplementedError


@app.post("/depends")
async def depends(file: Annotated[UploadFile, Depends(check_size)]) -> None:
    store(await file.read())


@app.post("/checked")
async def checked(file: UploadFile) -> None:
    check_size(file)
    store(await file.read())


@app.post("/body")
async def body(request: Request) -> None:
    store(await request.body())


class Reader:
    async def read(self) -> bytes:
        return b""


@app.post("/own")
async def own(reader: Reader) -> None:
    store(await Reader().read())


def limit_request_size(most: int):
    return check_length(most)


def known_customer(most: int):
    return most


@app.post("/limited", dependencies=[Depends(limit_request_size(20_000_000))])
async def limited(file: UploadFile) -> None:
    store(await file.read())


@app.post("/guarded", dependencies=[Depends(known_customer(20_000_000))])
async def guarded(file: UploadFile) -> None:
    store(await file.read())  # FP505


@app.post("/sized")
async def sized(files: list[UploadFile]) -> str:
    for each in files[:5]:
        if each.size > 1 << 20:
            return "too large"
    for each in files:
        if each.size > 1 << 20:
            return "too large"
    for file in files:
        store(await file.read())
    return "stored"


@app.post("/added")
async def added(files: list[UploadFile]) -> int:
    total = 0
    for each in files:
        total += each.size
    for file in files:
        store(await file.read())  # FP505
    return total


def get_request_size(request: Request) -> int:
    return int(request.headers.get(LENGTH, 0))


async def keeps(file: UploadFile) -> None:
    store(await file.read())


async def keeps_any(file: UploadFile) -> None:
    store(await file.read())  # FP505


@app.post("/refused-when-large")
async def refused_when_large(request: Request, file: UploadFile) -> None:
    if get_request_size(request) > LARGEST:
        raise HTTPException(413)
    await keeps(file)
    await keeps_any(file)


@app.post("/taken")
async def taken(file: UploadFile) -> None:
    await keeps_any(file)


async def parsed(upload: UploadFile) -> None:
    store(await upload.read())


async def handed(upload: UploadFile) -> None:
    await parsed(upload)
    print(upload.size)


@app.post("/asked-above")
async def asked_above(file: UploadFile) -> int | None:
    if file.size and file.size > LARGEST:
        raise HTTPException(413)
    await handed(file)
    return file.size


async def told(upload: UploadFile) -> None:
    store(await upload.read())  # FP505


@app.post("/asked-below")
async def asked_below(file: UploadFile) -> int | None:
    await told(file)
    return file.size


@app.post("/measured-first")
async def measured_first(file: UploadFile) -> None:
    size = len(file.file.read())  # FP505 (inline)
    if size > LARGEST:
        raise HTTPException(413)
    file.file.seek(0)
    store(file.file.read())  # the same again, bounded by now


@app.post("/measured-for-zero")
async def measured_for_zero(file: UploadFile) -> None:
    if len(file.file.read()) > 0:  # FP505
        file.file.seek(0)
        store(file.file.read())  # FP505


class FileSizeExceeded(HTTPException): ...


async def kept_small(upload: UploadFile) -> None:
    store(await upload.read())


@app.post("/refused-by-name")
async def refused_by_name(file: UploadFile) -> None:
    if file.headers[LENGTH] > LARGEST:
        raise FileSizeExceeded(413)
    await kept_small(file)


async def chosen_by_kind(upload: UploadFile) -> None:
    store(await upload.read())  # FP505 (summary)


@app.post("/licences")
async def upload_license(file: UploadFile) -> None:
    store(await file.read())  # FP505 (summary)


@app.post("/rollouts")
async def roll_out(config_file: UploadFile) -> None:
    store(await config_file.read())  # FP505 (summary)


@app.post("/keyboards")
async def keyboard_picture(file: UploadFile) -> None:
    store(await file.read())  # FP505


async def has_proper_size(image: UploadFile) -> bool:
    return len(await image.read()) < LARGEST  # FP505


async def has_proper_name(image: UploadFile) -> bool:
    return bool(image.filename)


async def turned(image: UploadFile) -> None:
    store(await image.read())


async def mirrored(image: UploadFile) -> None:
    store(await image.read())  # FP505


@app.post("/turned")
async def turn(image: UploadFile) -> None:
    if not await has_proper_size(image):
        raise HTTPException(413)
    await turned(image)


@app.post("/mirrored")
async def mirror(image: UploadFile) -> None:
    if not await has_proper_name(image):
        raise HTTPException(400)
    await mirrored(image)


@app.post("/refused-late")
async def refused_late(file: UploadFile) -> None:
    content = await file.read()  # FP505 (inline)
    if len(content) > LARGEST:
        raise HTTPException(413)
    store(content)


@app.post("/refused-late/by-a-function")
async def refused_late_by_a_function(file: UploadFile) -> None:
    content = await file.read()  # FP505 (inline)
    validate_length(len(content))
    store(content)


@app.post("/shown")
async def shown(file: UploadFile) -> None:
    content = await file.read()  # FP505 (summary)
    print(len(content))


@app.post("/shown/typed")
async def shown_typed(file: UploadFile) -> None:
    content: bytes = await file.read()  # FP505 (summary)
    print(len(content))


@app.post("/counted")
async def counted(file: UploadFile) -> int:
    content = await file.read()  # FP505 (summary)
    return len(content)


@app.post("/workbook")
async def workbook(file: UploadFile) -> None:
    store(io.BytesIO(await file.read()))  # FP505 (summary)


@app.post("/workbook/kept")
async def workbook_kept(file: UploadFile) -> None:
    store(bytes(await file.read()))  # FP505 (inline)


@app.post("/orders/export")
async def exported(file: UploadFile) -> None:
    store(await file.read())  # FP505 (summary)


@app.post("/admin/pictures")
async def staff_bytes(picture: bytes = File()) -> None:  # FP505 (summary)
    store(picture)


@app.post("/pictures/of-all")
async def public_bytes(picture: bytes = File()) -> None:  # FP505 (inline)
    store(picture)


@app.api_route("/proxy/{path:path}", methods=["GET", "POST"])
async def proxy(path: str, request: Request) -> bytes:
    answer = await upstream.request(
        request.method,
        f"/{path}",
        content=await request.body(),  # FP505 (summary)
    )
    return answer.content


@app.api_route("/built/{path:path}", methods=["GET", "POST"])
async def built(path: str, request: Request) -> bytes:
    body = await request.body()  # FP505 (summary)
    prepared = upstream.build_request(method=request.method, url=path, content=body if body else None)
    return (await upstream.send(prepared)).content


@app.api_route("/signed/{path:path}", methods=["GET", "POST"])
async def signed(path: str, request: Request) -> bytes:
    body = await request.body()
    headers = {"X-Digest": hashlib.sha256(body).hexdigest()}
    return (await upstream.request(request.method, path, content=body, headers=headers)).content


@app.post("/streamed/{path:path}")
async def streamed(path: str, request: Request) -> bytes:
    return (await upstream.request(request.method, path, content=request.stream())).content


@app.post("/hook")
async def hook(request: Request) -> None:
    await upstream.post("/hook", content=await request.body())


@app.post("/never-awaited")
async def never_awaited(file: UploadFile) -> None:
    content = file.read()
    store(content)


@app.post("/awaited-later")
async def awaited_later(file: UploadFile) -> None:
    content = file.read()  # FP505
    store(await content)


@app.post("/read_from_disk")
async def read_from_disk(file: UploadFile) -> None:
    content = file.file.read()  # FP505 (inline)
    store(content)

"""FP505: an upload read in one piece."""

from fastapi import UploadFile

from benchmarks.impact.pair import Pair, at

pair = Pair(
    "FP505",
    *at(1, 2, size=50_000_000),
    body=lambda given: (
        b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n"
        + b"z" * int(given["size"])
        + b"\r\n--boundary--\r\n"
    ),
    headers={"content-type": "multipart/form-data; boundary=boundary"},
)


@pair.slow("`await file.read()`")
async def slow(file: UploadFile) -> int:
    return len(await file.read())


@pair.fast("chunks of 1 MB")
async def fast(file: UploadFile) -> int:
    size = 0
    while chunk := await file.read(1 << 20):
        size += len(chunk)
    return size

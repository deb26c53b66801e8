"""FP702: work that grows with the square of the data."""

import pandas
from fastapi import Depends, FastAPI, Request, Response, UploadFile
from sqlalchemy import select, text
from sqlalchemy.orm import Session

app = FastAPI()
ROLES = ["admin", "clerk"]


def get_session() -> Session:
    return Session()


@app.post("/body")
def body(wanted: list[str], known: list[str]) -> list[str]:
    found = []
    for number in wanted:
        if number in known:  # FP702
            found.append(number)
    return found + [number for number in wanted if number not in known]  # FP702


@app.post("/rows")
def rows(wanted: list[str], session: Session = Depends(get_session)) -> list[str]:
    orders = session.scalars(select(text("number"))).all()
    numbers = [order.number for order in orders]
    return [number for number in wanted if number in numbers]  # FP702


@app.post("/frames")
def frames(paths: list[str]) -> int:
    frame = pandas.DataFrame()
    parts = []
    for path in paths:
        frame = pandas.concat([frame, pandas.read_csv(path)])  # FP702
        parts.append(pandas.read_csv(path))
    whole = pandas.concat(parts)
    for _, row in whole.iterrows():  # FP702 (summary)
        frame.loc[0] = row
    for plain in whole.itertuples():
        print(plain)
    return len(frame)


@app.post("/set")
def with_a_set(wanted: list[str], known: list[str]) -> list[str]:
    there = set(known)
    return [number for number in wanted if number in there]


@app.post("/constant")
def constant(wanted: list[str]) -> list[str]:
    return [role for role in wanted if role in ROLES and role in ("admin", "clerk")]


@app.post("/once")
def once(number: str, known: list[str]) -> bool:
    return number in known


@app.post("/text")
def in_text(wanted: list[str], name: str) -> list[str]:
    return [number for number in wanted if number in name]


@app.post("/growing")
def growing(wanted: list[str], known: list[str]) -> list[str]:
    for number in wanted:
        if number not in known:
            known.append(number)
    return known


@app.post("/page")
def page(wanted: list[str], session: Session = Depends(get_session)) -> list[str]:
    orders = session.scalars(select(text("number")).limit(20)).all()
    return [number for number in wanted if number in orders]


def tool(wanted: list[str], known: list[str]) -> list[str]:
    return [number for number in wanted if number in known]


@app.post("/few")
def few(sizes: str, known: list[str]) -> list[str]:
    parts = sizes.split("-")
    return [part for part in parts if part in known]


@app.post("/rebound")
def rebound(wanted: list[str], known: list[str]) -> list[str]:
    known = known[:5]
    return [number for number in wanted if number in known]


@app.post("/apart")
def apart(paths: list[str]) -> list[int]:
    lengths = []
    for path in paths:
        both = pandas.concat([pandas.read_csv(path), pandas.read_csv(f"{path}.more")])
        lengths.append(len(both))
    return lengths


@app.post("/circle")
def circle(wanted: list[str]) -> list[str]:
    names = [number for number in others] if wanted else []
    others = [name for name in names]
    others = [other for other in others]
    first = [one for one in second]
    second = [two for two in first]
    return [number for number in wanted if number in first or number in others]


@app.post("/rows-in-a-set")
def rows_in_a_set(wanted: list[str], session: Session = Depends(get_session)) -> list[str]:
    wanted_rows = session.scalars(select(text("number"))).all()
    there = set(row for (row,) in session.execute(select(text("number"))).all())
    return [row for row in wanted_rows if row in there]


@app.post("/received")
async def received(request: Request) -> int:
    data = b""
    async for chunk in request.stream():
        data += chunk  # FP702 (inline)
    return len(data)


@app.post("/uploaded")
async def uploaded(file: UploadFile) -> int:
    data = bytes()
    while chunk := await file.read(65_536):
        data += chunk  # FP702 (inline)
    return len(data)


def framed(parts: list[bytes]) -> bytes:
    result = bytes()
    for part in parts:
        result += len(part).to_bytes(4, "big") + part  # FP702 (summary)
    return result


@app.get("/framed")
async def sends_frames(parts: list[bytes]) -> Response:
    return Response(framed(parts))


@app.post("/grown")
async def grown(request: Request) -> int:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
    return len(data)


@app.post("/lines")
async def lines(request: Request) -> list[bytes]:
    found: list[bytes] = []
    rest = b""
    async for chunk in request.stream():
        rest += chunk
        *whole, rest = rest.split(b"\n")
        found += whole
    return found


@app.post("/emptied")
async def emptied(request: Request) -> int:
    count = 0
    buffer = b""
    async for chunk in request.stream():
        buffer += chunk
        if len(buffer) > 65_536:
            count += 1
            buffer = b""
    return count


@app.post("/texts")
async def texts(request: Request) -> str:
    text = ""
    async for chunk in request.stream():
        text += chunk.decode()
    return text


@app.post("/header")
async def header(parts: list[bytes]) -> bytes:
    head = b""
    for size in range(3):
        head += bytes([size])
    return head

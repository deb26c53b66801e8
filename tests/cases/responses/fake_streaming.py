import io
import json
from collections.abc import Iterator

import openpyxl
from fastapi import Depends, FastAPI, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import text
from sqlalchemy.orm import Session

app = FastAPI()


def render() -> bytes:
    return b""


@app.get("/buffer")
def from_buffer() -> StreamingResponse:
    return StreamingResponse(io.BytesIO(render()), media_type="image/png")  # FP507


@app.get("/written")
async def written() -> StreamingResponse:
    target = io.StringIO()
    target.write("a,b")
    target.seek(0)
    return StreamingResponse(content=target, media_type="text/csv")  # FP507


@app.get("/iter")
def from_iter() -> StreamingResponse:
    body = render()
    return StreamingResponse(iter([body]))  # FP507


# Near misses


@app.get("/nothing")
def nothing() -> StreamingResponse:
    return StreamingResponse(io.StringIO("No keys yet"), media_type="text/csv")


def chunks() -> Iterator[bytes]:
    yield b""


@app.get("/generator")
def generator() -> StreamingResponse:
    return StreamingResponse(chunks())


@app.get("/whole")
def whole() -> Response:
    return Response(io.BytesIO(render()).getvalue())


@app.get("/several")
def several() -> StreamingResponse:
    parts = [render(), render()]
    return StreamingResponse(iter(parts))


@app.get("/either/{large}")
def either(large: bool) -> StreamingResponse:
    body = chunks()
    if not large:
        body = iter([*chunks()])
    return StreamingResponse(body)


@app.get("/file/{name}")
def of_a_file(name: str) -> StreamingResponse:
    return StreamingResponse(io.BytesIO(open(name, "rb").read()))


@app.get("/plain")
def plain() -> Response:
    return Response(iter([render()]))


@app.get("/failed")
def failed() -> StreamingResponse:
    return StreamingResponse(iter(["data: it failed\n\n"]), media_type="text/event-stream")


@app.get("/refused")
def refused() -> StreamingResponse:
    return StreamingResponse(iter([render()]), media_type="text/event-stream")


@app.get("/rows/file")
def one_line() -> StreamingResponse:
    output = json.dumps([1, 2])
    return StreamingResponse(io.BytesIO(output.encode()), media_type="application/json")  # FP507 (summary)


@app.get("/rows/shown")
def many_lines() -> StreamingResponse:
    output = json.dumps([1, 2], indent=2)
    return StreamingResponse(io.BytesIO(output.encode()), media_type="application/json")  # FP507


@app.get("/rows/dumped")
def dumped() -> StreamingResponse:
    lines = io.StringIO()
    json.dump([1, 2], lines, default=str)
    lines.seek(0)
    return StreamingResponse(lines, media_type="application/json")  # FP507 (change)


@app.get("/rows/dumped-twice")
def dumped_twice() -> StreamingResponse:
    lines = io.StringIO()
    json.dump([1, 2], lines)
    lines.write(render().decode())
    return StreamingResponse(lines, media_type="application/json")  # FP507


@app.get("/rows/printed")
def printed() -> StreamingResponse:
    lines = io.StringIO()
    json.dump([1, 2], lines)
    print(render().decode(), file=lines)
    return StreamingResponse(lines, media_type="application/json")  # FP507


@app.get("/rows/chosen")
def chosen(shown: bool) -> StreamingResponse:
    if shown:
        content = io.BytesIO(render())
    else:
        content = io.BytesIO(b"")
    return StreamingResponse(content, media_type="text/csv")  # FP507


@app.get("/rows/anew")
def anew() -> StreamingResponse:
    content = io.BytesIO(render())
    content = io.BytesIO(b"none")
    return StreamingResponse(content, media_type="text/csv")


@app.get("/rows/each-other")
def each_other() -> StreamingResponse:
    content = io.BytesIO(render())
    other = content
    content = other
    text = text.encode()
    return StreamingResponse(content, media_type=text)  # FP507


@app.get("/rows/either")
def either(shown: bool) -> StreamingResponse:
    if shown:
        content = io.BytesIO(render())
        return StreamingResponse(content, media_type="text/csv")  # FP507
    content = io.BytesIO(json.dumps([1, 2]).encode("utf-8"))
    return StreamingResponse(content, media_type="application/json")  # FP507 (change)


@app.get("/rows/text")
def some_text() -> StreamingResponse:
    output = render()
    return StreamingResponse(io.BytesIO(output), media_type="application/json")  # FP507


@app.get("/orders/import-template")
def form() -> StreamingResponse:
    content = render()
    return StreamingResponse(io.BytesIO(content), media_type="application/zip")  # FP507 (change)


@app.get("/orders/by-template")
def by_form(name: str) -> StreamingResponse:
    content = filled(name)
    return StreamingResponse(io.BytesIO(content), media_type="application/zip")  # FP507


@app.get("/orders/imports/{number}/errors/excel")
def not_taken_over(number: int) -> StreamingResponse:
    content = filled(str(number))
    return StreamingResponse(io.BytesIO(content), media_type="application/xlsx")  # FP507 (change)


def require_admin() -> str:
    return ""


def current_user() -> str:
    return ""


@app.get("/orders/all.xlsx")
def for_administrators(user: str = Depends(require_admin)) -> StreamingResponse:
    return StreamingResponse(io.BytesIO(filled("orders")), media_type="application/xlsx")  # FP507 (change)


@app.get("/orders/own.xlsx")
def for_everybody(user: str = Depends(current_user)) -> StreamingResponse:
    return StreamingResponse(io.BytesIO(filled("orders")), media_type="application/xlsx")  # FP507


@app.get("/errors/orders")
def of_orders_with_errors() -> StreamingResponse:
    content = filled("errors")
    return StreamingResponse(io.BytesIO(content), media_type="application/xlsx")  # FP507


@app.get("/orders/export-template")
def form_made_here() -> StreamingResponse:
    book = openpyxl.Workbook()
    for column, title in enumerate(("number", "customer"), start=1):
        book.active.cell(row=1, column=column, value=title)
    output = io.BytesIO()
    book.save(output)
    output.seek(0)
    return StreamingResponse(output, media_type="application/xlsx")  # FP507 (change)


@app.get("/mails/template")
def form_of_rows(session: Session) -> StreamingResponse:
    book = openpyxl.Workbook()
    for line in session.execute(text("select name from fields")):
        book.active.append([line.name])
    output = io.BytesIO()
    book.save(output)
    return StreamingResponse(output, media_type="application/xlsx")  # FP507


@app.get("/orders/plan")
def plan(rows: int) -> StreamingResponse:
    if not rows:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "plan"
        sheet.cell(row=1, column=1, value="There is no plan.")
        output = io.BytesIO()
        book.save(output)
        return StreamingResponse(output, media_type="application/xlsx")  # FP507 (change)
    book = openpyxl.Workbook()
    for number in range(rows):
        book.active.append([number])
    output = io.BytesIO()
    book.save(output)
    return StreamingResponse(output, media_type="application/xlsx")  # FP507


@app.get("/orders/written")
def written_by_helper() -> StreamingResponse:
    book = openpyxl.Workbook()
    sheet = book.active
    fill(sheet)
    output = io.BytesIO()
    book.save(output)
    return StreamingResponse(output, media_type="application/xlsx")  # FP507


@app.get("/orders/opened")
def opened(name: str) -> StreamingResponse:
    book = openpyxl.load_workbook(name)
    output = io.BytesIO()
    book.save(output)
    return StreamingResponse(output, media_type="application/xlsx")  # FP507


def fill(sheet: object) -> None:
    pass


def filled(name: str) -> bytes:
    return name.encode()


@app.get("/orders/template/chunks")
def form_in_chunks() -> StreamingResponse:
    return StreamingResponse(chunks())


@app.get("/orders/template")
def form_in_one_piece() -> Response:
    return Response(render())

import re
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, Template, select_autoescape
from lark import Lark
from markdown_it import MarkdownIt
from pydantic import BaseModel, TypeAdapter, create_model
from pyproj import CRS, Transformer

app = FastAPI()
IDS = TypeAdapter(list[int])
templates = Jinja2Templates("templates")


class Order(BaseModel):
    id: int


@app.post("/adapter")
def adapter(body: str) -> list[Order]:
    return TypeAdapter(list[Order]).validate_json(body)  # FP513


@app.post("/loop")
def in_loop(bodies: list[str]) -> list[list[int]]:
    return [TypeAdapter(list[int]).validate_json(body) for body in bodies]  # FP513


@app.get("/page")
def page(request: Request) -> Any:
    own = Jinja2Templates("templates")  # FP513
    return own.TemplateResponse(request, "page.html")


@app.get("/model")
def model() -> dict[str, Any]:
    return create_model("Narrow", __base__=Order).model_json_schema()  # FP513


# Near misses


@app.post("/own")
def of_a_model(body: str) -> Order:
    return TypeAdapter(Order).validate_json(body)  # the model's own validator


@app.get("/cells")
def cells() -> str:
    return Environment(autoescape=True).from_string("{{ total }}").render(total=1)


@app.post("/hoisted")
def hoisted(body: str) -> list[int]:
    return IDS.validate_json(body)


@app.post("/dynamic")
def dynamic(kind: str, body: str) -> Any:
    wanted: Any = int if kind == "int" else str
    return TypeAdapter(wanted).validate_json(body)


@lru_cache
def cached_adapter() -> TypeAdapter[list[int]]:
    return TypeAdapter(list[int])


@app.post("/cached")
def cached(body: str) -> list[int]:
    return cached_adapter().validate_json(body)


@app.get("/pattern")
def pattern(text: str) -> bool:
    return re.compile(r"\d+").search(text) is not None


@app.get("/mail/{folder}")
def mail(folder: str) -> str:
    return Environment(loader=FileSystemLoader(folder)).get_template("mail.txt").render()


def script(body: str) -> list[int]:
    return TypeAdapter(list[int]).validate_json(body)


@app.post("/unpacked")
def unpacked(body: str, options: dict[str, Any]) -> list[int]:
    return TypeAdapter(list[int], **options).validate_json(body)


class Rates:
    one: "Rates | None" = None

    def __init__(self) -> None:
        Rates.one = self
        self.load()

    def load(self) -> None:
        own = TypeAdapter(list[float])
        self.numbers = own.validate_python([1.5])


@app.get("/rates")
def rates() -> list[float]:
    if Rates.one is None:
        Rates()
    return Rates.one.numbers


class Prices:
    def __init__(self) -> None:
        self.load()

    def load(self) -> None:
        own = TypeAdapter(list[float])  # FP513
        self.numbers = own.validate_python([1.5])


@app.get("/prices")
def prices() -> list[float]:
    return Prices().numbers


@app.get("/letter")
def letter(name: str) -> str:
    return render("letter.html", name)


def render(template: str, name: str) -> str:
    environment = Environment(loader=FileSystemLoader("templates"), autoescape=select_autoescape())  # FP513
    return environment.get_template(template).render(name=name)


@app.get("/themes/{theme}")
def themed(theme: str) -> str:
    return Environment(loader=FileSystemLoader(theme)).get_template("page.html").render()


# Parsers, transformers, templates

GRAMMAR = "start: /[a-z]+/"
TO_GRID = Transformer.from_crs(4326, 27700)


@app.get("/parsers")
def parsers(text: str, x: float, y: float, grammar: str) -> list[object]:
    return [
        Lark(GRAMMAR).parse(text),  # FP513
        Lark(grammar).parse(text),
        Transformer.from_crs(4326, 27700, always_xy=True).transform(x, y),  # FP513
        Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True).transform(x, y),
        Template("Dear {{ name }}").render(name=text),  # FP513
        Template(text).render(),
        TO_GRID.transform(x, y),
    ]


@app.get("/grid/{code}")
def to_grid(code: int, x: float, y: float) -> list[object]:
    return [
        Transformer.from_crs(CRS.from_epsg(4326), code).transform(x, y),  # FP513 (summary)
        transformer(code).transform(x, y),
    ]


@lru_cache(maxsize=128)
def transformer(code: int) -> Transformer:
    return Transformer.from_crs(4326, code)


# Markdown, the description of the service

MARKDOWN = MarkdownIt()


class Text(BaseModel):
    html: str

    @classmethod
    def of(cls, text: str, *, shared: bool) -> "Text":
        if shared:
            return cls(html=MARKDOWN.render(text))
        return cls(html=MarkdownIt("gfm-like").render(text) + MarkdownIt().render(text))  # FP513


@app.get("/text")
def shown_text(text: str) -> Text:
    return Text.of(text, shared=False)


@app.get("/description")
def description() -> dict[str, object]:
    return get_openapi(title="shop", version="1", routes=app.routes)  # FP513


def described_once() -> dict[str, object]:
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(title="shop", version="1", routes=app.routes)
    return app.openapi_schema


app.openapi = described_once

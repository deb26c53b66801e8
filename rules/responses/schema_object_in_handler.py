from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import names_in, walk
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import Place, made_again
from rules.engine.service.first_time import is_first_time

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_COSTS = {
    "pydantic.TypeAdapter": ("builds a validator and a serializer", (0.09, 1.0)),
    "pydantic.type_adapter.TypeAdapter": ("builds a validator and a serializer", (0.09, 1.0)),
    "pydantic.create_model": ("builds a class with its validator and serializer", (0.3, 2.0)),
    "fastapi.templating.Jinja2Templates": ("forgets every compiled template", (0.5, 5.0)),
    "starlette.templating.Jinja2Templates": ("forgets every compiled template", (0.5, 5.0)),
    "jinja2.Environment": ("forgets every compiled template", (0.3, 5.0)),
    "jsonschema.Draft202012Validator": ("prepares the schema", (0.1, 1.0)),
    "jsonschema.Draft7Validator": ("prepares the schema", (0.1, 1.0)),
    "jinja2.Template": ("compiles the template", (0.5, 5.0)),
    "fastjsonschema.compile": ("writes and compiles a function for the schema", (0.5, 10.0)),
    "lark.Lark": ("builds a parser of the grammar", (0.8, 100.0)),
    "lark.Lark.open": ("reads the grammar and builds a parser of it", (0.8, 100.0)),
    "lxml.etree.XMLSchema": ("compiles the schema", (0.1, 10.0)),
    "lxml.etree.XSLT": ("compiles the stylesheet", (0.1, 10.0)),
    **dict.fromkeys(
        ("markdown_it.MarkdownIt", "markdown_it.main.MarkdownIt", "markdown.Markdown"),
        ("compiles the rules of its parser", (1.0, 2.0)),
    ),
    "fastapi.openapi.utils.get_openapi": ("describes all endpoints and models", (1.0, 100.0)),
    "xmlschema.XMLSchema": ("reads and compiles the schema", (10.0, 500.0)),
    **{
        f"pyproj.{place}Transformer.{name}": (
            "looks for the ways between two coordinate systems",
            (0.1, 60.0),
        )
        for place in ("", "transformer.")
        for name in ("from_crs", "from_proj", "from_pipeline")
    },
}
_BY_ARGUMENTS = ("pyproj.",)
"""What is worth keeping by its arguments too, which are few: two codes of coordinate systems."""


class SchemaObjectInHandler(Rule):
    """A validator, model class or template environment built for each request does work that is the same every time.

    `TypeAdapter(list[Order])` compiles a validator: 0.1 ms for a simple type, more for nested ones. A new Jinja2 environment
    starts with an empty cache, so every template is read and compiled again. A transformer between two coordinate systems
    (`pyproj`) takes up to 60 ms, a parser of a grammar as long as the grammar says.

    ## Instead
    Build it once at module level: `ADAPTER = TypeAdapter(list[Order])`. What depends on a few values is kept by them:
    `@lru_cache` on `def transformer(source: int, target: int)`.

    ## Trade-offs
    It is built when the module is imported, which makes the start a little slower.

    ## Monitor
    Processor time per request.

    ## When to ignore it
    When its type is only known while the request runs. `TypeAdapter(Order)` of one model takes the model's own validator and
    costs next to nothing.
    """

    code = "FP513"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI
            from pydantic import TypeAdapter

            app = FastAPI()


            @app.post("/ids")
            def ids(body: str) -> list[int]:
                return TypeAdapter(list[int]).validate_json(body)
            """,
            fixed="""
            from fastapi import FastAPI
            from pydantic import TypeAdapter

            _LIST_INT = TypeAdapter(list[int])

            app = FastAPI()


            @app.post("/ids")
            def ids(body: str) -> list[int]:
                return _LIST_INT.validate_json(body)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from pydantic import TypeAdapter

            IDS = TypeAdapter(list[int])

            @app.post("/ids")
            def ids(body: str) -> list[int]:
                return IDS.validate_json(body)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _COSTS

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func) or ""
        known = _COSTS.get(name)
        if known is None or (not node.args and not node.keywords and "arkdown" not in name):
            return
        place = made_again(node, module)
        if place is None or not _is_built(node) or is_first_time(node, module):
            return
        is_constant = _is_constant(node, module)
        if not is_constant and not name.startswith(_BY_ARGUMENTS):
            return
        what, (least, most) = known
        often = "in each turn of the loop" if place is Place.LOOP else "for each request"
        anew = "anew, always the same" if is_constant else "anew, also for values that were there before"
        is_adapter = spelled(node.func).endswith("TypeAdapter")
        yield Match(
            node,
            f"`{spelled(node.func)}` is built {often}: it {what} {anew}.",
            severity=Severity.LOW if is_adapter and place is Place.REQUEST else Severity.MEDIUM,
            confidence=Confidence.CERTAIN if is_constant else Confidence.POSSIBLE,
            fix=_hoisted(node, module) if is_adapter else None,
            impact=Impact(
                summary=f"{least}–{most} ms of processor time per request → 0",
                formula="cost of building it · requests",
                assumptions={"built_per_request": 1},
                measured=is_adapter,
            ),
            instead=""
            if is_constant
            else f"Put `{spelled(node.func)}(…)` into a function of the same values, with `@lru_cache(maxsize=128)`.",
        )


def _is_built(call: ast.Call) -> bool:
    """Whether making it takes work: a class brings its own validator, and an environment without a loader keeps nothing."""
    match spelled(call.func).rpartition(".")[2]:
        case "TypeAdapter":
            return bool(call.args) and isinstance(call.args[0], ast.Subscript | ast.BinOp)
        case "Environment":
            return any(keyword.arg == "loader" for keyword in call.keywords)
        case "from_crs":
            return not _is_web_map(call)
    return True


def _is_web_map(call: ast.Call) -> bool:
    """`Transformer.from_crs("EPSG:4326", "EPSG:3857")`: one way only, found in a tenth of a millisecond."""
    codes = {str(each.value).upper() for each in call.args if isinstance(each, ast.Constant)}
    return {code.removeprefix("EPSG:") for code in codes} == {"4326", "3857"}


def _is_constant(call: ast.Call, module: Module) -> bool:
    """Whether the arguments are the same for every request: constants and module-level names."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(isinstance(value, ast.Starred) for value in values) or any(k.arg is None for k in call.keywords):
        return False
    return all(
        not isinstance(node, ast.Await)
        and (not isinstance(node, ast.Call) or _makes_loader(node, module))
        and (not isinstance(node, ast.Name) or module.index.is_of_module(node))
        for value in values
        for node in walk(value)
    )


def _makes_loader(call: ast.Call, module: Module) -> bool:
    """`FileSystemLoader("templates")`, `select_autoescape()`: made with the environment, of what it is made of."""
    return (module.qualified_name(call.func) or "").startswith("jinja2.")


def _first_statement(module: Module) -> int:
    """The line of the first statement after the imports at the top."""
    for statement in module.tree.body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not is_text and not isinstance(statement, ast.Import | ast.ImportFrom):
            return statement.lineno
    return 0


def _hoisted(call: ast.Call, module: Module) -> Fix | None:
    """The object as a module-level name, where everything it needs is imported, not defined further down."""
    names = {node.id for argument in call.args for node in walk(argument) if isinstance(node, ast.Name)}
    names |= names_in(call.func)
    bindings = module.index.module.bindings
    start = _first_statement(module)
    if any(
        binding.kind != "import" or binding.line >= start
        for name in names
        for binding in bindings.get(name, ())
    ):
        return None
    words = "".join(char if char.isalnum() else "_" for char in ast.unparse(call.args[0])).strip("_").upper()
    constant = "_" + "_".join(filter(None, words.split("_")))
    if constant in bindings or len(constant) > 40:
        return None

    def rewrite(node: cst.Call) -> cst.BaseExpression:
        import libcst as cst

        return cst.Name(constant)

    made: Callable[[cst.Call], cst.BaseExpression] = rewrite
    return Fix(made, safety=Safety.SAFE, definitions=(f"{constant} = {ast.unparse(call)}",))

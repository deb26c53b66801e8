from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.data.schemas import Schemas
from rules.engine.linking.values import Sort, Value
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.responses import Answer, answer, is_model

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.module import Module

_DUMPS = frozenset({"model_dump", "dict"})
_LOADS = frozenset({"json.loads", "orjson.loads", "ujson.loads"})
_WRITES = frozenset({"model_dump_json", "json"})
_PLAIN_BASES = frozenset({"pydantic.BaseModel", "typing.Generic", "builtins.object"})
_ENCODERS = frozenset({"fastapi.encoders.jsonable_encoder"})


class RedundantDumpBeforeResponse(Rule):
    """A model is turned into a dictionary, which FastAPI turns into the same model again before it answers.

    A returned instance of the declared type is not validated again, only serialized. Its dictionary is: every row is dumped,
    validated and serialized, three to four times the work for a list, eight for `jsonable_encoder`.

    ## Instead
    Return the model, or the list of models, itself.

    ## Trade-offs
    Validators of the model no longer run a second time on what they already accepted, and its serializers run once
    instead of twice.

    ## Monitor
    Processor time per request, the serialization span of a trace.

    ## When to ignore it
    When the dump leaves fields out on purpose, or the declared type is another one.
    """

    code = "FP503"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "processor time per request"

    invalid = (
        Invalid(
            """
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            def recent() -> list[Order]:
                return [Order(id=number) for number in range(1000)]

            @app.get("/orders")
            def list_orders() -> list[Order]:
                orders = recent()
                return [order.model_dump() for order in orders]
            """,
            fixed="""
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int

            def recent() -> list[Order]:
                return [Order(id=number) for number in range(1000)]

            @app.get("/orders")
            def list_orders() -> list[Order]:
                orders = recent()
                return orders
            """,
        ),
    )
    valid = (
        Valid(
            """
            from pydantic import BaseModel

            class Order(BaseModel):
                id: int
                secret: str

            @app.get("/orders/{id}")
            def order(id: int) -> Order:
                found = Order(id=id, secret="")
                return found.model_dump(exclude={"secret"})  # leaves something out
            """
        ),
    )

    def check(self, node: ast.Return, module: Module) -> Iterator[Match]:
        function = module.function_of(node)
        declared = answer(function.node, module) if function is not None else None
        if node.value is None or declared is None or declared.model is None or not declared.is_typed:
            return
        value = node.value
        several = isinstance(value, ast.ListComp)
        dumped = value.elt if isinstance(value, ast.ListComp) else value
        source = _source(dumped, module)
        if source is None:
            return
        wanted = _declared_class(declared.model, module, several=several)
        own = module.value(source)
        same = own is not None and wanted and own.sort == Sort.OBJECT and own.name == wanted
        encoded = (
            isinstance(dumped, ast.Call)
            and module.qualified_name(dumped.func) in _ENCODERS
            and _names_model(declared.model, module)
        )
        if not (same or encoded):
            return
        plain = same and not encoded and own is not None and _keeps_its_values(own, module)
        safety = Safety.SAFE if plain else Safety.UNSAFE
        several = several or _is_several(declared.model)
        yield Match(
            value,
            _message(module, dumped, source, several=several),
            severity=Severity.MEDIUM if several else Severity.LOW,
            # One object costs some microseconds; what only an encoder makes of it may be no model at all.
            confidence=Confidence.CERTAIN if same and several else Confidence.POSSIBLE,
            fix=None if _leaves_out(declared) else Fix(_undumped, safety=safety),
            swallows=(("FP512", dumped.lineno),),
            impact=estimates.rows_serialized(module.options, "dumped"),
        )


def _leaves_out(declared: Answer) -> bool:
    """What was not set stays away from the answer: after a dump everything is set."""
    keywords = ("response_model_exclude_unset", "response_model_exclude_defaults")
    return any(keyword.arg in (None, *keywords) for keyword in declared.decorator.keywords)


def _keeps_its_values(own: Value, module: Module) -> bool:
    """No method of the class, nor of one that it holds, can be a serializer or validator that would run once less."""
    schemas = Schemas(module.project.resolver, module.project.models)
    seen: set[str] = set()
    pending = [own]
    while pending:
        value = pending.pop()
        if value.name in seen:
            continue
        seen.add(value.name)
        if value.module is None:
            return False
        for ancestor in module.project.resolver.ancestry(value):
            if ancestor.module is None:
                if ancestor.name not in _PLAIN_BASES:
                    return False
            elif any(name.startswith(f"{ancestor.symbol}.") for name in ancestor.module.functions):
                return False
        fields = schemas.fields(value)
        pending += [field.schema for field in fields if field.schema is not None]
    return True


def _source(dumped: ast.expr, module: Module) -> ast.expr | None:
    """What is dumped without leaving anything out."""
    if not isinstance(dumped, ast.Call):
        return None
    if module.qualified_name(dumped.func) in _ENCODERS:
        return dumped.args[0] if len(dumped.args) == 1 and not dumped.keywords else None
    if module.qualified_name(dumped.func) in _LOADS and len(dumped.args) == 1 and not dumped.keywords:
        match dumped.args[0]:
            case ast.Call(func=ast.Attribute(attr=name, value=source), args=[], keywords=[]) if (
                name in _WRITES
            ):
                return source if is_model(source, module) else None
    if not isinstance(dumped.func, ast.Attribute) or dumped.args:
        return None
    if dumped.func.attr not in _DUMPS or not _is_plain(dumped.keywords):
        return None
    return dumped.func.value if is_model(dumped.func.value, module) else None


def _is_plain(keywords: list[ast.keyword]) -> bool:
    """Only `mode="json"`: everything else changes what comes out."""
    return all(
        keyword.arg == "mode"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value in ("json", "python")
        for keyword in keywords
    )


def _declared_class(model: ast.expr, module: Module, *, several: bool) -> str:
    """The class that the endpoint declares, or the class of the items it declares."""
    if several:
        if not (isinstance(model, ast.Subscript) and _is_several(model)):
            return ""
        model = model.slice
    value = module.value(model)
    return value.name if value is not None and value.sort == Sort.CLASS else ""


def _names_model(model: ast.expr, module: Module) -> bool:
    """Whether the endpoint declares a class of the project's, or several: a `dict` is not made into anything."""
    return any(
        isinstance(each, ast.Name | ast.Attribute)
        and (value := module.value(each)) is not None
        and value.sort == Sort.CLASS
        and value.module is not None
        for each in walk(model)
    )


def _is_several(model: ast.expr) -> bool:
    match model:
        case ast.Subscript(value=ast.Name(id="list" | "List" | "Sequence")):
            return True
    return False


def _message(module: Module, dumped: ast.expr, source: ast.expr, *, several: bool) -> str:
    what = module.segment(dumped) if len(module.segment(dumped)) < 50 else "the dump"
    rows = (
        "each row is dumped, validated and serialized"
        if several
        else "it is dumped, validated and serialized"
    )
    return f"`{what}` makes a dictionary that FastAPI validates into the declared type again: {rows}."


def _undumped(value: cst.BaseExpression) -> cst.BaseExpression:
    import libcst as cst

    inner = _without_dump(value)
    if inner is not None:
        return inner
    if isinstance(value, cst.ListComp) and (kept := _without_dump(value.elt)) is not None:
        loop = value.for_in
        plain = not loop.ifs and loop.inner_for_in is None and isinstance(loop.target, cst.Name)
        if (
            plain
            and isinstance(kept, cst.Name)
            and isinstance(loop.target, cst.Name)
            and kept.value == loop.target.value
        ):
            return loop.iter
        return value.with_changes(elt=kept)
    return value


def _without_dump(value: cst.BaseExpression) -> cst.BaseExpression | None:
    import libcst as cst

    if not isinstance(value, cst.Call):
        return None
    if isinstance(value.func, cst.Attribute) and value.func.attr.value in _DUMPS | _WRITES:
        return value.func.value
    if len(value.args) != 1:
        return None
    inner = value.args[0].value
    written = isinstance(inner, cst.Call) and isinstance(inner.func, cst.Attribute)
    if written and isinstance(inner, cst.Call) and isinstance(inner.func, cst.Attribute):
        return inner.func.value if inner.func.attr.value in _WRITES else inner
    return inner

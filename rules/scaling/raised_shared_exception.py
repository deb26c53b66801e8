from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules.engine.linking.values import Sort
from rules.engine.reading.spelling import last_name
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.reading.scopes import Binding

_spelled: WeakKeyDictionary[ast.Module, dict[str, list[ast.Raise]]] = WeakKeyDictionary()
"""What a file raises, of which each `raise` asks."""


class RaisedSharedException(Rule):
    """One exception object that every request raises again keeps the traceback of each of them, and all their locals.

    `raise` does not start a new traceback on an exception that has one: it adds to it. An instance of the module lives as
    long as the process, so with each raise it holds on to more frames, and through them to the request, its body, its
    session and its rows. Nothing of it is ever freed.

    ## Instead
    Make the exception where it is raised: `raise HTTPException(401, "Invalid token")`, or through a small function that
    returns a new one: `raise invalid_token()`.

    ## Trade-offs
    None: a new exception costs a microsecond.

    ## Monitor
    Resident memory of a worker against the number of refused requests.

    ## When to ignore it
    When the process ends soon after the first raise.
    """

    code = "FP722"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    per_request = True
    effort = Effort.MINUTES
    watch = "resident memory per worker"
    impact = Impact("a few frames with their locals per raise, never freed → nothing")

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI, HTTPException

            app = FastAPI()
            not_found = HTTPException(404, "No such order")

            @app.get("/orders/{number}")
            def order(number: int) -> dict[str, int]:
                if number > 1000:
                    raise not_found
                return {"number": number}
            """
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import FastAPI, HTTPException

            app = FastAPI()

            @app.get("/orders/{number}")
            def order(number: int) -> dict[str, int]:
                if number > 1000:
                    raise HTTPException(404, "No such order")
                return {"number": number}
            """
        ),
    )

    def check(self, node: ast.Assign | ast.AnnAssign | ast.Raise, module: Module) -> Iterator[Match]:
        if isinstance(node, ast.Raise):
            yield from self._elsewhere(node, module)
            return
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        named = _raises(target.id, module) if isinstance(target, ast.Name) else ()
        if not named or not isinstance(target, ast.Name) or module.function_of(node) is not None:
            return
        raised = [each for each in named if _made_here(each.exc, module) is node]
        if raised:
            yield self._match(node, target.id, raised, module)

    def _elsewhere(self, node: ast.Raise, module: Module) -> Iterator[Match]:
        """An object of another module, or of a class, said at its first `raise` in the file."""
        if node.exc is not None and _is_kept(node.exc, module):
            spelled = ast.unparse(node.exc)
            raised = _raises(spelled, module)
            if raised and raised[0] is node:  # none where the file itself raises it, as it is imported
                yield self._match(node, spelled, raised, module)

    def _match(self, node: ast.stmt, spelled: str, raised: Sequence[ast.Raise], module: Module) -> Match:
        reached = any(map(module.reached, raised))
        return Match(
            node,
            f"`{spelled}` is one object for all requests: each `raise` adds its traceback, which keeps every local of that"
            " request in memory until the worker restarts.",
            severity=self.severity if reached else Severity.LOW,
            confidence=Confidence.LIKELY if reached else Confidence.POSSIBLE,
            siblings=tuple(sorted({each.lineno for each in raised} - {node.lineno})),
            instead=f"Make a new exception each time: turn `{spelled}` into a function that returns one, and `raise {spelled}()`.",
        )


def _raises(spelled: str, module: Module) -> Sequence[ast.Raise]:
    """Where functions of the file raise what is spelled so, in the order of `walk`."""
    known = _spelled.get(module.tree)
    if known is None:
        known = _spelled[module.tree] = {}
        for node in module.index.nodes[ast.Raise]:
            raised = node.exc  # type: ignore[attr-defined]  # by its class
            if isinstance(raised, ast.Name | ast.Attribute) and module.function_of(node) is not None:
                known.setdefault(ast.unparse(raised), []).append(node)  # type: ignore[arg-type]  # as above
        for each in known.values():
            each.sort(key=lambda node: (_depth(node, module), node.lineno, node.col_offset))
    return known.get(spelled, ())


def _depth(node: ast.AST, module: Module) -> int:
    above, depth = module.parent(node), 0
    while above is not None:
        above, depth = module.parent(above), depth + 1
    return depth


def _made_here(raised: ast.expr | None, module: Module) -> ast.AST | None:
    """The statement of the module that makes, once, the object that a name stands for."""
    binding = _only_binding(raised, module)
    if binding is None or binding.kind not in ("value", "annotated"):
        return None
    statement = module.statement(binding.node)
    made = getattr(statement, "value", None)
    if not isinstance(made, ast.Call):
        return None
    made_by = module.value(made.func)
    name = last_name(made.func)
    is_class = made_by.sort == Sort.CLASS if made_by is not None and made_by.module else name[:1].isupper()
    return statement if is_class else None


def _is_kept(raised: ast.expr, module: Module) -> bool:
    """`errors.not_found`, `Errors.not_found`, a name imported from another module: an instance that lives there."""
    value = module.value(raised)
    if value is None or value.sort not in (Sort.INSTANCE, Sort.OBJECT):
        return False
    if isinstance(raised, ast.Attribute):
        owner = module.value(raised.value)
        return owner is not None and owner.sort in (Sort.CLASS, Sort.MODULE)
    binding = _only_binding(raised, module)
    return binding is not None and binding.kind == "import"


def _only_binding(raised: ast.expr | None, module: Module) -> Binding | None:
    """What the module, and nothing nearer, binds a name to, when it does so once."""
    if not isinstance(raised, ast.Name):
        return None
    bindings = module.index.bindings_of(raised) if module.index.is_of_module(raised) else []
    return bindings[0] if len(bindings) == 1 else None

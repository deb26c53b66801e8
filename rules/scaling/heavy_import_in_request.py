from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Impact, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Function, Module
    from rules.engine.reading.facts import ModuleFacts

_MAKING = frozenset({"__init__", "__post_init__", "model_post_init", "__new__"})
_HEAVY = frozenset(
    {
        "pandas",
        "torch",
        "torchvision",
        "transformers",
        "sentence_transformers",
        "tensorflow",
        "keras",
        "jax",
        "sklearn",
        "scipy",
        "matplotlib",
        "cv2",
        "spacy",
        "nltk",
        "whisper",
        "xgboost",
        "lightgbm",
        "statsmodels",
        "pyspark",
        "plotly",
    }
)


class HeavyImportInRequest(Rule):
    """A large package imported inside a function is loaded by the first request that gets there, and that request waits.

    Importing `pandas` takes the better part of a second, `torch` or `transformers` several. In an `async def` that happens on the
    event loop, so for that time the worker serves nobody; with several workers, and after each restart, once per process.

    ## Instead
    Import it at the top of the module, so that it is loaded before the worker takes requests; or, where only some processes
    need it, once in the lifespan of those.

    ## Trade-offs
    Start-up takes longer and every worker holds the package in memory.

    ## Monitor
    Latency of the first requests after a deployment.

    ## When to ignore it
    When the package is optional, and hardly any process ever uses it.
    """

    code = "FP716"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "latency of the first requests after a deployment"

    invalid = (
        Invalid(
            """
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/sales")
            async def sales() -> dict[str, int]:
                import pandas as pd

                return pd.Series([1, 2, 3]).value_counts().to_dict()
            """
        ),
    )
    valid = (
        Valid(
            """
            import pandas as pd
            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/sales")
            def sales() -> dict[str, int]:
                return pd.Series([1, 2, 3]).value_counts().to_dict()
            """
        ),
    )

    def check(self, node: ast.Import | ast.ImportFrom, module: Module) -> Iterator[Match]:
        function = module.function_of(node)
        if function is None or not module.in_request_path(node):
            return
        package = next((name for name in _packages(node) if name in _HEAVY), None)
        if (
            package is None
            or _loaded_at_start(package, module)
            or _loaded_by_object(package, function, module)
        ):
            return
        if any(package in _packages(each) and each.lineno < node.lineno for each in _imports(function.node)):
            return  # said there
        on_loop = module.runs_on_event_loop(node)
        what = "the whole worker stands still meanwhile" if on_loop else "that request waits for it"
        yield Match(
            node,
            f"`{function.name}` imports `{package}` when the first request gets there: {what}.",
            severity=Severity.MEDIUM if on_loop else self.severity,
            confidence=Confidence.POSSIBLE,  # once per process, and often loaded by something else by then
            impact=Impact(
                summary="once per worker process: 0.2–0.7 s for pandas, several seconds for torch or transformers",
                formula="import time, once per process",
                assumptions={"package": package},
            ),
        )


def _packages(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]] if not node.level else []
    return [alias.name.partition(".")[0] for alias in node.names]


def _loaded_at_start(package: str, module: Module) -> bool:
    """Whether a module of the project imports it at its top, so that it is there already."""
    return package in _held(module.project)


def _held_by(path: str, facts: ModuleFacts) -> frozenset[str]:
    """The first names of all that the names of a file stand for."""
    return frozenset(held.partition(".")[0] for held in facts.members.values())


_held = Said(_held_by)
"""The packages that some file of the project has names of at its top."""


def _loaded_by_object(package: str, function: Function, module: Module) -> bool:
    """Whether making the object imported it, long before this method of it is called."""
    owner = module.parent(function.node)
    if not isinstance(owner, ast.ClassDef):
        return False
    return any(
        package in _packages(inner)
        for each in owner.body
        if isinstance(each, ast.FunctionDef) and each.name in _MAKING and each is not function.node
        for inner in _imports(each)
    )


def _imports(function: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    return (inner for inner in walk(function) if isinstance(inner, ast.Import | ast.ImportFrom))

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.finding import Impact
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import origins
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.creation import depends_on_request, goes_away, made_again
from rules.libraries.heavy import DICTIONARIES, FROM_PRETRAINED, LOADERS

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module


_OF_MODELS = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".onnx")


class ColdStartHeavyInit(Rule):
    """A model loaded while a request waits costs that request seconds, or every request when nothing keeps it.

    Loading reads hundreds of megabytes and builds the model in memory. Done per request it is most of the answer's time,
    and concurrent requests hold a copy each. Done on first use it is paid by whoever comes first after each deployment,
    in every worker again, and by the health check that waits behind it.

    ## Instead
    Load it in the lifespan, before the application takes requests, and keep it on `app.state`: that warms the process.

    ## Trade-offs
    The process starts later: give the readiness probe time. Each worker has its own copy; with several workers put the
    model into a service of its own.

    ## Monitor
    Latency of the first requests after a deployment; resident memory per worker.
    """

    code = "FP313"
    severity = Severity.CRITICAL
    effort = Effort.MINUTES
    watch = "latency of the first requests after a deployment"

    invalid = (
        Invalid(
            """
            from sentence_transformers import SentenceTransformer

            @app.post("/embed")
            def embed(text: str) -> list[float]:
                model = SentenceTransformer("all-MiniLM-L6-v2")
                return model.encode(text).tolist()
            """
        ),
    )
    valid = (
        Valid(
            """
            from sentence_transformers import SentenceTransformer

            @asynccontextmanager
            async def lifespan(app: FastAPI) -> AsyncIterator[None]:
                app.state.model = SentenceTransformer("all-MiniLM-L6-v2")
                yield

            app = FastAPI(lifespan=lifespan)

            @app.post("/embed")
            def embed(text: str, request: Request) -> list[float]:
                return request.app.state.model.encode(text).tolist()
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name in LOADERS or callee.name.endswith(".from_pretrained") or callee.name == "pickle.load"
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        what = _what(node, module)
        if not what or not module.in_request_path(node):
            return
        shown = spelled(node.func)
        if made_again(node, module) is None:
            if _is_first_use(node, module):
                yield Match(
                    node,
                    f"`{shown}` loads {what} when the first request asks for it: that request waits, in each worker again.",
                    severity=Severity.LOW,
                    confidence=Confidence.POSSIBLE,  # whoever may never need it waits for it when he does
                    impact=Impact("seconds for the first request of each worker after a deployment → none"),
                )
            return
        chosen = depends_on_request(node, module)
        doubtful = chosen and _reads_upload(node, module)
        if doubtful and not _is_of_models(node, module):
            return
        yield Match(
            node,
            f"`{shown}` loads {what} again for every request.",
            severity=Severity.MEDIUM
            if module.qualified_name(node.func) in DICTIONARIES
            else Severity.HIGH
            if chosen
            else self.severity,
            confidence=Confidence.POSSIBLE if doubtful or goes_away(node, module) else Confidence.LIKELY,
            impact=Impact(
                "seconds and a copy of the model in memory per request → once per process",
                "load time and size of the model, per request",
            ),
        )


def _what(call: ast.Call, module: Module) -> str:
    name = module.qualified_name(call.func)
    if name is None:
        return ""
    if name in LOADERS:
        return LOADERS[name]
    if name.endswith(".from_pretrained") and name.startswith(FROM_PRETRAINED):
        return "the tokenizer" if "okenizer" in name or "Processor" in name else "the model"
    if name == "pickle.load" and _is_fixed_file(call):
        return "the pickled object"
    return ""


def _is_fixed_file(call: ast.Call) -> bool:
    match call.args:
        case [ast.Call(func=ast.Name(id="open"), args=[ast.Constant(value=str()), *_])]:
            return True
        case [ast.Call(func=ast.Name(id="open"), args=[ast.Name(id=name), *_])]:
            return name.isupper()
    return False


def _reads_upload(call: ast.Call, module: Module) -> bool:
    """What is loaded is the request's own: a file it brought, a checkpoint it names."""
    return (module.qualified_name(call.func) or "") in (
        "joblib.load",
        "torch.load",
        "torch.jit.load",
        "lightgbm.Booster",
    )


def _is_of_models(call: ast.Call, module: Module) -> bool:
    """Whether the file is one of those that a folder holds under names: `joblib.load(f"models/{name}.pkl")`."""
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.endswith(_OF_MODELS)
        for argument in call.args[:1]
        for made in origins(argument, module)
        for part in walk(made)
    )


def _is_first_use(call: ast.Call, module: Module) -> bool:
    """Whether the object is made under a guard and kept, so that a request pays once: not in a constructor."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda) or function.name.startswith("__"):
        return False
    current = module.parent(call)
    while current is not None and current is not function.node:
        if isinstance(current, ast.If) and any(
            isinstance(inner, ast.Constant) and inner.value is None for inner in walk(current.test)
        ):
            return True
        if isinstance(current, ast.If) and isinstance(current.test, ast.UnaryOp):
            return True
        current = module.parent(current)
    return False

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import estimates
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.walking import own_calls
from rules.engine.rule import Confidence, Effort, Hop, Impact, Invalid, Match, Rule, Severity, Valid
from rules.engine.service.traffic import is_seldom
from rules.libraries import Kind

if TYPE_CHECKING:
    from rules.engine.module import Module

_MODELS = (
    "openai.",
    "anthropic.",
    "cohere.",
    "mistralai.",
    "groq.",
    "litellm.",
    "google.genai.",
    "google.generativeai.",
    "langchain",
)
_BRIEF = frozenset({"count_tokens", "moderation", "list", "retrieve", "delete", "add_texts", "add_documents"})
"""What answers soon, beside what a model writes: embeddings, searches, accounts of files."""
_LONG_SLEEP = 1.0
_NEAR = 3


class ThreadpoolStarvation(Rule):
    """A plain `def` endpoint that waits for long holds one of the 40 threads that all `def` endpoints share.

    FastAPI runs `def` endpoints and dependencies in 40 threads per process. A call that takes seconds (a language model, another
    program, a long sleep) keeps its thread for that time; with 40 of them under way every other `def` endpoint waits, quick
    ones too. Measured: beside 100 calls of one second another `def` endpoint answered after two seconds instead of milliseconds.

    ## Instead
    Wait without a thread: `async def` with an asynchronous client or `asyncio.create_subprocess_exec`. Work that takes minutes
    belongs into a queue. Raising the limit (`anyio.to_thread.current_default_thread_limiter().total_tokens = 100`) moves the
    edge.

    ## Trade-offs
    An `async def` must not block at all: everything it calls has to be asynchronous.

    ## Monitor
    Worker threads in use of 40, and the time requests wait for one.

    ## When to ignore it
    When only a handful of such requests ever run at once.
    """

    code = "FP119"
    about_own_line = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.HOURS
    watch = "worker threads in use of 40"

    invalid = (
        Invalid(
            """
            import openai
            from fastapi import FastAPI

            app = FastAPI()
            client = openai.OpenAI()

            @app.post("/summary")
            def summary(text: str) -> str:
                answer = client.responses.create(model="gpt-5", input=f"Summarise: {text}")
                return answer.output_text
            """
        ),
    )
    valid = (
        Valid(
            """
            import openai
            from fastapi import FastAPI

            app = FastAPI()
            client = openai.AsyncOpenAI()

            @app.post("/summary")
            async def summary(text: str) -> str:
                answer = await client.responses.create(model="gpt-5", input=f"Summarise: {text}")
                return answer.output_text
            """
        ),
    )

    def check(self, node: ast.FunctionDef, module: Module) -> Iterator[Match]:
        if str(module.role(node) or "") not in ("endpoint", "dependency"):
            return
        for call in own_calls(node):
            found = _long(call, module)
            if found is None:
                continue
            what, path, confidence = found
            threads = estimates.threads(module.options)
            yield Match(
                call,
                f"`{node.name}` holds one of {threads} worker threads while {what}: with {threads} under"
                " way every `def` endpoint of the process waits.",
                # Forty at a time come to what somebody asks for now and then only by a mistake.
                confidence=Confidence.POSSIBLE if is_seldom(call, module) else confidence,
                when_new=confidence,
                call_path=(Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *path)
                if path
                else (),
                impact=Impact(
                    summary=f"at most {threads} such requests at once per process; more of them wait in waves",
                    formula="capacity = threads / duration",
                    assumptions={"threads": threads},
                    measured=True,
                ),
            )
            return


def _long(call: ast.Call, module: Module) -> tuple[str, tuple[Hop, ...], Confidence] | None:
    """What takes long, in words that follow "while", with the way to it, and how sure it is that many do so at once."""
    entry = module.blocking(call)
    if entry is not None:
        if entry.kind is Kind.SLEEP and _seconds(call) > _LONG_SLEEP:
            return f"it sleeps {_seconds(call):g} s", (), Confidence.POSSIBLE
        if (
            entry.kind is Kind.PROC
            and not entry.construct
            and not any(each.arg == "timeout" for each in call.keywords)
        ):
            return f"`{entry.name}` runs another program", (), Confidence.POSSIBLE
        if entry.kind is Kind.NET and _writes(entry.name):
            return f"`{entry.name}` waits for a language model", (), Confidence.LIKELY
        return None
    summary = module.summary(call)
    if summary is None or summary.is_async:
        return None
    for leaf in summary.blocking:
        if leaf.blocking is None or leaf.cached or len(leaf.path) > _NEAR:
            continue
        if leaf.blocking.kind is Kind.NET and _writes(leaf.callable):
            return f"`{leaf.callable}` waits for a language model", leaf.path, Confidence.LIKELY
    return None


def _writes(name: str) -> bool:
    """Whether a call has a language model write something, which takes seconds."""
    last = name.rpartition(".")[2]
    brief = last in _BRIEF or "search" in last or "embed" in name or ".from_" in name or ".files." in name
    return name.startswith(_MODELS) and not brief


def _seconds(call: ast.Call) -> float:
    argument = call.args[0] if call.args else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, int | float):
        return float(argument.value)
    return 0.0

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rules.engine.fixing.rewrites import with_keyword
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Impact, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import serves

if TYPE_CHECKING:
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_URLLIB3 = frozenset({"urllib3.Retry", "urllib3.util.Retry", "urllib3.util.retry.Retry"})
_TENACITY = frozenset(
    f"tenacity.{name}"
    for name in ("retry", "Retrying", "AsyncRetrying", "asyncio.AsyncRetrying", "_asyncio.AsyncRetrying")
)
_PAUSES = ("sleep", "backoff", "wait", "delay")
_PARTICULAR = regex(
    r"NotFound|Gone|Conflict|Exists|Stale|Expired|Auth|Forbidden|Token|Credential|Integrity|Precondition|Version"
    r"|Decode|Validation|Value|Key|Attribute|Type|Pars|Syntax|StopIteration"
)
"""Exceptions that say what is the matter: the next attempt is made with something else."""
_STATUS = regex(r"status|code|errno|reason", re.IGNORECASE)
_OVERLOAD = regex(r"429|50[0-9]|>=? ?(?:499|500)|TOO_MANY|UNAVAILABLE|TIMEOUT|SERVER_ERROR", re.IGNORECASE)
_LOGS = regex(r"log|print|warn|capture_exception|record|append|add|metric|count|observe", re.IGNORECASE)
_FEW = 2
"""Attempts, the first included."""
_STORM = Impact(
    summary="a peer that is down for a second gets every attempt within that second: the load on it is multiplied by the"
    " number of attempts",
    formula="requests · attempts",
)


class RetryWithoutBackoff(Rule):
    """A retry that never gives up, or does not wait, loads a peer that is overloaded with the same request again.

    Whatever made the first attempt fail is still there a millisecond later. All callers retry together, and each
    attempt holds its thread or connection longer. Without a limit on attempts the caller waits for as long as the peer
    is down.

    ## Instead
    Wait longer after each attempt, with some chance in it, and stop after a few:
    `@retry(stop=stop_after_attempt(3), wait=wait_exponential_jitter(max=5))`, or `Retry(total=3, backoff_factor=0.5)`.

    ## Trade-offs
    A request that fails in the end takes longer to fail: keep the sum below the caller's own timeout.

    ## Monitor
    Attempts per call, error rate of the dependency.

    ## When to ignore it
    When the loop tries other addresses, or resolves a conflict between writers.
    """

    code = "FP608"
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "attempts per call and error rate of the dependency"

    invalid = (
        Invalid(
            """
            from urllib3.util.retry import Retry

            POLICY = Retry(total=5)
            """,
            fixed="""
            from urllib3.util.retry import Retry

            POLICY = Retry(total=5, backoff_factor=0.5)
            """,
        ),
    )
    valid = (
        Valid(
            """
            from urllib3.util.retry import Retry

            POLICY = Retry(total=5, backoff_factor=0.5)
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.name in _URLLIB3 or callee.name in _TENACITY

    def check(
        self,
        node: ast.Call | ast.For | ast.AsyncFor | ast.While | ast.FunctionDef | ast.AsyncFunctionDef,
        module: Module,
    ) -> Iterator[Match]:
        if isinstance(node, ast.Call):
            name = module.qualified_name(node.func)
            if (name in _URLLIB3 or name in _TENACITY) and serves(node, module):
                yield from self._policy(node, module)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if not isinstance(decorator, ast.Call) and module.qualified_name(decorator) in _TENACITY:
                    yield Match(
                        decorator,
                        f"`@{ast.unparse(decorator)}` without arguments tries `{node.name}` again for ever, without a pause.",
                        confidence=Confidence.CERTAIN,
                        impact=_STORM,
                    )
        else:
            yield from self._loop(node, module)

    def _policy(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if None in given or any(isinstance(argument, ast.Starred) for argument in node.args):
            return
        if name in _URLLIB3:
            factor = given.get("backoff_factor")
            attempts = given.get("total", node.args[0] if node.args else None)
            if (
                _is_zero(attempts)
                or (attempts is not None and _is_false(attempts))
                or not (given or node.args)
                or _is_few_connections(given)
            ):
                return
            if factor is None or _is_zero(factor):
                yield Match(
                    node,
                    f"`{ast.unparse(node.func)}` without `backoff_factor` sends the same request again at once.",
                    # Without a list of answers to try again after, only connections that failed are made anew.
                    confidence=Confidence.LIKELY if "status_forcelist" in given else Confidence.POSSIBLE,
                    fix=Fix(with_keyword("backoff_factor", "0.5"), safety=Safety.UNSAFE)
                    if factor is None
                    else None,
                    impact=_STORM,
                )
        elif name in _TENACITY and not node.args:
            yield from self._tenacity(node, given, module)

    def _tenacity(self, node: ast.Call, given: dict[str | None, ast.expr], module: Module) -> Iterator[Match]:
        lacking = [word for word in ("stop", "wait") if word not in given]
        if not lacking or "sleep" in given:
            return
        if lacking == ["wait"] and not _leaves(node, module):
            return
        words = {"stop": "never gives up", "wait": "tries again at once"}
        shown = " and ".join(words[word] for word in lacking)
        missing = "` and `".join(lacking)
        yield Match(
            node,
            f"`{ast.unparse(node.func)}` without `{missing}` {shown}.",
            confidence=_sure(lacking, given.get("stop")),
            impact=_STORM,
        )

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, module: Module) -> Iterator[Match]:
        """A loop that only tries one external call until it succeeds."""
        if isinstance(node, ast.AsyncFor) or module.function_of(node) is None or not serves(node, module):
            return  # what a file does when it is run or imported is tried again by nobody else
        if isinstance(node, ast.For):
            if not (
                isinstance(node.iter, ast.Call) and module.qualified_name(node.iter.func) == "builtins.range"
            ):
                return
        elif not (isinstance(node.test, ast.Constant) and node.test.value):
            return
        tries = [statement for statement in node.body if isinstance(statement, ast.Try)]
        if len(tries) != 1 or any(_pauses(inner) for inner in walk(node)):
            return
        attempt = tries[0]
        calls = [
            inner
            for statement in attempt.body
            for inner in walk(statement)
            if isinstance(inner, ast.Call) and module.external(inner) is not None
        ]
        if len(calls) != 1 or not _leaves_on_success(attempt, node) or not _goes_on(attempt):
            return
        if module.depends_on_loop(calls[0], node):
            return  # another page or address each time
        never = " and never gives up" if isinstance(node, ast.While) and not _gives_up(node) else ""
        yield Match(
            node,
            f"The loop sends `{ast.unparse(calls[0].func)}` again at once when it fails{never}.",
            # A few attempts at once may be meant for a connection that was closed; without an end they are a storm.
            confidence=Confidence.LIKELY if module.reached(node) and never else Confidence.POSSIBLE,
            impact=_STORM,
        )


def _is_few_connections(given: dict[str | None, ast.expr]) -> bool:
    """`Retry(connect=1, read=0, status=0)`: a request that reached the peer is sent once, a connection tried again once or twice."""
    connect = given.get("connect")
    return (
        all(
            name in given and (_is_zero(given[name]) or _is_false(given[name])) for name in ("read", "status")
        )
        and isinstance(connect, ast.Constant)
        and isinstance(connect.value, int)
        and connect.value <= _FEW
    )


def _sure(lacking: list[str], stop: ast.expr | None) -> Confidence:
    """Waiting without an end hurts nobody else: whoever keeps a connection up means it so. One more attempt is no storm."""
    if lacking == ["stop"] or _is_one_more(stop):
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if "stop" in lacking else Confidence.POSSIBLE


def _is_one_more(stop: ast.expr | None) -> bool:
    """`stop_after_attempt(2)`, `range(2)`"""
    match stop:
        case ast.Call(args=[ast.Constant(value=int(number))]):
            return number <= _FEW
    return False


def _is_zero(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _pauses(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return any(word in name.lower() for word in _PAUSES)


def _leaves_on_success(attempt: ast.Try, loop: ast.For | ast.While) -> bool:
    """Whether the loop ends as soon as the attempt went through."""
    body = [*attempt.body, *attempt.orelse, *loop.body[loop.body.index(attempt) + 1 :]]
    return any(isinstance(inner, ast.Return | ast.Break) for statement in body for inner in walk(statement))


def _goes_on(attempt: ast.Try) -> bool:
    """Whether some handler leads to the next turn after whatever went wrong, an overload included."""
    return any(
        not _always_leaves(handler.body) and not _is_particular(handler) for handler in attempt.handlers
    )


def _is_particular(handler: ast.ExceptHandler) -> bool:
    """Whether only one known answer is tried again, which no waiting would change, or another function decides."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    if all(kind is not None and _PARTICULAR.search(last_name(kind)) for kind in kinds):
        return True
    for node in walk(handler):
        if isinstance(node, ast.If) and _STATUS.search(ast.unparse(node.test)):
            return not _OVERLOAD.search(ast.unparse(node.test))
        if (
            handler.name
            and isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call | ast.Await)
            and not _LOGS.search(ast.unparse(node.value).partition("(")[0])
            and any(isinstance(each, ast.Name) and each.id == handler.name for each in walk(node))
        ):
            return True  # `self.check(error, attempts)` may raise, or wait
    return False


def _gives_up(loop: ast.While) -> bool:
    """Whether something but success ends the loop: a handler that may raise, a count that is looked at."""
    counted = {
        target.id
        for node in walk(loop)
        if isinstance(node, ast.AugAssign | ast.Assign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in walk(loop):
        if isinstance(node, ast.ExceptHandler) and _may_leave(node.body):
            return True
        if (
            isinstance(node, ast.If)
            and isinstance(node.test, ast.Compare)
            and _may_leave([*node.body, *node.orelse])
            and any(isinstance(each, ast.Name) and each.id in counted for each in walk(node.test))
        ):
            return True
    return False


def _may_leave(body: Sequence[ast.stmt]) -> bool:
    return any(isinstance(inner, ast.Raise | ast.Return | ast.Break) for each in body for inner in walk(each))


def _always_leaves(body: Sequence[ast.stmt]) -> bool:
    return any(
        isinstance(statement, ast.Raise | ast.Return | ast.Break)
        or (
            isinstance(statement, ast.If)
            and _always_leaves(statement.body)
            and _always_leaves(statement.orelse)
        )
        for statement in body
    )


def _leaves(node: ast.Call, module: Module) -> bool:
    """Whether the function that is retried talks to something outside the process."""
    parent = module.parent(node)
    if not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) or node not in parent.decorator_list:
        return False
    found = module.project.node(module.path, module.index.scope_of[parent].symbol)
    if found is None:
        return False
    summary = module.project.summaries.of(found)
    return bool(summary.external)

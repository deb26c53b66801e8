from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from rules import libraries
from rules.engine.costs.measured import frees
from rules.engine.fixing.rewrites import in_thread
from rules.engine.kept_answers import once_for_node
from rules.engine.loops.loop_bound import holds_mutex
from rules.engine.loops.loop_calls import (
    carries_bound_object,
    direct,
    offload_primitive,
    stops,
    through_helper,
)
from rules.engine.loops.loop_effects import confidence
from rules.engine.reading import facts, open_modes
from rules.engine.reading.loop_shapes import is_short, spelled
from rules.engine.reading.origins import parameters
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.walking import names_loaded, names_stored, own_calls, walk
from rules.engine.rule import Confidence, Effort, Fix, Hop, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service import payloads
from rules.engine.service.traffic import is_seldom
from rules.libraries import Blocking, Kind

if TYPE_CHECKING:
    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.linking.callees import Callee
    from rules.engine.linking.graph import Node
    from rules.engine.module import Function, Module

_OPENS = open_modes.FUNCTIONS | {"pathlib.Path.open"}
# Making one costs little; what is done with it is reported where it is done.
_QUIET = frozenset(
    {"zipfile.ZipFile", "tarfile.open", "io.open_code", "fileinput.input"}
    | {"zipfile.ZipFile.writestr"}  # into memory as often as not
)
_TREES = frozenset(
    {
        "shutil.copytree",
        "shutil.rmtree",
        "shutil.make_archive",
        "shutil.unpack_archive",
        "shutil.copyfileobj",
        "zipfile.ZipFile.extractall",
        "tarfile.TarFile.extractall",
        "tarfile.TarFile.add",
        "os.walk",
        "os.fwalk",
        "pathlib.Path.rglob",
    }
)
"""They work through as much as there is."""
_WHOLE = (_TREES - {"shutil.rmtree", "os.walk", "os.fwalk", "pathlib.Path.rglob"}) | {
    "zipfile.ZipFile.write",
    "zipfile.ZipFile.extract",
}
"""What is worth saying of a helper: it packs, unpacks or copies."""
_CONTENTS = _OPENS | {
    f"pathlib.Path.{name}" for name in ("read_text", "read_bytes", "write_text", "write_bytes")
}
_CLOSE = 3
"""Calls from the asynchronous function to the work; what is further away is rarely the same each time."""
_NAMED = "fsspec.NamedFileSystem."
_NEAR = 5
"""The same for file systems that may be far away: a helper of a wrapper's method."""
_AS_IS = ", as much as there is"
_IN_LOOP = ", again and again in a loop"
_UPLOAD = ", an upload of any size"
_WRITTEN = ", and writes the file"
_READ_BACK = ", and reads what the application keeps there"
_MEMBERS = ("zipfile.ZipFile.", "tarfile.TarFile.")
_SETTINGS = regex(r"settings|config|cfg|env")
_MOVES = regex(r"_*(?:load|read|get|fetch|save|store|write|dump|put|set|persist|update)(?:_|$)")
_GROWING = regex(
    r"(?:^|[^a-z])(?:access|error|app|audit)?_?logs?(?:[^a-z]|$)|\.jsonl\b|(?:^|[^a-z])history(?:[^a-z]|$)",
    re.IGNORECASE,
)
"""What files are called that are only ever added to."""
_LAZY = frozenset({"os.walk", "os.fwalk", "pathlib.Path.rglob"})
_SEARCHES = frozenset({"glob.glob", "pathlib.Path.glob"})
"""They read the whole directory, however few names fit."""
_KEPT = (
    "Keep the full name with what it belongs to, so that there is nothing to search; or search in a thread:"
    " `await asyncio.to_thread(...)`."
)


class BlockingFileIoInAsync(Rule):
    """Reading or writing files on the event loop stops every request of the worker while the disk works.

    Python has no asynchronous files: `open`, `read` and `write` return when the disk is done. A small file that the system has
    in memory costs microseconds, and is better read directly. An upload, a directory tree, a file per item or a network
    volume costs as long as it takes, and the worker stands still meanwhile.

    ## Instead
    Hand the whole operation to a thread: `await asyncio.to_thread(path.write_bytes, data)`, or a small function that opens,
    reads and closes. `anyio.open_file` does so call by call.

    ## Trade-offs
    A hop to a thread costs 0.2 ms: for files of some kilobytes that is more than the read itself (measured: a third to two
    thirds of the throughput).

    ## Monitor
    Event-loop lag p99, disk wait.

    ## When to ignore it
    For small local files that are read again and again, and so lie in memory.
    """

    code = "FP115"
    per_request = True
    paid_by_misses = True
    severity = Severity.MEDIUM
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "event-loop lag p99 and disk wait"

    invalid = (
        Invalid(
            """
            import asyncio
            from pathlib import Path

            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @app.post("/labels/{number}")
            async def save_label(number: int, file: UploadFile) -> None:
                Path(f"/data/labels/{number}").write_bytes(await file.read())
            """,
            fixed="""
            import asyncio
            from pathlib import Path

            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @app.post("/labels/{number}")
            async def save_label(number: int, file: UploadFile) -> None:
                await asyncio.to_thread(Path(f"/data/labels/{number}").write_bytes, await file.read())
            """,
        ),
    )
    valid = (
        Valid(
            """
            from pathlib import Path

            from fastapi import FastAPI

            app = FastAPI()

            @app.get("/terms")
            async def terms() -> str:  # a small file that lies in memory
                return Path("terms.txt").read_text()
            """
        ),
        Valid(
            """
            from pathlib import Path

            from fastapi import FastAPI, UploadFile

            app = FastAPI()

            @app.post("/labels/{number}")
            def save_label(number: int, file: UploadFile) -> None:  # runs in a thread
                Path(f"/data/labels/{number}").write_bytes(file.file.read())
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return callee.meaning.blocking is not None or callee.enters

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        entry = module.blocking(node)
        if entry is None:
            yield from self.through_helper(node, module)
            return
        if entry.kind is not Kind.DISK or entry.name in _QUIET:
            return
        if entry.name in _SEARCHES:
            yield from self.search(node, module)
            return
        if entry.light and entry.name not in _LAZY:
            return
        if node.args and module.type_of(node.args[0]) == "io.BytesIO":
            return  # it lies in memory
        if entry.name.startswith(_MEMBERS) and entry.name not in _TREES and _is_in_memory(node, module):
            return
        if entry.name.startswith("tempfile.") and not _is_written(node, module):
            return
        function = module.function_of(node)
        if function is None or not function.is_async or not module.runs_on_event_loop(node):
            return
        if module.is_awaited(node) or module.is_offloaded(node):
            return
        if (
            entry.name not in _TREES
            and _is_own_file(node, module)
            and not _reads_what_grows(node, entry.name, module)
        ):
            return
        if entry.name in _LAZY and not _is_iterated(node, module):
            return
        if (
            _first_of_statement(node, module) is not node
            or _said_within(node, module)
            or _cleans_up(node, module)
        ):
            return
        large = _large(node, entry.name, module)
        felt = not _is_felt_by_few(node, large, function.node, module) and not _is_passed_on(node, module)
        verb = _verb(node, entry.name)
        yield Match(
            node,
            f"`{spelled(node.func)}` in `{function.name}` {verb} on the event loop{large}:"
            " while the disk works, this worker serves nobody.",
            severity=Severity.MEDIUM if large else Severity.LOW,
            confidence=Confidence.LIKELY
            if large and large != _AS_IS and felt  # trees are mostly a few small files
            else Confidence.POSSIBLE,
            when_new=Confidence.LIKELY
            if not large
            and felt
            and not is_seldom(node, module)
            and _is_asked_for(node, function.node, module)
            else None,
            fix=_fix(node, entry, module) if large else None,
            cause=f"FP115 {module.path}:{function.symbol}",
        )

    def search(self, node: ast.Call, module: Module) -> Iterator[Match]:
        """A file that is looked for by a part of its name, which a request says."""
        function = module.function_of(node)
        if function is None or not function.is_async or not module.runs_on_event_loop(node):
            return
        if module.is_offloaded(node) or not _is_searched_for(node, module) or _cleans_up(node, module):
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` in `{function.name}` reads the whole directory on the event loop to find what fits:"
            " while the disk works, this worker serves nobody.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # nobody sees how many files there are
            instead=_KEPT,
            cause=f"FP115 {module.path}:{function.symbol}",
        )

    def through_helper(self, call: ast.Call, module: Module) -> Iterator[Match]:
        """A synchronous function of the project that packs, unpacks or copies files."""
        function = module.function_of(call)
        if function is None or not function.is_async or not module.reached(call) or module.is_awaited(call):
            return
        summary = module.summary(call)
        if summary is None or summary.is_async or module.is_offloaded(call):
            return
        if not module.runs_on_event_loop(call):
            return
        leaf = next((leaf for leaf in summary.blocking if _is_work(leaf)), None)
        if leaf is None:
            said = tuple(self.files_of_helper(call, function, summary, module))
            yield from said or self.of_any_machine(call, summary, module)
            return
        here = Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2])
        if leaf.callable in _SEARCHES:
            if _hands_over_asked(call, function.node, module):
                yield Match(
                    call,
                    f"`{spelled(call.func)}` reaches `{leaf.callable}` on the event loop, which reads the whole directory to find"
                    " what fits: while the disk works, this worker serves nobody.",
                    severity=Severity.LOW,
                    confidence=Confidence.POSSIBLE,
                    call_path=(here, *leaf.path),
                    instead=_KEPT,
                    cause=f"FP115 {leaf.path[-1].path}:{leaf.path[-1].line}",
                )
            else:
                yield from self.files_of_helper(call, function, summary, module)
            return
        yield Match(
            call,
            f"`{spelled(call.func)}` reaches `{leaf.callable}` on the event loop, which works through as much as there is:"
            " while the disk works, this worker serves nobody.",
            severity=Severity.MEDIUM,
            confidence=Confidence.POSSIBLE,  # as much as there is, and nobody knows how much
            call_path=(here, *leaf.path),
            instead="Hand the helper to a worker thread: `await asyncio.to_thread(...)`."
            if (known := libraries.blocking(leaf.callable)) is not None and frees(known)
            else "Give the work to a queue worker.",
        )

    def of_any_machine(self, call: ast.Call, summary: Summary, module: Module) -> Iterator[Match]:
        """A helper that asks a file system of which the address says where it lies: `fsspec.url_to_fs(url)`."""
        leaf = next(filter(_is_of_any_machine, summary.blocking), None)
        if leaf is None or _is_of_any_machine_before(call, module):
            return
        if module.call_flags(call) & (facts.FAILING | facts.ON_MISS):
            return
        yield Match(
            call,
            f"`{spelled(call.func)}` asks a file system of `fsspec` (`{leaf.callable.rpartition('.')[2]}`) on the event loop: while the"
            " disk works, or the store that the address names, this worker serves nobody.",
            severity=Severity.LOW,
            confidence=Confidence.POSSIBLE,  # nobody sees where it lies
            call_path=(Hop(module.path, call.lineno, spelled(call.func).rpartition(".")[2]), *leaf.path),
            instead="Hand the helper to a worker thread: `await asyncio.to_thread(...)`.",
            cause=f"FP115 {leaf.path[-1].path}:{leaf.path[-1].line}",
        )

    def files_of_helper(
        self, call: ast.Call, function: Function, summary: Summary, module: Module
    ) -> Iterator[Match]:
        """A synchronous function of the project that reads or writes one file after the other, or one that a request names."""
        leaves = list(filter(_is_of_files, summary.blocking))
        if not leaves or _cleans_up(call, module) or str(module.role(call) or "") == "exception handler":
            return
        ways = [list(_way(leaf, call, module)) for leaf in leaves]
        tellings = [
            "" if leaf.on_miss or leaf.rarely else _is_kept_there(way)
            for leaf, way in zip(leaves, ways, strict=True)
        ]
        chosen = next((number for number, telling in enumerate(tellings) if telling), 0)
        leaf, way, kept = leaves[chosen], ways[chosen], tellings[chosen]
        again = module.is_repeated(call) or _is_in_loop(way)
        seldom = leaf.on_miss or bool(leaf.rarely)
        if not (again or kept) and (
            seldom or not _takes_something(way, module) or not _hands_over_asked(call, function.node, module)
        ):
            return
        if again and not kept and not _is_in_loop(way) and not _takes_something(way, module):
            return
        if _is_beside_worse(function.node, module):
            return
        name = spelled(call.func)
        yield Match(
            call,
            f"`{name}` reaches `{leaf.callable}` on the event loop{_IN_LOOP if again else kept}:"
            " while the disk works, this worker serves nobody.",
            severity=Severity.MEDIUM if again else Severity.LOW,
            confidence=Confidence.POSSIBLE,  # nobody sees how many files there are, or how large
            when_new=Confidence.LIKELY if again and not seldom and not is_seldom(call, module) else None,
            call_path=(Hop(module.path, call.lineno, name.rpartition(".")[2]), *leaf.path),
            instead=f"Hand the helper to a worker thread: `await asyncio.to_thread({name}, …)`.",
            cause=f"FP115 {leaf.path[-1].path}:{leaf.path[-1].line}",
        )


def _is_searched_for(call: ast.Call, module: Module) -> bool:
    """Whether the pattern that is searched for is not the same each time: `directory.glob(f"{name}.*")`."""
    pattern = call.args[0] if call.args else None
    return isinstance(pattern, ast.JoinedStr | ast.BinOp) and not all(
        name.isupper() for name in names_loaded(pattern)
    )


def _hands_over_asked(call: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether a request says a part of what a call is given: the name of a file to look for."""
    if not isinstance(function, ast.AsyncFunctionDef) or not module.in_request_path(call):
        return False
    asked = _asked_names(function, module)
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(not names_loaded(value).isdisjoint(asked) for value in values)


def _is_work(leaf: Leaf) -> bool:
    return (
        leaf.kind == Kind.DISK
        and (leaf.callable in _WHOLE or leaf.callable in _SEARCHES)
        and len(leaf.path) <= _CLOSE
        and not (leaf.cached or leaf.on_miss or leaf.rarely)
    )


def _is_of_any_machine(leaf: Leaf) -> bool:
    """Whether it asks a file system that may be that of this machine or a store far away."""
    return (
        leaf.callable.startswith(_NAMED)
        and len(leaf.path) <= _NEAR
        and not (leaf.cached or leaf.on_miss or leaf.rarely or leaf.kept_by is not None)
    )


def _is_of_any_machine_before(call: ast.Call, module: Module) -> bool:
    """Whether the function has said as much of another helper."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return False
    first = _first_of_any_machine(function.node, module)
    return first is not None and first < (call.lineno, call.col_offset)


@once_for_node
def _first_of_any_machine(
    function: ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> tuple[int, int] | None:
    """Where a function first has a helper ask a file system of any machine."""
    places = [
        (each.lineno, each.col_offset)
        for each in own_calls(function)
        if not module.is_awaited(each)
        and (summary := module.summary(each)) is not None
        and not summary.is_async
        and any(map(_is_of_any_machine, summary.blocking))
    ]
    return min(places, default=None)


def _is_of_files(leaf: Leaf) -> bool:
    """Whether it reads or writes a file, not only while an object is made that is kept, or when something went wrong."""
    return (
        leaf.kind == Kind.DISK
        and leaf.callable in _CONTENTS
        and len(leaf.path) <= _CLOSE
        and not leaf.cached
        and not leaf.rarely & (facts.ONCE | facts.FAILING | facts.ASIDE)
        and leaf.kept_by is None
    )


def _way(leaf: Leaf, call: ast.Call, module: Module) -> Iterator[tuple[Node, Hop]]:
    """The functions from the helper to the file, each with the place in it where the way goes on."""
    node = module.callee(call)
    for hop in leaf.path:
        if node is None:
            return
        yield node, hop
        node = next((edge.target for edge in node.edges if edge.call.line == hop.line), None)


def _is_kept_there(way: Sequence[tuple[Node, Hop]]) -> str:
    """Whether the file is one that the application keeps something in, to follow "on the event loop": it writes it, or a function
    beside this one does that is called alike, `save_orders` beside `load_orders`."""
    if not way:
        return ""
    node, hop = way[-1]
    if any(each.line == hop.line and _writes(each) for each in node.function.calls):
        return _WRITTEN
    alike = _named_alike(node.symbol)
    others = node.module.facts.functions if alike is not None else ()
    if any(
        each is not node.function and _named_alike(each.symbol) == alike and any(map(_writes, each.calls))
        for each in others
    ):
        return _READ_BACK
    return ""


def _writes(call: facts.Call) -> bool:
    name = call.ref.rpartition(".")[2]
    return name in ("write_text", "write_bytes") or (name == "open" and bool(call.flags & facts.WRITES))


def _named_alike(symbol: str) -> tuple[str, str] | None:
    """What a function is called behind a word for reading or writing, and in which class: of `Shop.load_orders`, `orders`."""
    owner, _, name = symbol.rpartition(".")
    found = _MOVES.match(name)
    return (owner, name[found.end() :]) if found is not None else None


def _is_in_loop(way: Sequence[tuple[Node, Hop]]) -> bool:
    """Whether a loop on the way to the file goes over what the source does not count."""
    return any(each.line == hop.line and each.loops for node, hop in way for each in node.function.calls)


def _takes_something(way: Sequence[tuple[Node, Hop]], module: Module) -> bool:
    """Whether each function on the way is told something, so that the file may be another one each time."""
    return all(map(partial(_has_parameters, module=module), (node for node, _ in way)))


def _has_parameters(node: Node, module: Module) -> bool:
    names = {parameter.name for parameter in node.function.parameters} | {*node.function.order}
    if (definition := module.definition(node)) is not None:
        names |= parameters(definition)
    return bool(names - {"self", "cls"}) or node.function.required > 0


def _large(call: ast.Call, name: str, module: Module) -> str:
    """Why the work has no bound, to follow "on the event loop"; empty when nothing says so."""
    if any(payloads.holds_upload(value, module) for value in _values(call, module)):
        return _UPLOAD
    if module.is_repeated(call) or _loops_within(call, module):
        return _IN_LOOP
    return _AS_IS if name in _TREES else ""


def _is_felt_by_few(call: ast.Call, large: str, function: ast.AST, module: Module) -> bool:
    """Whether the disk is no great part of what happens: something else stops the loop for longer, the loop is given back
    between pieces that lie in the system's memory, the size is looked at first, or it is done now and then."""
    passing = (module.qualified_name(call.func) or "").startswith("tempfile.")
    if (not passing and _is_beside_worse(function, module)) or _gives_way_between(call, module):
        return True
    if large == _UPLOAD:
        several = any(isinstance(loop, ast.For | ast.AsyncFor) for loop in module.loops(call))
        return _asks_size(function) or (is_seldom(call, module) and not several)
    if large == _IN_LOOP:
        return is_seldom(call, module) or not _stays_in_loop(call, module)
    return False


@once_for_node
def _is_beside_worse(function: ast.AST, module: Module) -> bool:
    """Whether the function holds the loop for longer elsewhere, which is said there."""
    return isinstance(function, ast.AsyncFunctionDef) and any(
        stop.severity >= Severity.HIGH and confidence(stop, module) is not Confidence.POSSIBLE
        for stop in stops(function, module)
    )


def _gives_way_between(call: ast.Call, module: Module) -> bool:
    """`async for chunk in …: file.write(chunk)`, `while chunk := await upload.read(size): …`."""
    around = [loop for loop in module.loops(call) if isinstance(loop, ast.While | ast.AsyncFor)]
    block = _with_of(call, module)
    within = (
        [node for node in ast.walk(block) if isinstance(node, ast.While | ast.AsyncFor)]
        if block is not None
        else []
    )
    return any(
        isinstance(loop, ast.AsyncFor) or any(isinstance(node, ast.Await) for node in ast.walk(loop))
        for loop in (*around, *within)
    )


def _stays_in_loop(call: ast.Call, module: Module) -> bool:
    """Whether a file after the other is worked on without a pause: not one whose lines a loop writes, nor a few that the
    source names, nor one after each answer that is awaited."""
    return any(
        not module.is_short(loop)
        and not is_short(loop, module.qualified_name)
        and not any(isinstance(node, ast.Await) for node in ast.walk(loop))
        for loop in module.loops(call)
    )


def _asks_size(function: ast.AST) -> bool:
    """`if len(content) > LIMIT: raise …`, `if file.size > …`."""
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE)
        and any(_is_size(side) for side in (node.left, *node.comparators))
        for node in ast.walk(function)
    )


def _is_size(expression: ast.expr) -> bool:
    match expression:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name()]):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "size" in name.lower() or name.lower().endswith("bytes")
    return False


def _is_passed_on(call: ast.Call, module: Module) -> bool:
    """`with NamedTemporaryFile() as file: file.write(…); upload(file.name)`: where the upload stops the loop too, that is
    said, and writing the file is the least of it."""
    block = _with_of(call, module)
    if block is None:
        return False
    for statement in block.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Call) or not _names(node, _bound_by(block)):
                continue
            stops = [
                stop for stop in (direct(node, module), *through_helper(node, module)) if stop is not None
            ]
            if any(stop.kind in (Kind.NET, Kind.PROC) for stop in stops):
                return True
    return False


def _names(call: ast.Call, names: set[str]) -> bool:
    """Whether an argument is made of one of the names."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(
        isinstance(each, ast.Name) and each.id in names for value in values for each in ast.walk(value)
    )


def _is_in_memory(call: ast.Call, module: Module) -> bool:
    """Whether an archive was opened on bytes: `with ZipFile(BytesIO(data)) as archive: archive.read(name)`."""
    archive = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(archive, ast.Name):
        return False
    function = module.function_of(call)
    opened = [
        item.context_expr
        for node in ast.walk(function.node if function is not None else module.tree)
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == archive.id
    ]
    return bool(opened) and all(
        isinstance(each, ast.Call)
        and any(
            module.type_of(value) == "io.BytesIO"
            for value in (*each.args, *(keyword.value for keyword in each.keywords))
        )
        for each in opened
    )


def _values(call: ast.Call, module: Module) -> Iterator[ast.AST]:
    """What may flow into the file: the arguments, and for `with open(…)` those of the body's calls."""
    yield from call.args
    block = _with_of(call, module)
    for statement in block.body if block is not None else ():
        for node in walk(statement):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "write"
            ):
                yield from node.args


def _loops_within(call: ast.Call, module: Module) -> bool:
    """`with open(…) as file: async for chunk in …: file.write(chunk)`."""
    block = _with_of(call, module)
    if block is None:
        return False
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("write", "writelines", "read", "readline")
        and not module.is_awaited(node)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in _bound_by(block)
        and any(loop in walk(block) for loop in module.loops(node))
        for statement in block.body
        for node in walk(statement)
    )


def _is_written(call: ast.Call, module: Module) -> bool:
    """`with NamedTemporaryFile() as file: file.write(…)`."""
    block = _with_of(call, module)
    return block is not None and any(
        isinstance(node, ast.Attribute)
        and node.attr == "write"
        and isinstance(node.value, ast.Name)
        and node.value.id in _bound_by(block)
        for statement in block.body
        for node in walk(statement)
    )


def _bound_by(block: ast.With | ast.AsyncWith) -> set[str]:
    return {item.optional_vars.id for item in block.items if isinstance(item.optional_vars, ast.Name)}


def _with_of(call: ast.Call, module: Module) -> ast.With | None:
    item = module.parent(call)
    block = module.parent(item) if isinstance(item, ast.withitem) else None
    return block if isinstance(block, ast.With) else None


def _verb(call: ast.Call, name: str) -> str:
    last = name.rpartition(".")[2]
    if name in _OPENS:
        return "writes a file" if open_modes.is_for_writing(call, name) else "reads a file"
    if last in _LAZY or name in _LAZY:
        return "walks through a directory tree"
    if last.startswith("write") or name.startswith("tempfile."):
        return "writes a file"
    return "reads a file" if last.startswith("read") else "works on files"


def _is_own_file(call: ast.Call, module: Module) -> bool:
    """Whether the path is written in the source, or made of constants: a small file of the application itself."""
    function = call.func
    name = module.qualified_name(function) or ""
    path: ast.expr | None = call.args[0] if call.args else None
    if name.startswith("tempfile."):
        return False
    if name.startswith("pathlib.Path.") and isinstance(function, ast.Attribute):
        path = function.value
    return path is not None and _is_fixed(path)


def _reads_what_grows(call: ast.Call, name: str, module: Module) -> bool:
    """Whether a request reads a log or the like, which the application itself adds to."""
    if _verb(call, name) != "reads a file" or not module.in_request_path(call):
        return False
    path: ast.expr | None = call.args[0] if call.args else None
    if name.startswith("pathlib.Path.") and isinstance(call.func, ast.Attribute):
        path = call.func.value
    return path is not None and _GROWING.search(ast.unparse(path)) is not None


def _is_asked_for(call: ast.Call, function: ast.AST, module: Module) -> bool:
    """Whether a request says which file it is: its path is made of what the function was given."""
    if not isinstance(function, ast.AsyncFunctionDef) or not module.in_request_path(call):
        return False
    path = call.args[0] if call.args else None
    name = module.qualified_name(call.func) or ""
    if isinstance(call.func, ast.Attribute) and name.startswith("pathlib.Path."):
        path = call.func.value
    return path is not None and not names_loaded(path).isdisjoint(_asked_names(function, module))


def _asked_names(function: ast.AsyncFunctionDef, module: Module) -> set[str]:
    known = _given.setdefault(module, {})
    if function not in known:
        known[function] = _made_of_arguments(function)
    return known[function]


def _made_of_arguments(function: ast.AsyncFunctionDef) -> set[str]:
    """The names in a function for what it was given, settings aside, and for what it makes of that."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    made = {
        each.arg for each in arguments if each.arg not in ("self", "cls") and not _SETTINGS.search(each.arg)
    }
    assigned = [node for node in walk(function) if isinstance(node, ast.Assign)]
    for statement in sorted(assigned, key=lambda each: each.lineno):
        if not names_loaded(statement.value).isdisjoint(made):
            made |= names_stored(statement)
    return made


_given: WeakKeyDictionary[Module, dict[ast.AsyncFunctionDef, set[str]]] = WeakKeyDictionary()


def _is_fixed(path: ast.expr) -> bool:
    match path:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper() or name == "__file__"
        case ast.Attribute(attr=name, value=value):
            return name.isupper() or (name in ("parent", "parents", "path") and _is_fixed(value))
        case ast.BinOp(left=left, right=right):
            return _is_fixed(left) and _is_fixed(right)
        case ast.Call(
            func=ast.Name(id="Path") | ast.Attribute(attr="join" | "resolve" | "absolute"), args=arguments
        ):
            return all(map(_is_fixed, arguments)) and bool(arguments or isinstance(path.func, ast.Attribute))
    return False


def _is_iterated(call: ast.Call, module: Module) -> bool:
    parent = module.parent(call)
    if isinstance(parent, ast.For | ast.comprehension):
        return parent.iter is call
    return isinstance(parent, ast.Call) and getattr(parent.func, "id", "") in (
        "list",
        "sorted",
        "set",
        "sum",
        "tuple",
    )


def _first_of_statement(call: ast.Call, module: Module) -> ast.Call:
    """The first call of its statement's own line that works on files: one statement, one finding."""
    statement = module.statement(call)
    if statement is None:
        return call
    found = []
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            entry = module.blocking(node)
            if entry is not None and entry.kind is Kind.DISK and not entry.light and entry.name not in _QUIET:
                found.append(node)
        stack.extend(
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, (ast.stmt, *FUNCTIONS)) or child is statement
        )
    return min(found, key=lambda node: (node.lineno, node.col_offset), default=call)


def _said_within(call: ast.Call, module: Module) -> bool:
    """`with open(…) as target: shutil.copyfileobj(source, target)` is said of the copying."""
    block = _with_of(call, module)
    return block is not None and any(
        isinstance(node, ast.Call) and module.qualified_name(node.func) in _TREES
        for statement in block.body
        for node in walk(statement)
    )


def _cleans_up(call: ast.Call, module: Module) -> bool:
    """Whether it only happens when something failed."""
    node: ast.AST | None = call
    while node is not None and not isinstance(node, FUNCTIONS):
        if isinstance(node, ast.ExceptHandler):
            return True
        node = module.parent(node)
    return False


def _fix(call: ast.Call, entry: Blocking, module: Module) -> Fix | None:
    """In a thread, where one call does all of the work."""
    name = entry.name
    if not frees(entry) or name in _OPENS or name in _LAZY or name.startswith(("zipfile.", "tarfile.")):
        return None
    if module.is_in_comprehension(call) or carries_bound_object(call, module) or holds_mutex(call, module):
        return None
    target = offload_primitive(module)
    return Fix(in_thread(target), imports=(target,), safety=Safety.UNSAFE)

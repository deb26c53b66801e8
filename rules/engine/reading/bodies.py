"""Whole bodies in memory: where the content of a file or an upload is read in one piece, and where it goes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.reading.blocks import block_with, blocks_of
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.reading.scopes import Scope

_UPLOAD_READS = (".UploadFile.read", ".UploadFile.file.read", ".UploadFile.file.readlines")
_PATH_READS = frozenset({"pathlib.Path.read_bytes", "pathlib.Path.read_text", "anyio.Path.read_bytes"})
_OPENS = frozenset({"builtins.open", "io.open", "pathlib.Path.open", "aiofiles.open", "anyio.open_file"})
_SENT = frozenset(
    {"requests.Response.content", "httpx.Response.content", "httpx2.Response.content"}
    | {"httpx.Response.read", "httpx.Response.aread", "httpx2.Response.read", "httpx2.Response.aread"}
    | {"aiohttp.ClientResponse.read"}
)
_DOWNLOADS = (".download_as_bytes", ".download_as_string")
_ARCHIVES = frozenset({"zipfile.ZipFile", "tarfile.open", "tarfile.TarFile"})
_PACKS = frozenset({"write", "add", "addfile", "open"})
_READS = regex(
    r"read(?:_\w+)?|download\w*|get_(?:object|file|blob|bytes)\w*|fetch\w*|open\w*|export_\w*pdf|copyfileobj"
)
"""Functions that give or copy the content of a file, wherever it lies."""
_BYTES = regex(r"data|blob|bytes|pdf|image|photo|raw|file|getvalue|body", re.IGNORECASE)
"""What is called so may be as large as a file."""
BUFFERS = frozenset({"io.BytesIO", "io.StringIO"})


def values_of(name: ast.Name, module: Module) -> Iterator[tuple[str, ast.expr]]:
    """What a local name is bound to in its function, with how: `value`, `entered`, `item`, …"""
    scope: Scope | None = module.index.scope_at(name)
    if scope is None or scope is module.index.module:
        return
    for binding in scope.bindings.get(name.id, ()):
        value = binding.value.value if isinstance(binding.value, ast.AnnAssign) else binding.value
        if isinstance(value, ast.expr):
            yield binding.kind, value


def awaited(expression: ast.AST) -> ast.AST:
    """The expression without `await` around it."""
    while isinstance(expression, ast.Await):
        expression = expression.value
    return expression


def is_whole(call: ast.Call) -> bool:
    """Whether a `read` is not told how much: `read()`, `read(-1)`."""
    if call.keywords:
        return False
    if not call.args:
        return True
    return len(call.args) == 1 and isinstance(call.args[0], ast.UnaryOp)


def is_upload_read(name: str) -> bool:
    """Whether the callable `name` reads an upload."""
    return name.endswith(_UPLOAD_READS) and name.partition(".")[0] in ("fastapi", "starlette")


def upload_read(call: ast.Call, module: Module) -> ast.expr | None:
    """The upload that a call reads in one piece; None when it is something else."""
    name = module.qualified_name(call.func) or ""
    if not is_upload_read(name) or not is_whole(call) or not isinstance(call.func, ast.Attribute):
        return None
    upload = call.func.value
    if name.endswith(_UPLOAD_READS[1:]) and isinstance(upload, ast.Attribute):
        upload = upload.value
    return upload


def file_content(expression: ast.AST, module: Module, depth: int = 0) -> ast.AST | None:
    """The read of a whole file that an expression is, itself or through a local name; None when it is none."""
    expression = awaited(expression)
    if depth > 3:
        return None
    if isinstance(expression, ast.Name):
        values = [value for kind, value in values_of(expression, module) if kind in ("value", "annotated")]
        found = [file_content(value, module, depth + 1) for value in values]
        return found[0] if len(found) == 1 else None
    if not isinstance(expression, ast.Call):
        return None
    name = module.qualified_name(expression.func) or ""
    if name in _PATH_READS:
        return expression
    if isinstance(expression.func, ast.Attribute) and expression.func.attr in (
        "getvalue",
        "getbuffer",
        "read",
    ):
        filled = buffer(expression.func.value, module)
        if filled is not None:
            return file_content(filled.args[0], module, depth + 1) if filled.args else None
    if isinstance(expression.func, ast.Attribute) and expression.func.attr == "read" and is_whole(expression):
        return expression if opened(expression.func.value, module) is not None else None
    return None


def fetched(expression: ast.AST, module: Module, depth: int = 0) -> ast.AST | None:
    """What another service sent, read in one piece: `answer.content`, `stored["Body"].read()`; itself or through a local name."""
    expression = awaited(expression)
    if depth > 3:
        return None
    if isinstance(expression, ast.Name):
        values = [value for kind, value in values_of(expression, module) if kind in ("value", "annotated")]
        found = [fetched(value, module, depth + 1) for value in values]
        return found[0] if len(found) == 1 else None
    if isinstance(expression, ast.Attribute):
        return expression if f"{module.type_of(expression.value)}.{expression.attr}" in _SENT else None
    if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Attribute):
        return None
    name = module.qualified_name(expression.func) or ""
    if name in _SENT or (name.endswith(_DOWNLOADS) and module.blocking(expression) is not None):
        return expression
    body = expression.func.value
    if expression.func.attr == "read" and is_whole(expression) and isinstance(body, ast.Subscript):
        is_body = isinstance(body.slice, ast.Constant) and body.slice.value == "Body"
        return expression if is_body and _is_stored(body.value, module) else None
    return None


def _is_stored(answer: ast.expr, module: Module) -> bool:
    """Whether it is what `get_object` of S3 gave."""
    values = [value for _, value in values_of(answer, module)] if isinstance(answer, ast.Name) else [answer]
    made = [awaited(value) for value in values]
    return bool(made) and all(
        isinstance(each, ast.Call) and last_name(each.func) == "get_object" for each in made
    )


def opened(expression: ast.AST, module: Module) -> ast.Call | None:
    """The `open(…)` that made a file object."""
    expression = awaited(expression)
    if isinstance(expression, ast.Call):
        return expression if module.qualified_name(expression.func) in _OPENS else None
    if isinstance(expression, ast.Name):
        for _, value in values_of(expression, module):
            found = opened(value, module) if not isinstance(value, ast.Name) else None
            if found is not None:
                return found
    return None


def buffer(expression: ast.AST, module: Module, depth: int = 0) -> ast.Call | None:
    """The `BytesIO(…)` or `StringIO(…)` that an expression is, itself or through a local name; of several that it may be, one
    that is not made of a line of text."""
    if isinstance(expression, ast.Call):
        return expression if module.qualified_name(expression.func) in BUFFERS else None
    if not isinstance(expression, ast.Name) or depth > 3:
        return None
    made: list[ast.Call] = []
    for value in _before([value for _, value in values_of(expression, module)], expression, module):
        found = buffer(value, module, depth + 1)
        if found is None:
            return None
        made.append(found)
    return next((each for each in made if not _is_line(each)), made[0] if made else None)


def _is_line(made: ast.Call) -> bool:
    return bool(made.args) and isinstance(made.args[0], ast.Constant)


def _before(values: list[ast.expr], name: ast.Name, module: Module) -> list[ast.expr]:
    """Those of the values of a name that it may have where it stands: of what was assigned before, not what was assigned anew on
    the way, nor what belongs to the other arm of an `if`."""
    if len(values) < 2:
        return values
    ways: set[int] = set()
    arms: set[int] = set()
    node: ast.AST | None = name
    while node is not None:
        above = module.parent(node)
        block = block_with(node, above)
        ways.update(map(id, block))
        if isinstance(above, ast.If):
            arms |= {id(each) for arm in blocks_of(above) if arm is not block for each in arm}
        node = above
    found: list[ast.expr] = []
    for value in sorted(values, key=lambda each: (each.lineno, each.col_offset)):
        statement = module.statement(value)
        if value.lineno > name.lineno or statement is None or _is_in(statement, arms, module):
            continue
        if id(statement) in ways:
            found.clear()
        found.append(value)
    return found or values


def _is_in(statement: ast.AST | None, arms: set[int], module: Module) -> bool:
    while statement is not None and id(statement) not in arms:
        statement = module.parent(statement)
    return statement is not None


def archived(expression: ast.AST, module: Module) -> ast.Call | None:
    """The `ZipFile(buffer, "w")` that filled the buffer whose `getvalue()` an expression is."""
    match expression:
        case ast.Call(func=ast.Attribute(attr="getvalue" | "getbuffer", value=ast.Name(id=name) as kept)):
            function = module.function_of(expression)
        case _:
            return None
    if function is None or buffer(kept, module) is None:
        return None
    for node in walk(function.node):
        if not isinstance(node, ast.Call) or module.qualified_name(node.func) not in _ARCHIVES:
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(isinstance(argument, ast.Name) and argument.id == name for argument in given):
            return node
    return None


def packs_files(archive: ast.Call, module: Module) -> bool:
    """Whether something that may be large goes into an archive: files, uploads, what a store gave; not texts that the
    function makes itself (`archive.writestr("readme.md", text)`), nor what nobody sees going in."""
    function = module.function_of(archive)
    if function is None:
        return True
    kept = _names_of(archive, function.node)
    return any(_gives_file(call, kept, module) for call in walk(function.node) if isinstance(call, ast.Call))


def _names_of(made: ast.Call, function: ast.AST) -> set[str]:
    """The names that a function gives to an object: `with ZipFile(…) as packed`."""
    found: set[str] = set()
    for node in walk(function):
        match node:
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)) if value is made:
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is made:
                found.add(name)
    return found


def _gives_file(call: ast.Call, kept: set[str], module: Module) -> bool:
    name = module.qualified_name(call.func) or ""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _PATH_READS | _OPENS or is_upload_read(name) or _READS.fullmatch(last_name(call.func)):
        return True
    owner = (
        call.func.value.id
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        else ""
    )
    if method in _PACKS and (owner in kept or name.rpartition(".")[0] in _ARCHIVES):
        return True
    if method == "writestr" and len(call.args) > 1:
        return any(
            isinstance(part, (ast.Name, ast.Attribute)) and _BYTES.search(last_name(part)) is not None
            for part in walk(call.args[1])
        )
    handed = {each.id for each in call.args if isinstance(each, ast.Name)}
    return bool(handed & kept) and not _is_local(call.func, module)


def _is_local(function: ast.expr, module: Module) -> bool:
    """Whether a function is defined inside the one that calls it, and is looked through with it."""
    if not isinstance(function, ast.Name):
        return False
    bindings = module.index.scope_at(function).bindings.get(function.id, [])
    return any(isinstance(each.node, (ast.FunctionDef, ast.AsyncFunctionDef)) for each in bindings)


def content_of(call: ast.Call, *keywords: str) -> ast.expr | None:
    """The first argument of a call, or the one with one of these names."""
    for keyword in call.keywords:
        if keyword.arg in keywords:
            return keyword.value
    return call.args[0] if call.args and not isinstance(call.args[0], ast.Starred) else None

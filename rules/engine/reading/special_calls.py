"""Calls whose value is another than "what the callee returns"."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from rules.engine.reading.annotations import joined
from rules.engine.reading.spelling import last_name

if TYPE_CHECKING:
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Scope

Special: TypeAlias = "Callable[[Index, ast.Call, str, Scope, int], str | None]"


_ELSEWHERE = frozenset(
    {
        "s3",
        "s3a",
        "gs",
        "gcs",
        "az",
        "abfs",
        "abfss",
        "adl",
        "http",
        "https",
        "ftp",
        "sftp",
        "ssh",
        "hdfs",
        "webhdfs",
        "smb",
    }
    | {"hf", "oss", "oci", "dbfs", "github", "gdrive", "dropbox", "webdav", "box"}
)
"""Protocols of `fsspec` for what another machine keeps."""


def _first_argument(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function.partition(".")[0] in ("functools", "contextlib", "asyncio", "asyncer", "asgiref", "anyio"):
        return index.ref(node.args[0], scope, depth) if node.args else ""
    return None


def _partial(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function.partition(".")[0] != "functools" or not node.args:
        return None
    callee = index.ref(node.args[0], scope, depth)
    return f"{callee}~" if callee else ""


def _cast(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function.partition(".")[0] in ("typing", "typing_extensions") and node.args:
        return index.annotation(node.args[0], scope, depth)
    return None


def _new_type(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`NewType("ReadSession", Session)` is a `Session` at run time."""
    if function.partition(".")[0] in ("typing", "typing_extensions") and len(node.args) == 2:
        return index.ref(node.args[1], scope, depth)
    return None


def _type_variable(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`TypeVar("R", bound=Repository)` stands for a `Repository` at least."""
    if function.partition(".")[0] not in ("typing", "typing_extensions"):
        return None
    for keyword in node.keywords:
        if keyword.arg == "bound" and not isinstance(keyword.value, ast.Constant):
            bound = index.ref(keyword.value, scope, depth)
            return f"{bound}⊂" if bound else None
    return None


def _offloaded(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`await to_thread(f, …)` gives what `f` gives."""
    position = 1 if function.endswith("run_in_executor") else 0
    if len(node.args) <= position:
        return None
    callee = index.ref(node.args[position], scope, depth)
    return f"{callee}()" if callee else ""


def _next(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function in ("builtins.next", "builtins.anext") and node.args:
        base = index.ref(node.args[0], scope, depth)
        return f"{base}[]" if base else ""
    return None


def _iterated(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function == "builtins.iter" and len(node.args) == 1:
        return index.ref(node.args[0], scope, depth)
    return None


def _attribute(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`getattr(app.state, "client", None)`: the attribute, where its name is written down."""
    if function != "builtins.getattr" or not 2 <= len(node.args) <= 3:
        return None
    owner, name, *default = node.args
    if isinstance(name, ast.Name):
        bindings = index.bindings_of(name)
        value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "value" else None
        name = value if isinstance(value, ast.Constant) else name
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str) or not name.value.isidentifier():
        return None
    if default and not isinstance(default[0], ast.Constant):
        return None
    base = index.ref(owner, scope, depth)
    return f"{base}.{name.value}" if base else ""


def _duplicate(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function.partition(".")[0] == "copy" and node.args:
        return index.ref(node.args[0], scope, depth)
    return None


def _copied(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`list(xs)`, `sorted(xs)`: the items stay."""
    if function.startswith("builtins.") and node.args:
        base = index.ref(node.args[0], scope, depth)
        return f"{base}[]{{}}" if base and base[-1] != ":" else None
    return None


def _enumerated(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function != "builtins.enumerate" or not node.args:
        return None
    base = index.ref(node.args[0], scope, depth)
    return f"⟨builtins.int:¦{base}[]⟩{{}}" if base else ""


def _zipped(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function != "builtins.zip" or any(isinstance(argument, ast.Starred) for argument in node.args):
        return None
    bases = [index.ref(argument, scope, depth) for argument in node.args]
    members = joined(f"{base}[]" if base else "" for base in bases)
    return f"{members}{{}}" if members else ""


def _gathered(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function != "asyncio.gather" or not node.args:
        return None
    if len(node.args) == 1 and isinstance(node.args[0], ast.Starred):
        base = index.ref(node.args[0].value, scope, depth)
        return f"{base}[]{{}}" if base else ""
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return ""
    return joined(index.ref(argument, scope, depth) for argument in node.args)


def _super(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    if function != "builtins.super":
        return None
    current: Scope | None = scope
    while current is not None and current.owner is None:
        current = current.parent
    return f"@{current.owner.symbol}%" if current is not None and current.owner is not None else ""


def _session_factory(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`sessionmaker(class_=AsyncSession)` makes async sessions."""
    for keyword in node.keywords:
        if keyword.arg == "class_" and index.ref(keyword.value, scope, depth).endswith("AsyncSession"):
            return "sqlalchemy.ext.asyncio.async_sessionmaker()"
    return None


def _entered(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`stack.enter_context(connect())` gives what `with connect() as …:` gives."""
    made = index.ref(node.args[0], scope, depth) if len(node.args) == 1 else ""
    return f"{made}^" if made else None


def _wrapped(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`instructor.from_openai(AsyncOpenAI())` is used as what it was given."""
    if function.partition(".")[0] not in ("instructor", "langsmith", "braintrust"):
        return None
    given = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("client", "openai"))]
    return index.ref(given[0], scope, depth) if given else None


def _provider(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`providers.Singleton(Client, …)` gives a `Client`, whoever asks."""
    owner, _, kind = function.rpartition(".")
    if owner != "dependency_injector.providers":
        return None
    if kind == "Selector":
        offered = [index.ref(keyword.value, scope, depth) for keyword in node.keywords]
        return f"«{'|'.join(f'{each}()' for each in offered)}»!" if offered and all(offered) else ""
    made = index.ref(node.args[0], scope, depth) if node.args else ""
    return made if kind == "Container" or not made else f"{made}$!"


def _socket(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """A datagram socket waits for nobody when it connects or sends."""
    if function == "socket.socket" and any(last_name(each) == "SOCK_DGRAM" for each in node.args[1:2]):
        return "socket.DatagramSocket()"
    return None


_PROVIDERS = (
    *("Singleton", "ThreadSafeSingleton", "ContextLocalSingleton", "ThreadLocalSingleton"),
    *("Factory", "Resource", "Callable", "Container", "Selector"),
)
_WRAPPERS = (
    "from_openai",
    "from_anthropic",
    "from_groq",
    "from_mistral",
    "patch",
    "wrap_openai",
    "wrap_anthropic",
)


def _file_system(index: Index, node: ast.Call, function: str, scope: Scope, depth: int) -> str | None:
    """`fsspec.filesystem("s3")` lies on another machine, and others may be this one's."""
    if function != "fsspec.filesystem" or not node.args or not isinstance(node.args[0], ast.Constant):
        return None
    return "fsspec.AbstractFileSystem()" if node.args[0].value in _ELSEWHERE else None


SPECIAL: dict[str, Special] = {
    "filesystem": _file_system,
    "partial": _partial,
    "closing": _first_argument,
    "enter_context": _entered,
    "enter_async_context": _entered,
    "aclosing": _first_argument,
    "nullcontext": _first_argument,
    "wait_for": _first_argument,
    "shield": _first_argument,
    "create_task": _first_argument,
    "ensure_future": _first_argument,
    "contextmanager": _first_argument,
    "asynccontextmanager": _first_argument,
    "asyncify": _first_argument,
    "sync_to_async": _first_argument,
    "cast": _cast,
    "NewType": _new_type,
    "TypeVar": _type_variable,
    "to_thread": _offloaded,
    "run_in_threadpool": _offloaded,
    "run_in_executor": _offloaded,
    "run_sync": _offloaded,
    "next": _next,
    "anext": _next,
    "iter": _iterated,
    "getattr": _attribute,
    "copy": _duplicate,
    "deepcopy": _duplicate,
    "list": _copied,
    "sorted": _copied,
    "reversed": _copied,
    "tuple": _copied,
    "super": _super,
    "enumerate": _enumerated,
    "zip": _zipped,
    "gather": _gathered,
    "sessionmaker": _session_factory,
    "socket": _socket,
    **dict.fromkeys(_WRAPPERS, _wrapped),
    **dict.fromkeys(_PROVIDERS, _provider),
}

"""Runs in an environment that has a library: does a name that our tables have lead to something there, and is it awaited?

    python probe.py < names.json

Standard library only. A name is followed as a reader would: modules are imported, members looked up on classes; where an
attribute of an instance is meant (`OpenAI.chat.completions.create`), its class is the annotation of a property, of a field, or
what `__init__` assigns. Nothing is instantiated and nothing called.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import io
import json
import os
import re
import sys
import textwrap
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
NOTHING, UNKNOWN = object(), object()
AWAITED = re.compile(
    r"\b(?:Awaitable|Coroutine|\w*Async(?:Iterator|Iterable|Generator|ContextManager)|asyncio\.(?:Future|Task))\b"
)
DEEPEST = 12
"""As many imports are followed when source is read."""


class MissingError(Exception):
    """The library has no such name."""


class UnseenError(Exception):
    """The name may be there, but nothing that can be read says so."""


def follow(name: str) -> Any:
    """What `name` leads to; an instance's attribute is followed through the class that it has."""
    try:
        return _followed(name)
    except MissingError:
        # `yt_dlp.YoutubeDL` is a class, and a module of the same name in which it stands
        root, *parts = name.split(".")
        found: Any = importlib.import_module(root)
        for part in parts:
            found = member(found, part)
        return found


def _followed(name: str) -> Any:
    """`name` from the longest module on that its beginning is."""
    parts = name.split(".")
    found: Any = NOTHING
    failed = ""
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            known = ".".join(parts[:length])
            if error.name is None or not f"{known}.".startswith(f"{error.name}."):
                failed = f"importing {known}: no module {error.name}"
        except BaseException as error:
            failed = f"importing {'.'.join(parts[:length])}: {type(error).__name__}: {error}"
        else:
            parts = parts[length:]
            break
    if found is NOTHING:
        if hasattr(__builtins__, parts[0]):
            found, parts = importlib.import_module("builtins"), parts
        else:
            raise UnseenError(failed or f"no module {parts[0]}")
    for part in parts:
        try:
            found = member(found, part)
        except MissingError as error:
            if failed:
                raise UnseenError(failed) from error
            raise
    return found


def member(owner: Any, name: str) -> Any:
    if owner is UNKNOWN:
        raise UnseenError(f"nothing says what has {name}")
    if isinstance(owner, types.ModuleType):
        try:
            return getattr(owner, name)
        except AttributeError:
            raise MissingError(f"{owner.__name__} has no {name}") from None
        except Exception as error:
            raise UnseenError(f"{owner.__name__}.{name}: {type(error).__name__}: {error}") from None
    if not inspect.isclass(owner):
        if isinstance(owner, functools.partial) or callable(owner):
            result = _result(owner)
            if result is not None:
                return member(result, name)
        owner = type(owner)
    found = inspect.getattr_static(owner, name, NOTHING)
    if found is NOTHING:
        return _assigned(owner, name)
    if isinstance(found, (property, functools.cached_property)) or _wraps_a_property(found):
        function = getattr(found, "fget", None) or getattr(found, "func", None)
        return _result(function) or found
    if isinstance(found, types.MemberDescriptorType):
        with contextlib.suppress(MissingError, UnseenError):
            return _assigned(owner, name)
    return found.__func__ if isinstance(found, (staticmethod, classmethod)) else found


def _wraps_a_property(found: Any) -> bool:
    return not inspect.isclass(found) and not callable(found) and callable(getattr(found, "func", None))


def _assigned(owner: type, name: str) -> Any:
    """The class of `self.name` as annotated or assigned in the class or one that it inherits from."""
    for each in owner.__mro__:
        annotation = getattr(each, "__annotations__", {}).get(name)
        if annotation is not None:
            return _class_of(annotation, sys.modules.get(each.__module__)) or annotation
    for each in owner.__mro__:
        for function in vars(each).values():
            tree = _tree(function) if inspect.isfunction(inspect.unwrap(function)) else None
            for node in ast.walk(tree) if tree else ():
                for target, value, annotation in _targets(node):
                    if _is_self(target, name):
                        scope = Scope(_module_of(function), tree.body[0] if tree else None, owner)
                        return scope.type_of(annotation) or scope.value(value) or UNKNOWN
    # pydantic's own looks only for private attributes
    if any(
        "__getattr__" in vars(each) for each in owner.__mro__ if not each.__module__.startswith("pydantic.")
    ):
        raise UnseenError(f"{owner.__name__} makes its attributes as they are asked for")
    raise MissingError(f"{owner.__module__}.{owner.__qualname__} has no {name}")


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None, ast.expr | None]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value, None
    elif isinstance(node, ast.AnnAssign):
        yield node.target, node.value, node.annotation


def _is_self(target: ast.expr, name: str) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and target.attr == name
        and isinstance(target.value, ast.Name)
        and target.value.id in {"self", "cls"}
    )


def _module_of(function: Any) -> types.ModuleType | None:
    """Where a function was written, whatever it or its class says of it."""
    function = inspect.unwrap(function) if callable(function) else function
    names = getattr(function, "__globals__", {})
    return sys.modules.get(names.get("__name__") or getattr(function, "__module__", "") or "")


@functools.cache
def _tree(thing: Any) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None


def _class_of(
    annotation: Any, module: types.ModuleType | None, function: Any = None, owner: Any = None
) -> Any:
    if isinstance(annotation, str):
        try:
            tree = ast.parse(annotation, mode="eval").body
        except SyntaxError:
            return None
        return Scope(module, function, owner).type_of(tree)
    if inspect.isclass(annotation) and not isinstance(annotation, types.GenericAlias):
        return annotation
    for argument in (getattr(annotation, "__origin__", None), *getattr(annotation, "__args__", ())):
        if inspect.isclass(argument) and argument is not type(None) and argument is not types.UnionType:
            return argument
    return None


def _result(function: Any) -> Any:
    """The class of what a function gives: as annotated, else as its returns say."""
    function = inspect.unwrap(function) if callable(function) else function
    module = _module_of(function)
    tree = _tree(function)
    node = next((each for each in ast.walk(tree) if isinstance(each, FUNCTIONS)), None) if tree else None
    annotation = getattr(function, "__annotations__", {}).get("return")
    if annotation is not None and (found := _class_of(annotation, module, node)) is not None:
        return found
    if node is None:
        return None
    scope = Scope(module, node, None)
    for each in ast.walk(node):
        if isinstance(each, ast.Return) and each.value is not None:
            found = scope.value(each.value)
            if found is not None:
                return found
            # `if self._x is None: self._x = X(…)`, then `return self._x`
            if isinstance(each.value, ast.Attribute):
                for inner in ast.walk(node):
                    for target, value, _ in _targets(inner):
                        if _is_self(target, each.value.attr) and (found := scope.value(value)) is not None:
                            return found
    return None


class Scope:
    """What names mean in a function of a module, its own imports and those for type checkers included."""

    def __init__(self, module: types.ModuleType | None, function: Any, owner: Any) -> None:
        self.module, self.function, self.owner = module, function, owner

    def name(self, name: str) -> Any:
        for tree in (self.function, _tree(self.module) if self.module else None):
            if tree is None:
                continue
            for node in ast.walk(tree):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    found = self._imported(node, name)
                    if found is not None:
                        return found
            if tree is self.function and hasattr(self.module, name):
                break
        found = getattr(self.module, name, None)
        return found if found is not None else getattr(importlib.import_module("builtins"), name, None)

    def _imported(self, node: ast.Import | ast.ImportFrom, name: str) -> Any:
        for alias in node.names:
            if (alias.asname or alias.name.partition(".")[0]) != name:
                continue
            try:
                if isinstance(node, ast.Import):
                    return importlib.import_module(alias.name if alias.asname else name)
                package = self.module.__package__ if self.module else None
                source = importlib.import_module("." * node.level + (node.module or ""), package)
                if hasattr(source, alias.name):
                    return getattr(source, alias.name)
                return importlib.import_module(f"{source.__name__}.{alias.name}")
            except BaseException:
                continue
        return None

    def type_of(self, annotation: ast.expr | None) -> Any:
        match annotation:
            case ast.Constant(value=str() as text):
                return _class_of(text, self.module, self.function, self.owner)
            case ast.BinOp(left=left, right=right):
                return self.type_of(left) or self.type_of(right)
            case ast.Subscript(value=value, slice=inner):
                outer = self.type_of(value)
                if (
                    inspect.isclass(outer)
                    and outer is not type(None)
                    and outer.__module__ not in {"typing", "builtins"}
                ):
                    return outer
                first = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
                return self.type_of(first)
            case ast.Name(id="Self"):
                return self.owner
            case ast.Name() | ast.Attribute():
                found = self.reference(annotation)
                found = getattr(found, "__origin__", found)  # `Manager = _Manager[Response]`
                return found if inspect.isclass(found) and found is not type(None) else None
        return None

    def reference(self, node: ast.expr | None) -> Any:
        if isinstance(node, ast.Subscript):  # `Collection[Properties](…)`
            return self.reference(node.value)
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "self" and self.owner is not None:
                with contextlib.suppress(MissingError, UnseenError):
                    return member(self.owner, node.attr)
                return None
            outer = self.reference(node.value)
            with contextlib.suppress(MissingError, UnseenError):
                return member(outer, node.attr) if outer is not None else None
        return None

    def value(self, node: ast.expr | None) -> Any:
        """The class of what an expression makes."""
        match node:
            case ast.Call(func=called):
                found = self.reference(called)
                if inspect.isclass(found):
                    return found
                return _result(found) if callable(found) else None
            case ast.Name(id=name):
                found = self.name(name)
                if found is None and self.function is not None:
                    for argument in (*self.function.args.args, *self.function.args.kwonlyargs):
                        if argument.arg == name:
                            return self.type_of(argument.annotation)
                return found
            case ast.Attribute():
                found = self.reference(node)
                return found if inspect.isclass(found) or callable(found) else None
            case ast.BoolOp(values=values):
                return next((found for each in values if (found := self.value(each)) is not None), None)
            case ast.IfExp(body=body, orelse=orelse):
                return self.value(body) or self.value(orelse)
            case ast.Lambda():
                return types.FunctionType
        return None


def awaited(found: Any) -> str:
    """`async` when calling it gives something to await or to iterate over asynchronously, `plain` when not, else empty."""
    if not callable(found) or inspect.isclass(found):
        return "class" if inspect.isclass(found) else ""
    function = inspect.unwrap(found)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "async"
    annotation = getattr(function, "__annotations__", {}).get("return", "")
    text = annotation if isinstance(annotation, str) else str(annotation).replace("Optional[", "Union[")
    given = _result(function)
    if AWAITED.search(text) or hasattr(given, "__await__") or hasattr(given, "__aiter__"):
        return "both" if "Union" in text or "|" in text or hasattr(given, "__iter__") else "async"
    return "plain" if inspect.isfunction(function) else ""


def keywords(found: Any) -> list[str] | None:
    """The names of a callable's parameters, `**` when it takes any; None when nobody says."""
    try:
        parameters = inspect.signature(found).parameters.values()
    except (ValueError, TypeError):
        return None
    return ["**" if each.kind is each.VAR_KEYWORD else each.name for each in parameters]


class Source:
    """The files of what cannot be imported here, because something that it needs is not installed."""

    def __init__(self, name: str) -> None:
        root, *self.parts = name.split(".")
        self.home = next((each for each in map(Path, sys.path) if (each / root).is_dir()), None)
        self.root = root

    def find(self) -> ast.AST | None:
        """The definition that the name leads to."""
        if self.home is None:
            return None
        folder, parts = self.home / self.root, list(self.parts)
        while parts and (folder / parts[0]).is_dir():
            folder /= parts.pop(0)
        if parts and (folder / f"{parts[0]}.py").is_file():
            return _definition(folder / f"{parts[0]}.py", parts[1:])
        return _definition(folder / "__init__.py", parts)


def _definition(path: Path, parts: list[str], depth: int = 0) -> ast.AST | None:
    """What `parts` mean in a file: a definition there, or one that the file imports."""
    if depth > DEEPEST or not path.is_file():
        return None
    tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    if not parts:
        return tree
    for node in ast.walk(tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == parts[0]:
            return _inside(node, parts[1:], path, depth)
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == parts[0] for each in node.targets
        ):
            return node
        # `_import_structure = {"pipelines": ["pipeline", …]}`: imported when it is asked for
        if (
            isinstance(node, ast.Constant)
            and node.value == parts[0]
            and path.name == "__init__.py"
            and len(parts) == 1
        ):
            return node
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*" or (alias.asname or alias.name) == parts[0]:
                    wanted = parts if alias.name == "*" else [alias.name, *parts[1:]]
                    found = _imported_from(path, node, wanted, depth)
                    if found is not None:
                        return found
    return None


def _inside(node: ast.AST, parts: list[str], path: Path, depth: int) -> ast.AST | None:
    """A member of a class, its own or of a class that it inherits from."""
    if not parts:
        return node
    for each in ast.walk(node):
        if isinstance(each, FUNCTIONS) and each.name == parts[0]:
            return each
        if isinstance(each, (ast.Assign, ast.AnnAssign)) and any(
            getattr(target, "id", getattr(target, "attr", "")) == parts[0] for target, _, _ in _targets(each)
        ):
            return each
    for base in getattr(node, "bases", ()):
        if isinstance(base, ast.Name) and (found := _definition(path, [base.id, *parts], depth + 1)):
            return found
    return None


def _imported_from(path: Path, node: ast.ImportFrom, wanted: list[str], depth: int) -> ast.AST | None:
    if node.level:
        folder = path.parents[node.level - 1]
    else:
        folder = next(
            (each for each in map(Path, sys.path) if (each / (node.module or "").split(".")[0]).is_dir()),
            path,
        )
    for part in (node.module or "").split(".") if node.module else ():
        folder /= part
    if (found := _definition(folder.with_suffix(".py"), wanted, depth + 1)) is not None:
        return found
    if (found := _definition(folder / "__init__.py", wanted, depth + 1)) is not None:
        return found
    return _definition(folder / f"{wanted[0]}.py", wanted[1:], depth + 1)


def read(name: str) -> dict[str, Any] | None:
    """The answer that source gives, for what could not be imported."""
    found = Source(name).find()
    if found is None:
        return None
    asynchronous = isinstance(found, ast.AsyncFunctionDef)
    plain = "plain" if isinstance(found, ast.FunctionDef) else ""
    return {"state": "found", "awaited": "async" if asynchronous else plain, "keywords": None}


def answer(name: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = follow(name)
            return {"state": "found", "awaited": awaited(found), "keywords": keywords(found)}
    except MissingError as error:
        return {"state": "missing", "why": str(error)}
    except Exception as error:
        why = str(error) if isinstance(error, UnseenError) else f"{type(error).__name__}: {error}"
        return read(name) or {"state": "unseen", "why": why.strip().split("\n")[0][:160]}


def main() -> None:
    names = json.load(sys.stdin)
    told, sys.stdout = sys.stdout, io.StringIO()
    answers = {name: answer(name) for name in names}
    told.write(json.dumps(answers))
    told.flush()
    os._exit(0)  # threads that a library started are nobody's business


if __name__ == "__main__":
    main()

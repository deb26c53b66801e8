"""Containers that live as long as the process, where they grow, and whether anything ever takes from them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from rules.engine.kept_answers import Said
from rules.engine.linking.instances import is_shared
from rules.engine.reading.origins import parameters
from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.libraries.caching import UNBOUNDED_CONTAINERS

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.reading.facts import ModuleFacts

_GROWS = frozenset({"append", "add", "setdefault", "appendleft", "extend", "update", "insert"})
_SHRINKS = frozenset(
    {
        "pop",
        "popitem",
        "clear",
        "discard",
        "remove",
        "popleft",
        "move_to_end",
        "difference_update",
        "evict",
        "expire",
    }
)
_MOMENTS = regex(r"(?i)time|\bnow\b|expir|ttl|\bage\b|max_age|stale|fresh|until|monotonic")
"""What a condition says that asks whether an entry is too old."""
_DATA_CLASSES = frozenset({"BaseModel", "BaseSettings", "SQLModel", "TypedDict", "NamedTuple", "Schema"})


class Growth(Struct, frozen=True):
    """One place where a container gets an entry. `key` is what the entry is stored under or is."""

    node: ast.AST
    key: ast.expr | None
    value: ast.expr | None
    is_keyed: bool


class Holder(Struct):
    """A container. `name` is how the file spells it: `_cache`, `Service._cache`, `app.state.sessions`."""

    name: str
    kind: str
    node: ast.AST
    growths: list[Growth] = field(default_factory=list)
    is_limited: bool = False
    """Something takes entries out, measures it, replaces it or hands it to code that may."""
    is_expired: bool = False
    """An entry that has expired goes when somebody asks for it again, and never when nobody does."""
    is_invalidated: bool = False
    """The entries of something go when that changes: `for key in [key for key in cache if key.startswith(prefix)]: del …`."""


def growing(module: Module) -> Iterator[Holder]:
    """The containers of the file that only ever grow, as far as the whole project shows."""
    for holder in _found(module):
        if holder.growths and not (holder.is_limited or holder.is_expired or holder.is_invalidated):
            yield holder


def expired(module: Module) -> Iterator[Holder]:
    """The containers of the file of which only the entry that is asked for goes, once it has expired."""
    for holder in _found(module):
        if holder.growths and not holder.is_limited and holder.is_expired:
            yield holder


def grown(module: Module) -> Iterator[Holder]:
    """All containers of the file that get entries, also those that lose them again."""
    for holder in _found(module):
        if holder.growths:
            yield holder


def _found(module: Module) -> list[Holder]:
    known = _known.get(module)
    if known is None:
        known = _known[module] = _Scan(module).holders()
    return known


_known: WeakKeyDictionary[Module, list[Holder]] = WeakKeyDictionary()


def _taken_in(path: str, facts: ModuleFacts) -> frozenset[str]:
    names: set[str] = set()
    for function in facts.functions:
        for call in function.calls:
            base, _, method = call.ref.rpartition(".")
            if method in _SHRINKS and base:
                names.add(base.rpartition(".")[2].lstrip("@"))
    return frozenset(names)


_taken_from = Said(_taken_in)
"""The final names of everything that some call of the project takes entries out of."""


def _imported_in(path: str, facts: ModuleFacts) -> frozenset[str]:
    """The last names of all that a file imports."""
    return frozenset(
        part for ref in facts.modules for part in (ref.rpartition(".")[2], ref.rpartition(">")[2])
    )


_imports = Said(_imported_in)
"""In how many files of a project a name is imported."""


def _imported_elsewhere(module: Module, name: str) -> bool:
    """Whether another file imports `name` of this one, where it may take entries out."""
    own = module.project.resolver.modules[module.path].facts
    return _imports(module.project).get(name, 0) > int(name in _imported_in(module.path, own))


class _Scan:
    """Finds holders by name: ("", name) of the module, (class, name) of a class, ("state", name) of an application."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.found: dict[tuple[str, str], Holder] = {}
        self.taken: set[str] = set()
        """The final names of what this file takes entries out of, otherwise than of those that have expired."""

    def _taken_here(self) -> frozenset[str]:
        path = self.module.path
        return _taken_in(path, self.module.project.resolver.modules[path].facts)

    def holders(self) -> list[Holder]:
        text = self.module.source.text
        if not any(
            word in text
            for word in ("{}", "[]", "dict(", "list(", "set(", "defaultdict(", "Dict(", "Counter(", "deque(")
        ):
            return []
        self._declared(self.module.tree.body, "")
        for node in self.module.tree.body:
            if isinstance(node, ast.ClassDef):
                self._of_class(node)
        self._of_state()
        if self.found:
            self._uses()
            taken = _taken_from(self.module.project)
            for (owner, name), holder in self.found.items():
                own = (
                    (holder.is_expired or holder.is_invalidated)
                    and name not in self.taken
                    and name in self._taken_here()
                )
                if taken.get(name, 0) > int(own) or (not owner and _imported_elsewhere(self.module, name)):
                    holder.is_limited = True
        return list(self.found.values())

    def _declared(self, body: list[ast.stmt], owner: str) -> None:
        for statement in body:
            target, value = _assigned(statement)
            kind = self._kind(value) if value is not None else ""
            if kind and isinstance(target, ast.Name) and not target.id.startswith("__"):
                shown = f"{owner}.{target.id}" if owner else target.id
                self.found[owner, target.id] = Holder(shown, kind, statement)
            elif not owner and isinstance(statement, (ast.If, ast.Try)):
                self._declared([*statement.body, *statement.orelse], owner)

    def _of_class(self, cls: ast.ClassDef) -> None:
        if self._is_data(cls):
            return
        self._declared(cls.body, cls.name)
        init = next(
            (each for each in cls.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None
        )
        held: dict[str, Holder] = {}
        for statement in init.body if init is not None else ():
            target, value = _assigned(statement)
            if (
                value is not None
                and isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == "self"
                and (kind := self._kind(value))
            ):
                held[target.attr] = Holder(f"{cls.name}.{target.attr}", kind, statement)
        if held and is_shared(cls, self.module):
            self.found.update({(cls.name, name): holder for name, holder in held.items()})

    def _is_data(self, cls: ast.ClassDef) -> bool:
        """A model or a dataclass: its defaults are copied for each instance."""
        bases = {self.module.segment(base).rpartition(".")[2] for base in cls.bases}
        if bases & _DATA_CLASSES:
            return True
        resolver = self.module.project.resolver
        values = [value for base in cls.bases if (value := self.module.value(base)) and value.module]
        names = {each.name for value in values for each in resolver.ancestry(value)}
        names.update(name for value in values for name in resolver.plain_bases(value))
        return any(name.rpartition(".")[2] in _DATA_CLASSES for name in names)

    def _of_state(self) -> None:
        """`app.state.sessions = {}`."""
        if ".state." not in self.module.source.text:
            return
        for node in self._nodes():
            target, value = _assigned(node)
            if value is not None and isinstance(target, ast.Attribute) and _is_state(target.value):
                kind = self._kind(value)
                if kind:
                    key = ("state", target.attr)
                    if key in self.found:
                        self.found[key].is_limited = True
                    else:
                        self.found[key] = Holder(f"app.state.{target.attr}", kind, node)

    def _kind(self, value: ast.expr) -> str:
        """What an empty (or small) container is; empty for everything else."""
        match value:
            case ast.Dict(keys=[]):
                return "dict"
            case ast.List(elts=[]):
                return "list"
            case ast.Call(func=function, args=arguments, keywords=keywords):
                name = (
                    (self.module.qualified_name(function) or "")
                    .removeprefix("builtins.")
                    .removeprefix("typing.")
                )
                kind = UNBOUNDED_CONTAINERS.get(name, "")
                if kind == "deque" and (len(arguments) > 1 or any(each.arg == "maxlen" for each in keywords)):
                    return ""
                if (
                    kind in ("dict", "list", "set")
                    and (arguments or keywords)
                    and not name.endswith("defaultdict")
                ):
                    return ""
                if name.endswith("defaultdict") and not arguments:
                    return "dict"
                return kind
        return ""

    def _nodes(self) -> Iterator[ast.AST]:
        return walk(self.module.tree)

    def _key(self, node: ast.AST) -> tuple[str, str] | None:
        """The holder that an expression names."""
        match node:
            case ast.Name(id=name):
                if ("", name) in self.found and not self._is_local(node):
                    return "", name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                cls = self._class_of(node)
                return (cls, name) if (cls, name) in self.found else None
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in self.found:
                return owner, name
            case ast.Attribute(value=inner, attr=name) if ("state", name) in self.found and _is_state(inner):
                return "state", name
            case ast.Attribute(value=ast.Call(func=ast.Name(id="type")), attr=name):
                cls = self._class_of(node)
                return (cls, name) if (cls, name) in self.found else None
        return None

    def _is_local(self, node: ast.Name) -> bool:
        index = self.module.index
        home = index.home_of(node)
        return home is not None and home is not index.module and not home.is_class

    def _class_of(self, node: ast.AST) -> str:
        current = self.module.parent(node)
        while current is not None:
            if isinstance(current, ast.ClassDef):
                return current.name
            current = self.module.parent(current)
        return ""

    def _uses(self) -> None:
        names = {name for _, name in self.found}
        for node in self._nodes():
            if isinstance(node, ast.Name):
                name = node.id
            elif isinstance(node, ast.Attribute):
                name = node.attr
            else:
                continue
            key = self._key(node) if name in names else None
            if key is not None:
                self._use(self.found[key], node)
            elif name in names and getattr(self.module.parent(node), "attr", "") in _SHRINKS:
                self.taken.add(name)

    def _use(self, holder: Holder, node: ast.Name | ast.Attribute) -> None:
        """What one mention of a holder does to it."""
        parent = self.module.parent(node)
        if isinstance(node.ctx, ast.Del):
            holder.is_limited = True
            return
        if isinstance(node.ctx, ast.Store):
            if self.module.statement(node) is not holder.node:
                holder.is_limited = True  # replaced, which empties it
            return
        match parent:
            case ast.Subscript(value=value, ctx=ctx) if value is node:
                if isinstance(ctx, ast.Del):
                    self._taken_out(holder, node, parent.slice, parent)
                elif isinstance(ctx, ast.Store):
                    self._stored(holder, parent)
                elif isinstance(ctx, ast.Load):
                    self._inner(holder, parent)
            case ast.Attribute(attr="pop") if isinstance(call := self.module.parent(parent), ast.Call):
                self._taken_out(holder, node, call.args[0] if call.args else None, call)
            case ast.Attribute(attr=attribute) if attribute in _SHRINKS:
                holder.is_limited = True
            case ast.Attribute(attr=attribute) if attribute in _GROWS:
                self._called(holder, parent)
            case ast.Attribute(
                attr="get" | "items" | "keys" | "values" | "copy" | "index" | "count" | "most_common"
            ):
                pass
            case (
                ast.Compare()
                | ast.For()
                | ast.comprehension()
                | ast.Return()
                | ast.If()
                | ast.BoolOp()
                | ast.UnaryOp()
            ):
                pass
            case ast.Call(func=ast.Name(id="len")):
                holder.is_limited = holder.is_limited or self._is_compared(parent)
            case ast.Call(
                func=ast.Name(id="list" | "dict" | "set" | "sorted" | "tuple" | "id" | "bool" | "str")
            ):
                pass
            case ast.AugAssign():
                holder.is_limited = True
            case ast.FormattedValue() | ast.AnnAssign():
                pass
            case _:
                holder.is_limited = True  # handed on: others may take from it

    def _taken_out(
        self, holder: Holder, node: ast.Name | ast.Attribute, key: ast.expr | None, place: ast.AST
    ) -> None:
        """`del d[key]`, `d.pop(key, None)`: of any entry, or only of the one that was asked for and has expired."""
        if isinstance(key, ast.Name) and _is_expiry(key, ast.unparse(node), place, self.module):
            holder.is_expired = True
        elif isinstance(key, ast.Name) and _is_invalidation(key, ast.unparse(node), place, self.module):
            holder.is_invalidated = True
        else:
            holder.is_limited = True

    def _is_compared(self, call: ast.AST) -> bool:
        return isinstance(self.module.parent(call), (ast.Compare, ast.BinOp))

    def _stored(self, holder: Holder, place: ast.Subscript) -> None:
        if isinstance(place.slice, ast.Slice):
            holder.is_limited = True
            return
        statement = self.module.statement(place)
        value = getattr(statement, "value", None)
        if holder.kind == "dict":
            holder.growths.append(Growth(statement or place, place.slice, value, True))

    def _inner(self, holder: Holder, place: ast.Subscript) -> None:
        """`d[key].append(x)` on a `defaultdict(list)`: both the keys and the lists grow; `d[key].pop()` takes out."""
        parent = self.module.parent(place)
        if isinstance(parent, ast.Attribute) and parent.attr in _SHRINKS:
            holder.is_limited = True
        elif isinstance(parent, ast.Attribute) and parent.attr in _GROWS:
            call = self.module.parent(parent)
            if isinstance(call, ast.Call) and call.func is parent:
                holder.growths.append(Growth(call, place.slice, call.args[0] if call.args else None, True))
        elif isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Del):
            holder.is_limited = True
        elif isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
            statement = self.module.statement(parent)
            if holder.kind == "dict":
                holder.growths.append(Growth(statement or parent, parent.slice, None, True))
        elif isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and not self._only_reads(parent):
            # `bucket = d[key]`, then `bucket = [...]` or `bucket.clear()`: what happens to it is not followed.
            holder.is_limited = True

    def _only_reads(self, assigned: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> bool:
        """`at, text = d[key]`, or `kept = d[key]` of which the function only reads parts: nothing is taken out by that."""
        targets = assigned.targets if isinstance(assigned, ast.Assign) else [assigned.target]
        match targets:
            case [ast.Tuple(elts=elements)]:
                return all(isinstance(each, ast.Name) for each in elements)
            case [ast.Name(id=name)]:
                pass
            case _:
                return False
        function = self.module.function_of(assigned)
        uses = [
            self.module.parent(use)
            for use in walk(function.node if function is not None else assigned)
            if isinstance(use, ast.Name) and use.id == name and isinstance(use.ctx, ast.Load)
        ]
        return bool(uses) and all(
            isinstance(use, ast.Return | ast.If)
            or (isinstance(use, ast.Subscript) and isinstance(use.ctx, ast.Load) and self._is_plain(use))
            for use in uses
        )

    def _is_plain(self, read: ast.Subscript) -> bool:
        """Whether nothing is done in `kept["items"]`: neither a method called nor an entry set."""
        return not isinstance(self.module.parent(read), ast.Attribute | ast.Subscript)

    def _called(self, holder: Holder, function: ast.Attribute) -> None:
        call = self.module.parent(function)
        if not isinstance(call, ast.Call) or call.func is not function:
            holder.is_limited = True  # handed on as a callback
            return
        first = call.args[0] if call.args else None
        if function.attr == "setdefault":
            holder.growths.append(Growth(call, first, call.args[1] if len(call.args) > 1 else None, True))
        elif function.attr == "update" and holder.kind == "dict":
            return
        elif first is not None:
            holder.growths.append(
                Growth(call, first, first, holder.kind != "list" and holder.kind != "deque")
            )


def _assigned(statement: ast.AST) -> tuple[ast.expr | None, ast.expr | None]:
    match statement:
        case ast.Assign(targets=[target], value=value):
            return target, value
        case ast.AnnAssign(target=target, value=value):
            return target, value
    return None, None


def _is_expiry(key: ast.Name, holder: str, place: ast.AST, module: Module) -> bool:
    """Whether `place` takes out what the function was asked for, because it is too old: `if time() > until: del d[key]`."""
    function = module.function_of(place)
    if function is None or isinstance(function.node, ast.Lambda) or key.id not in parameters(function.node):
        return False
    if any(module.loops(place)) or not any(
        isinstance(each, ast.Return) and each.value is not None for each in walk(function.node)
    ):
        return False
    text = ast.unparse(function.node)
    if f"{holder}.get({key.id}" not in text and text.count(f"{holder}[{key.id}]") < 2:
        return False
    way: ast.AST = place
    while way is not function.node:
        around = module.parent(way)
        if around is None:
            return False
        before = [each for each in _block(around, way) if isinstance(each, ast.If) and each is not way]
        if (isinstance(around, ast.If) and _asks_age(around)) or any(
            _asks_age(each) and isinstance(each.body[-1], ast.Return) for each in before
        ):
            return True
        way = around
    return False


def _is_invalidation(key: ast.Name, holder: str, place: ast.AST, module: Module) -> bool:
    """Whether `place` takes out those entries only whose key begins with something, for each of them."""
    loops = module.loops(place)
    if not loops or not isinstance(loops[-1], ast.For) or last_name(loops[-1].target) != key.id:
        return False
    for part in walk(loops[-1]):
        match part:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="startswith")):
                pass
            case _:
                continue
        for each in walk(loops[-1].iter):
            if isinstance(each, ast.comprehension) and last_name(each.target) == name:
                return holder in ast.unparse(each.iter)
        return name == key.id and holder in ast.unparse(loops[-1].iter)
    return False


def _asks_age(branch: ast.If) -> bool:
    return _MOMENTS.search(ast.unparse(branch.test)) is not None


def _block(around: ast.AST, way: ast.AST) -> list[ast.stmt]:
    """The statements before `way` in the same block."""
    for block in (getattr(around, "body", None), getattr(around, "orelse", None)):
        if isinstance(block, list) and way in block:
            return list(block[: block.index(way)])
    return []


def _is_state(node: ast.expr) -> bool:
    """`app.state`, `request.app.state`, `self.app.state`."""
    match node:
        case ast.Attribute(value=ast.Name(id="app" | "application"), attr="state"):
            return True
        case ast.Attribute(value=ast.Attribute(attr="app"), attr="state"):
            return True
    return False


__all__ = ["Growth", "Holder", "expired", "growing", "grown"]

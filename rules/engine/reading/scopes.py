"""One walk over a file's tree: parents, scopes, bindings, calls.

The walk is iterative, scope by scope, and visits each node once.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeAlias

from rules.engine.reading.spelling import last_name

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
LoopNode: TypeAlias = (
    ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)

BUILTINS = frozenset(dir(builtins))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS)
_STATEMENTS = frozenset(
    cls for cls in vars(ast).values() if isinstance(cls, type) and issubclass(cls, ast.stmt)
)


# Fields that hold nodes worth visiting: no contexts, no operators.
_SKIPPED = {"ctx", "op", "ops", "type_ignores", "type_params"}
_LEAVES = (ast.Name, ast.Constant, ast.alias, ast.Pass, ast.Break, ast.Continue)


def _fields() -> dict[type[ast.AST], tuple[str, ...]]:
    table: dict[type[ast.AST], tuple[str, ...]] = {}
    plain = {"id", "attr", "name", "asname", "arg", "names", "module", "level", "n", "s", "kind", "is_async"}
    plain |= {"conversion", "simple", "type_comment", "lineno", "rest", "kwd_attrs", "tag", "str", "is_lazy"}
    pending: list[type[ast.AST]] = [ast.AST]
    while pending:
        cls = pending.pop()
        pending.extend(cls.__subclasses__())
        names = tuple(field for field in cls._fields if field not in _SKIPPED and field not in plain)
        if cls in (ast.Constant, ast.Name, ast.MatchSingleton):
            names = ()
        elif cls in (ast.Import, ast.ImportFrom):
            names = ("names",)
        elif cls in (ast.Global, ast.Nonlocal):
            names = ()
        elif cls.__name__ == "TypeAlias":
            names = ("name", "value")
        table[cls] = names
    return table


FIELDS = _fields()


class Binding:
    """One way a name gets its value. `line` and `column` say from where on it holds."""

    __slots__ = ("column", "kind", "line", "node", "ref", "value")

    def __init__(self, kind: str, line: int, column: int, node: ast.AST, value: object) -> None:
        self.kind = kind
        self.line = line
        self.column = column
        self.node = node
        self.value = value
        self.ref: str | None = None


class Part:
    """The value of a name that is unpacked from a tuple: the member at `position`."""

    __slots__ = ("kind", "position", "value")

    def __init__(self, kind: str, value: object, position: int) -> None:
        self.kind = kind
        self.value = value
        self.position = position


# How files call applications and what these keep for all: a first sieve, the project decides what they are.
_KEEPERS = frozenset({"state", "app", "application", "fastapi_app", "api", "server"})
_WRAPPED = _KEEPERS - {"state"}  # what a state becomes is another one: `state = advance(state)`
_APPLICATIONS = frozenset({"FastAPI", "Starlette"})
# How what is unpacked got there: the suffix of a reference to the whole.
_UNPACKED = {"value": "", "item": "[]", "local item": "[]", "entered": "^", "part": "", "local part": ""}


_NONE: dict[str, ast.expr | None] = {}


def _variables(node: ast.AST) -> dict[str, ast.expr | None]:
    parameters = getattr(node, "type_params", ())
    return {each.name: getattr(each, "bound", None) for each in parameters} if parameters else _NONE


class Scope:
    """The module, a class body, a function or a lambda. `symbol` is unique within the file."""

    __slots__ = (
        "attributes",
        "bindings",
        "called",
        "calls",
        "is_class",
        "is_generator",
        "is_settled",
        "loads",
        "node",
        "outer",
        "owner",
        "parent",
        "repeats",
        "returned",
        "symbol",
        "variables",
        "yielded",
    )

    def __init__(self, node: ast.AST, parent: Scope | None, symbol: str) -> None:
        self.node = node
        self.parent = parent
        self.symbol = symbol
        self.is_class = isinstance(node, ast.ClassDef)
        self.owner = parent if parent is not None and parent.is_class else None
        self.variables = _variables(node) if self.is_class else _NONE
        """The type parameters of a class, `class Service[R: Repository]`, and what they are bound to."""
        self.bindings: dict[str, list[Binding]] = {}
        self.outer: dict[str, bool] = {}
        """Names declared `global` (True) or `nonlocal` (False)."""
        self.calls: list[ast.Call] = []
        self.called: set[str] = set()
        """The final names of what `calls` call: most questions about calls are over when none is there."""
        self.loads: list[ast.Attribute] = []
        self.returned: list[ast.expr | None] = []
        self.yielded: list[ast.expr | None] = []
        self.is_generator = False
        self.repeats = False
        """Whether there are loops or comprehensions in it."""
        self.is_settled = False
        """Whether its bindings, if there are many, were worked out in their order."""
        self.attributes: dict[str, list[tuple[Scope, Binding]]] = {}
        """Of a class: what its methods set on `self`."""

    def home(self, name: str) -> Scope | None:
        """The scope whose name it is that code in this one means; None for a builtin, and for what the file does not bind."""
        current: Scope | None = self
        while current is not None and (
            name not in current.bindings or (current.is_class and current is not self)
        ):
            current = current.parent
        return current


Handler: TypeAlias = "Callable[[Walk, Scope, Any, list[ast.AST]], bool]"


class Walk:
    """The walked file. `nodes` holds the nodes of the `wanted` types, in no order."""

    def __init__(self, tree: ast.Module, wanted: Iterable[type[ast.AST]] = ()) -> None:
        self.tree = tree
        self.parents: dict[ast.AST, ast.AST] = {}
        self.nodes: dict[type[ast.AST], list[ast.AST]] = {cls: [] for cls in wanted}
        self.module = Scope(tree, None, "")
        self.scopes: list[Scope] = [self.module]
        self.scope_of: dict[ast.AST, Scope] = {tree: self.module}
        self.imports: set[str] = set()
        self.imported: set[str] = set()
        self.stars: list[str] = []
        self._symbols: dict[str, int] = {}
        self._seen_by: dict[ast.AST, Scope] = {}
        """Whose names statements see, as far as somebody asked."""
        self.left: dict[ast.stmt, list[str]] = {}
        """What may have been left by `return` before a statement: kept for `rules.engine.reading.surroundings`."""
        self.kept_by_app: list[tuple[Scope, ast.Attribute, Binding]] = []
        """What is set on something that looks like an application or its state: `app.state.client = …`."""
        self.put_by_key: list[tuple[Scope, ast.expr, ast.expr]] = []
        """Containers into which something is put under a key, and what."""
        self.around: dict[ast.AST, Any] = {}
        """What stands around a statement: kept likewise."""
        self.alike: dict[tuple[object, ...], Any] = {}
        """And by what statements have in common around which the same stands."""
        self.taken: dict[ast.AST, tuple[str, ...]] = {}
        """What a `with` takes: kept likewise."""
        self.acquired: dict[ast.stmt, tuple[ast.expr, ...]] | None = None
        """What was acquired before a statement: kept likewise."""
        self.storing: list[ast.Assign | ast.AugAssign | ast.NamedExpr | ast.Global] = []
        """What gives names a value, in no order: for `rules.engine.reading.stored`."""
        self.stored: Any = None
        """Kept likewise."""
        self.grown: dict[Scope, frozenset[str]] = {}
        """The names to whose values something is added: for `rules.engine.reading.raw_text`."""
        self.turns: dict[ast.expr, int | None] = {}
        """How many turns a loop over something has at most: kept for `rules.engine.reading.turns`."""
        self.lasting: dict[Scope, set[str]] = {}
        """The locals of a function that are globals, or were looked up in what is kept: for `rules.engine.reading.rarely`."""
        self.recalled: dict[ast.stmt, int] = {}
        """Statements before which a kept answer may have been returned: kept likewise."""
        self.refused: dict[ast.stmt, tuple[str, ...]] = {}
        self.ended: set[ast.stmt] = set()
        """Statements behind the end of their block: kept likewise."""
        """Conditions on parameters under which a statement is got to: kept likewise."""
        self.asked_of_self: dict[ast.ClassDef, frozenset[str]] = {}
        """What several methods of a class ask of their object: for `rules.engine.reading.own_state`."""
        self.letting_go: dict[str, int | None] = {}
        """Which argument functions of the file make a task of that nobody waits for: kept likewise."""
        self.cheap_hashes: dict[str, bool] = {}
        """Whether the file writes down a low cost for a package's password hashes: for `rules.engine.reading.password_costs`."""
        self.all: dict[type[ast.AST], list[Any]] = {
            cls: self.nodes.get(cls, []) for cls in (ast.Name, ast.Attribute, ast.Constant)
        }
        """All names, members and constants, in no order."""
        self._leaves: dict[type[ast.AST], Callable[[Any], None]] = {
            cls: self.all[cls].append if cls in self.all else _pass_by
            for cls in _LEAVES
            if cls not in self.nodes
        }
        """What is done with nodes that have nothing inside."""
        self._keywords_wanted = ast.keyword in self.nodes
        self._walk()

    def release(self) -> None:
        """Break the cycles between scopes, so that the tree goes away without a collector. The index is dead then."""
        for scope in self.scopes:
            scope.attributes.clear()

    def _walk(self) -> None:
        parents = self.parents
        nodes = self.nodes
        leaves = self._leaves
        table = dict(_TABLE)
        for cls, found in (*nodes.items(), *self.all.items()):
            fields, _, handler = table[cls]
            table[cls] = fields, found, handler
        for scope in self.scopes:  # grows while we go
            stack: list[ast.AST] = []
            push = stack.append
            body = scope.node.body  # type: ignore[attr-defined]  # modules, classes, functions and lambdas have one
            if body.__class__ is list:
                for child in body:
                    parents[child] = scope.node
                stack.extend(body)
            else:
                parents[body] = scope.node
                stack.append(body)
                scope.returned.append(body)
            while stack:
                node = stack.pop()
                fields, bucket, handler = table[node.__class__]
                if bucket is not None:
                    bucket.append(node)
                if handler is not None and handler(self, scope, node, stack):
                    continue
                for field in fields:
                    value = getattr(node, field)
                    if value.__class__ is list:
                        for child in value:
                            if child is not None:
                                parents[child] = node
                                leaves.get(child.__class__, push)(child)
                    elif value is not None:
                        parents[value] = node
                        leaves.get(value.__class__, push)(value)
        if ast.Module in nodes:
            nodes[ast.Module].append(self.tree)
        for scope in self.scopes:
            if scope.outer:
                self._move_outer(scope)
        for scope in self.scopes:
            if not _APPLICATIONS.isdisjoint(scope.called) or any(name in scope.bindings for name in _WRAPPED):
                _leave_out_wrappers(scope)

    def _push(self, parent: ast.AST, children: Iterable[ast.AST | None], stack: list[ast.AST]) -> None:
        for child in children:
            if child is not None:
                self.parents[child] = parent
                stack.append(child)

    def _symbol(self, scope: Scope, name: str, node: ast.AST) -> str:
        mark = ""
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "deleter"):
                mark = "'set"
            elif getattr(decorator, "attr", getattr(decorator, "id", "")) == "overload":
                mark = "'overload"
        base = (f"{scope.symbol}.{name}" if scope.symbol else name) + mark
        count = self._symbols[base] = self._symbols.get(base, 0) + 1
        return base if count == 1 else f"{base}'{count}"

    def _new_scope(self, node: ast.AST, parent: Scope, name: str) -> Scope:
        scope = Scope(node, parent, self._symbol(parent, name, node))
        self.scopes.append(scope)
        self.scope_of[node] = scope
        return scope

    def _function(
        self, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef, stack: list[ast.AST]
    ) -> bool:
        inner = self._new_scope(node, scope, node.name)
        if "'" not in inner.symbol.rpartition(".")[2]:
            _bind(scope, node.name, Binding("def", node.lineno, node.col_offset, node, inner.symbol))
        else:
            _bind(scope, node.name, Binding("again", node.lineno, node.col_offset, node, inner.symbol))
        self._push(node, node.decorator_list, stack)
        self._push(node, (node.args, node.returns), stack)
        self._parameters(inner, node.args)
        return True

    def _lambda(self, scope: Scope, node: ast.Lambda, stack: list[ast.AST]) -> bool:
        inner = self._new_scope(node, scope, f"λ{node.lineno}_{node.col_offset}")
        self._push(node, (node.args,), stack)
        self._parameters(inner, node.args)
        return True

    def _parameters(self, scope: Scope, arguments: ast.arguments) -> None:
        positional = arguments.posonlyargs + arguments.args
        for position, argument in enumerate(positional):
            default = position - len(positional) + len(arguments.defaults)
            value = arguments.defaults[default] if default >= 0 else None
            kind = "self" if position == 0 and scope.owner is not None else "parameter"
            _bind(scope, argument.arg, Binding(kind, 0, 0, argument, value))
        for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            _bind(scope, argument.arg, Binding("parameter", 0, 0, argument, value))
        for rest in (arguments.vararg, arguments.kwarg):
            if rest is not None:
                _bind(scope, rest.arg, Binding("unknown", 0, 0, rest, None))

    def _class(self, scope: Scope, node: ast.ClassDef, stack: list[ast.AST]) -> bool:
        inner = self._new_scope(node, scope, node.name)
        kind = "again" if "'" in inner.symbol.rpartition(".")[2] else "class"
        _bind(scope, node.name, Binding(kind, node.lineno, node.col_offset, node, inner.symbol))
        self._push(node, node.decorator_list, stack)
        self._push(node, node.bases, stack)
        self._push(node, node.keywords, stack)
        return True

    def _call(self, scope: Scope, node: ast.Call, stack: list[ast.AST]) -> bool:
        # The commonest nodes are unrolled by hand: a fifth of the walk.
        scope.calls.append(node)
        parents, leaves = self.parents, self._leaves
        function = node.func
        if function.__class__ is ast.Attribute:
            scope.called.add(function.attr)
        elif function.__class__ is ast.Name:
            scope.called.add(function.id)
        push = stack.append
        parents[function] = node
        leaves.get(function.__class__, push)(function)
        for value in node.args:
            parents[value] = node
            leaves.get(value.__class__, push)(value)
        if node.keywords and self._keywords_wanted:
            for keyword in node.keywords:
                parents[keyword] = node
                stack.append(keyword)
            return True
        for keyword in node.keywords:
            parents[keyword] = node
            value = keyword.value
            parents[value] = keyword
            leaves.get(value.__class__, push)(value)
        return True

    def _attribute(self, scope: Scope, node: ast.Attribute, stack: list[ast.AST]) -> bool:
        value = node.value
        self.parents[value] = node
        self._leaves.get(value.__class__, stack.append)(value)
        if node.ctx.__class__ is ast.Load:
            parent = self.parents[node]
            if parent.__class__ is not ast.Call or parent.func is not node:
                scope.loads.append(node)
        return True

    def _assign(self, scope: Scope, node: ast.Assign, stack: list[ast.AST]) -> bool:
        self.storing.append(node)
        line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        for target in node.targets:
            self._target(scope, target, "value", node.value, line, column)
        return False

    def _annotated(self, scope: Scope, node: ast.AnnAssign, stack: list[ast.AST]) -> bool:
        self._target(
            scope, node.target, "annotated", node, node.end_lineno or node.lineno, node.end_col_offset or 0
        )
        return False

    def _named(self, scope: Scope, node: ast.NamedExpr, stack: list[ast.AST]) -> bool:
        self.storing.append(node)
        self._target(
            scope, node.target, "value", node.value, node.end_lineno or node.lineno, node.end_col_offset or 0
        )
        return False

    def _augmented(self, scope: Scope, node: ast.AugAssign, stack: list[ast.AST]) -> bool:
        self.storing.append(node)
        return False

    def _while(self, scope: Scope, node: ast.While, stack: list[ast.AST]) -> bool:
        self.function_scope(scope).repeats = True
        return False

    def _for(self, scope: Scope, node: ast.For | ast.AsyncFor, stack: list[ast.AST]) -> bool:
        self.function_scope(scope).repeats = True
        self._target(scope, node.target, "item", node.iter, node.lineno, node.col_offset)
        return False

    def _comprehension(self, scope: Scope, node: ast.comprehension, stack: list[ast.AST]) -> bool:
        self.function_scope(scope).repeats = True
        self._target(scope, node.target, "local item", node.iter, node.target.lineno, node.target.col_offset)
        return False

    def _withitem(self, scope: Scope, node: ast.withitem, stack: list[ast.AST]) -> bool:
        if node.optional_vars is not None:
            target = node.optional_vars
            self._target(scope, target, "entered", node.context_expr, target.lineno, target.col_offset)
        return False

    def _handler(self, scope: Scope, node: ast.ExceptHandler, stack: list[ast.AST]) -> bool:
        if node.name is not None:
            _bind(scope, node.name, Binding("unknown", node.lineno, node.col_offset, node, None))
        return False

    def _match(
        self, scope: Scope, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping, stack: list[ast.AST]
    ) -> bool:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if isinstance(name, str):
            _bind(scope, name, Binding("unknown", node.lineno, node.col_offset, node, None))
        return False

    def _type_alias(self, scope: Scope, node: Any, stack: list[ast.AST]) -> bool:
        name: ast.Name = node.name
        _bind(scope, name.id, Binding("value", name.lineno, name.col_offset, node, node.value))
        return False

    def _outer(self, scope: Scope, node: ast.Global | ast.Nonlocal, stack: list[ast.AST]) -> bool:
        if isinstance(node, ast.Global):
            self.storing.append(node)
        for name in node.names:
            scope.outer[name] = isinstance(node, ast.Global)
        return True

    def _return(self, scope: Scope, node: ast.Return, stack: list[ast.AST]) -> bool:
        scope.returned.append(node.value)
        return False

    def _yield(self, scope: Scope, node: ast.Yield | ast.YieldFrom, stack: list[ast.AST]) -> bool:
        scope.is_generator = True
        if isinstance(node, ast.Yield):
            scope.yielded.append(node.value)
        return False

    def _import(self, scope: Scope, node: ast.Import, stack: list[ast.AST]) -> bool:
        for name in node.names:
            self.imports.add(name.name.partition(".")[0])
            self.imported.add(name.name)
            bound = name.asname or name.name.partition(".")[0]
            target = name.name if name.asname else bound
            _bind(scope, bound, Binding("import", node.lineno, node.col_offset, node, target))
        return False

    def _import_from(self, scope: Scope, node: ast.ImportFrom, stack: list[ast.AST]) -> bool:
        origin = (f"<{node.level}>" if node.level else "") + (node.module or "")
        if not node.level and node.module:
            self.imports.add(node.module.partition(".")[0])
        if node.module:
            self.imported.add(origin)
        prefix = origin if origin.endswith(">") else f"{origin}."
        for name in node.names:
            if name.name == "*":
                self.stars.append(origin)
                continue
            self.imported.add(f"{prefix}{name.name}")
            bound = name.asname or name.name
            _bind(scope, bound, Binding("import", node.lineno, node.col_offset, node, f"{prefix}{name.name}"))
        return False

    def _target(
        self, scope: Scope, target: ast.expr, kind: str, value: object, line: int, column: int
    ) -> None:
        """Bind the names of an assignment target."""
        if isinstance(target, ast.Name):
            _bind(scope, target.id, Binding(kind, line, column, target, value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = _members(value, len(target.elts)) if kind == "value" else None
            after_star = False
            for position, element in enumerate(target.elts):
                after_star = after_star or isinstance(element, ast.Starred)
                if values is None and value is not None and not after_star and kind in _UNPACKED:
                    part = Part(_UNPACKED[kind], value, position)
                    self._target(scope, element, f"{_local(kind)}part", part, line, column)
                elif values is None:
                    self._target(scope, element, f"{_local(kind)}unknown", None, line, column)
                else:
                    self._target(scope, element, kind, values[position], line, column)
        elif isinstance(target, ast.Starred):
            self._target(scope, target.value, f"{_local(kind)}unknown", None, line, column)
        elif isinstance(target, ast.Subscript) and kind == "value" and isinstance(value, ast.expr):
            self.put_by_key.append((scope, target.value, value))
        elif isinstance(target, ast.Attribute) and kind == "value" and last_name(target.value) in _KEEPERS:
            self.kept_by_app.append((scope, target, Binding(kind, line, column, target, value)))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            owner = scope.owner
            if owner is None:
                return
            first = scope.bindings.get(target.value.id)
            if first and first[0].kind == "self":
                binding = Binding(kind, line, column, target, value)
                owner.attributes.setdefault(target.attr, []).append((scope, binding))

    def _move_outer(self, scope: Scope) -> None:
        for name, is_global in scope.outer.items():
            bindings = scope.bindings.pop(name, None)
            if not bindings:
                continue
            holder: Scope | None = self.module
            if not is_global:
                holder = scope.parent
                while holder is not None and (holder.is_class or name not in holder.bindings):
                    holder = holder.parent
            if holder is not None:
                holder.bindings.setdefault(name, []).extend(bindings)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names and members that the file has anywhere."""
        found = {node.id for node in self.all[ast.Name]}
        found.update([node.attr for node in self.all[ast.Attribute]])
        return frozenset(found)

    # Places

    def scope_at(self, node: ast.AST) -> Scope:
        """The scope whose names an expression at `node` sees."""
        parents, scope_of, known = self.parents, self.scope_of, self._seen_by
        child, statement = node, None
        while True:
            is_statement = child.__class__ in _STATEMENTS
            if is_statement and statement is None:
                found = known.get(child)
                if found is not None:
                    return found
                statement = child
            current = parents.get(child)
            if current is None:
                found = self.module
                break
            scope = scope_of.get(current)
            if scope is not None and (is_statement or child is getattr(current, "body", None)):
                found = scope
                break
            child = current
        if statement is not None:
            known[statement] = found
        return found

    def home_of(self, name: ast.Name) -> Scope | None:
        """The scope that a name is bound in (`Scope.home`)."""
        return self.scope_at(name).home(name.id)

    def bindings_of(self, name: ast.Name) -> list[Binding]:
        """All that a name is bound to in the scope that it is bound in."""
        home = self.home_of(name)
        return home.bindings[name.id] if home is not None else []

    def is_of_module(self, name: ast.Name) -> bool:
        """Whether no function or class around a name gives it a value: a global or a builtin."""
        return self.home_of(name) in (None, self.module)

    def function_scope(self, scope: Scope) -> Scope:
        """The function (or the module) whose code runs the code of `scope`: class bodies have no own."""
        while scope.is_class and scope.parent is not None:
            scope = scope.parent
        return scope


def _pass_by(node: ast.AST) -> None:
    """Do nothing with a node that has nothing inside."""


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    bindings = scope.bindings.get(name)
    if bindings is None:
        scope.bindings[name] = [binding]
    else:
        bindings.append(binding)


def _leave_out_wrappers(scope: Scope) -> None:
    """Of `app = FastAPI()` and, further down, `app = SentryAsgiMiddleware(app)` keep the first: whatever is put around it, the
    name stands for the application whose routes are set on it."""
    for name, bindings in scope.bindings.items():
        if len(bindings) == 1:
            continue
        first = min(bindings, key=lambda each: (each.line, each.column))
        made = first.value
        if isinstance(made, ast.Call) and (name in _WRAPPED or last_name(made) in _APPLICATIONS):
            bindings[:] = [each for each in bindings if each is first or not _takes(each.value, name)]


def _takes(value: object, name: str) -> bool:
    if not isinstance(value, ast.Call):
        return False
    given = (*value.args, *(each.value for each in value.keywords))
    return any(isinstance(part, ast.Name) and part.id == name for each in given for part in ast.walk(each))


def _local(kind: str) -> str:
    return "local " if kind.startswith("local") else ""


def _members(value: object, count: int) -> list[ast.expr] | None:
    """The expressions that `count` targets get one each, when the value says so."""
    if (
        isinstance(value, ast.Await)
        and isinstance(value.value, ast.Call)
        and last_name(value.value.func) == "gather"
    ):
        elements = value.value.args
    elif isinstance(value, (ast.Tuple, ast.List)):
        elements = value.elts
    else:
        return None
    if len(elements) != count or any(isinstance(element, ast.Starred) for element in elements):
        return None
    return elements


_HANDLERS: dict[type[ast.AST], Handler] = {
    ast.FunctionDef: Walk._function,
    ast.AsyncFunctionDef: Walk._function,
    ast.Lambda: Walk._lambda,
    ast.ClassDef: Walk._class,
    ast.Call: Walk._call,
    ast.Attribute: Walk._attribute,
    ast.Assign: Walk._assign,
    ast.AnnAssign: Walk._annotated,
    ast.AugAssign: Walk._augmented,
    ast.NamedExpr: Walk._named,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.comprehension: Walk._comprehension,
    ast.withitem: Walk._withitem,
    ast.ExceptHandler: Walk._handler,
    ast.MatchAs: Walk._match,
    ast.MatchStar: Walk._match,
    ast.MatchMapping: Walk._match,
    ast.Global: Walk._outer,
    ast.Nonlocal: Walk._outer,
    ast.Return: Walk._return,
    ast.Yield: Walk._yield,
    ast.YieldFrom: Walk._yield,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import_from,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = Walk._type_alias

_TABLE: dict[type[ast.AST], tuple[tuple[str, ...], list[ast.AST] | None, Handler | None]] = {
    cls: (fields, None, _HANDLERS.get(cls)) for cls, fields in FIELDS.items()
}

"""One walk over a file's tree: parents, scopes, bindings, calls; and references to what expressions are.

The walk is iterative, scope by scope, and visits each node once; everything else is looked up in what it left
behind. References are the strings that `rules.engine.facts` describes.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from rules.engine.annotations import annotation, joined, one_of
from rules.engine.special_calls import SPECIAL
from rules.engine.spelling import is_type_checking, last_name

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
LoopNode: TypeAlias = (
    ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)

BUILTINS = frozenset(dir(builtins))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS)

_MAX_REFERENCE = 240
_MAX_DISPLAY = 24
_MAX_DEPTH = 60
_MANY_BINDINGS = 60
"""Of a scope: resolving so many, each through the one before, still fits the stack."""

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
# How what is unpacked got there: the suffix of a reference to the whole.
_UNPACKED = {"value": "", "item": "[]", "local item": "[]", "entered": "^", "part": "", "local part": ""}


class Scope:
    """The module, a class body, a function or a lambda. `symbol` is unique within the file."""

    __slots__ = (
        "attributes",
        "bindings",
        "calls",
        "is_class",
        "is_generator",
        "is_settled",
        "loads",
        "node",
        "outer",
        "owner",
        "parent",
        "returned",
        "symbol",
        "yielded",
    )

    def __init__(self, node: ast.AST, parent: Scope | None, symbol: str) -> None:
        self.node = node
        self.parent = parent
        self.symbol = symbol
        self.is_class = isinstance(node, ast.ClassDef)
        self.owner = parent if parent is not None and parent.is_class else None
        self.bindings: dict[str, list[Binding]] = {}
        self.outer: dict[str, bool] = {}
        """Names declared `global` (True) or `nonlocal` (False)."""
        self.calls: list[ast.Call] = []
        self.loads: list[ast.Attribute] = []
        self.returned: list[ast.expr | None] = []
        self.yielded: list[ast.expr | None] = []
        self.is_generator = False
        self.is_settled = False
        """Whether its bindings, if there are many, were worked out in their order."""
        self.attributes: dict[str, list[tuple[Scope, Binding]]] = {}
        """Of a class: what its methods set on `self`."""


Handler: TypeAlias = "Callable[[Index, Scope, Any, list[ast.AST]], bool]"


class Index:
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
        self.early: set[str] = set()
        """Dependencies asked for with `scope="function"`, as far as annotations were read."""
        self._symbols: dict[str, int] = {}
        self.left: dict[ast.stmt, list[str]] = {}
        """What may have been left by `return` before a statement: kept for `rules.engine.surroundings`."""
        self.kept_by_app: list[tuple[Scope, ast.Attribute, Binding]] = []
        """What is set on something that looks like an application or its state: `app.state.client = …`."""
        self.around: dict[ast.AST, Any] = {}
        """What stands around a statement: kept likewise."""
        self.lasting: dict[Scope, set[str]] = {}
        """The locals of a function that are globals, or were looked up in what is kept: for `rules.engine.rarely`."""
        self.recalled: dict[ast.stmt, int] = {}
        """Statements before which a kept answer may have been returned: kept likewise."""
        self.refused: dict[ast.stmt, tuple[str, ...]] = {}
        """Conditions on parameters under which a statement is got to: kept likewise."""
        self._refs: dict[ast.AST, str] = {}
        self._names: dict[tuple[str, bool], str] = {}
        self._annotations: dict[tuple[ast.AST, Scope], str] = {}
        self._leaves = frozenset(cls for cls in _LEAVES if cls not in self.nodes)
        self._keywords_wanted = ast.keyword in self.nodes
        self._walk()

    def release(self) -> None:
        """Break the cycles between scopes, so that the tree goes away without a collector. The index is dead then."""
        for scope in self.scopes:
            scope.attributes.clear()

    # The walk

    def _walk(self) -> None:
        parents = self.parents
        nodes = self.nodes
        leaves = self._leaves
        table = dict(_TABLE)
        for cls, found in nodes.items():
            fields, _, handler = table[cls]
            table[cls] = fields, found, handler
        for scope in self.scopes:  # grows while we go
            stack: list[ast.AST] = []
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
                                if child.__class__ not in leaves:
                                    stack.append(child)
                    elif value is not None:
                        parents[value] = node
                        if value.__class__ not in leaves:
                            stack.append(value)
        if ast.Module in nodes:
            nodes[ast.Module].append(self.tree)
        for scope in self.scopes:
            if scope.outer:
                self._move_outer(scope)

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
        parents[function] = node
        if function.__class__ not in leaves:
            stack.append(function)
        for value in node.args:
            parents[value] = node
            if value.__class__ not in leaves:
                stack.append(value)
        if node.keywords and self._keywords_wanted:
            for keyword in node.keywords:
                parents[keyword] = node
                stack.append(keyword)
            return True
        for keyword in node.keywords:
            parents[keyword] = node
            value = keyword.value
            parents[value] = keyword
            if value.__class__ not in leaves:
                stack.append(value)
        return True

    def _attribute(self, scope: Scope, node: ast.Attribute, stack: list[ast.AST]) -> bool:
        value = node.value
        self.parents[value] = node
        if value.__class__ not in self._leaves:
            stack.append(value)
        if node.ctx.__class__ is ast.Load:
            parent = self.parents[node]
            if parent.__class__ is not ast.Call or parent.func is not node:
                scope.loads.append(node)
        return True

    def _assign(self, scope: Scope, node: ast.Assign, stack: list[ast.AST]) -> bool:
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
        self._target(
            scope, node.target, "value", node.value, node.end_lineno or node.lineno, node.end_col_offset or 0
        )
        return False

    def _for(self, scope: Scope, node: ast.For | ast.AsyncFor, stack: list[ast.AST]) -> bool:
        self._target(scope, node.target, "item", node.iter, node.lineno, node.col_offset)
        return False

    def _comprehension(self, scope: Scope, node: ast.comprehension, stack: list[ast.AST]) -> bool:
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
        elif isinstance(target, ast.Tuple | ast.List):
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

    # Places

    def scope_at(self, node: ast.AST) -> Scope:
        """The scope whose names an expression at `node` sees."""
        child = node
        current = self.parents.get(node)
        while current is not None:
            scope = self.scope_of.get(current)
            if scope is not None and (isinstance(child, ast.stmt) or child is getattr(current, "body", None)):
                return scope
            child = current
            current = self.parents.get(current)
        return self.module

    def function_scope(self, scope: Scope) -> Scope:
        """The function (or the module) whose code runs the code of `scope`: class bodies have no own."""
        while scope.is_class and scope.parent is not None:
            scope = scope.parent
        return scope

    # References

    def ref(self, node: ast.AST | None, scope: Scope, depth: int = 0) -> str:
        """The reference to the value of an expression in `scope`, empty when unknown."""
        if node is None or depth > _MAX_DEPTH:
            return ""
        known = self._refs.get(node)
        if known is not None:
            return known
        self._refs[node] = ""
        found = self._ref(node, scope, depth + 1)
        if len(found) > _MAX_REFERENCE:
            found = ""
        self._refs[node] = found
        return found

    def known_ref(self, node: ast.AST) -> str | None:
        """The reference of an expression that was asked for before; None when it was not."""
        return self._refs.get(node)

    def _ref(self, node: ast.AST, scope: Scope, depth: int) -> str:
        cls = node.__class__
        if cls is ast.Name:
            return self._name(node, scope)  # type: ignore[arg-type]  # a name, by its class
        if cls is ast.Attribute:
            base = self.ref(node.value, scope, depth)  # type: ignore[attr-defined]  # by its class
            return f"{base}.{node.attr}" if base else ""  # type: ignore[attr-defined]  # by its class
        if cls is ast.Call:
            return self._call_ref(node, scope, depth)  # type: ignore[arg-type]  # by its class
        match node:
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.ref(value, scope, depth)
            case ast.Constant(value=value):
                return "" if value is None or value is ... else f"builtins.{type(value).__name__}:"
            case ast.JoinedStr():
                return "builtins.str:"
            case ast.Dict(values=values):
                item = self.agreed(values, scope, depth) if len(values) <= _MAX_DISPLAY else ""
                return f"{item}{{:}}" if item else "builtins.dict:"
            case ast.DictComp(value=value):
                item = self.ref(value, scope, depth)
                return f"{item}{{:}}" if item else "builtins.dict:"
            case ast.List(elts=values) | ast.Set(elts=values):
                item = self.agreed(values, scope, depth) if len(values) <= _MAX_DISPLAY else ""
                return f"{item}{{}}" if item else f"builtins.{cls.__name__.lower()}:"
            case ast.ListComp(elt=value) | ast.SetComp(elt=value) | ast.GeneratorExp(elt=value):
                item = self.ref(value, scope, depth)
                if item:
                    return f"{item}{{}}"
                return "" if cls is ast.GeneratorExp else f"builtins.{cls.__name__[:-4].lower()}:"
            case ast.Tuple(elts=values) if len(values) <= _MAX_DISPLAY:
                if any(isinstance(value, ast.Starred) for value in values):
                    return "builtins.tuple:"
                return joined(self.ref(value, scope, depth) for value in values) or "builtins.tuple:"
            case ast.Subscript(value=value, slice=key):
                base = self.ref(value, scope, depth)
                return f"{base}[{_key(key)}]" if base else ""
            case ast.IfExp(body=body, orelse=orelse):
                return self.agreed([body, orelse], scope, depth)
            case ast.BoolOp(op=ast.Or(), values=values):
                return self.agreed(values, scope, depth)
            case ast.Lambda():
                return f"@{self.scope_of[node].symbol}" if node in self.scope_of else ""
        return ""

    def agreed(self, nodes: Iterable[ast.expr | None], scope: Scope, depth: int) -> str:
        """The one reference of several alternatives; `None` among them does not count."""
        refs: set[str] = set()
        for node in nodes:
            if node is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            refs.add(self.ref(node, scope, depth))
            if "" in refs:
                return ""
        return one_of(refs)

    def _call_ref(self, node: ast.Call, scope: Scope, depth: int) -> str:
        function = self.ref(node.func, scope, depth)
        if not function:
            return ""
        special = SPECIAL.get(function.rpartition(".")[2])
        if special is not None:
            found = special(self, node, function, scope, depth)
            if found is not None:
                return found
        return f"{function}()"

    def _name(self, node: ast.Name, scope: Scope) -> str:
        name = node.id
        current: Scope | None = scope
        while current is not None:
            if current is self.module:
                return self.module_name(name)
            if name in current.bindings and (not current.is_class or current is scope):
                if not current.is_settled:
                    self._settle(current)
                bindings = current.bindings[name]
                if current is scope and node in self.parents:
                    bindings = self.reaching(bindings, node)
                elif current is not scope:
                    bindings = [binding for binding in bindings if binding.kind[:5] != "local"]
                if bindings:
                    return self.unified(bindings, current)
            current = current.parent
        return self.module_name(name)

    def _settle(self, scope: Scope) -> None:
        """Work out what many bindings hold in their order: asked for the last first, each would wait for those before it."""
        scope.is_settled = True
        found = [binding for bindings in scope.bindings.values() for binding in bindings]
        if len(found) > _MANY_BINDINGS:
            for binding in sorted(found, key=lambda binding: (binding.line, binding.column)):
                self.binding_ref(binding, scope)

    def reaching(self, bindings: list[Binding], node: ast.Name) -> list[Binding]:
        """The bindings whose value `node` may see: the last before it, and earlier ones that the last may not hide."""
        if len(bindings) == 1 and bindings[0].kind[:5] != "local":
            return bindings
        line, column = node.lineno, node.col_offset
        reaching: list[Binding] = []
        ancestors: dict[ast.AST, ast.AST] | None = None
        for binding in sorted(bindings, key=lambda binding: (binding.line, binding.column), reverse=True):
            if ancestors is None:
                ancestors = self._ancestors(node)
            if binding.kind[:5] == "local":
                owner = self.parents.get(self.parents.get(binding.node, node), node)
                while not isinstance(owner, COMPREHENSIONS) and owner in self.parents:
                    owner = self.parents[owner]
                if owner in ancestors:
                    return [binding]
                continue
            if (binding.line, binding.column) > (line, column):
                continue
            reaching.append(binding)
            if self._dominates(binding, ancestors):
                return reaching
        return reaching or [binding for binding in bindings if binding.kind[:5] != "local"]

    def _ancestors(self, node: ast.AST) -> dict[ast.AST, ast.AST]:
        """Ancestor -> its child on the way down to `node`."""
        found: dict[ast.AST, ast.AST] = {}
        child, current = node, self.parents.get(node)
        while current is not None:
            found[current] = child
            child, current = current, self.parents.get(current)
        return found

    def _dominates(self, binding: Binding, ancestors: Mapping[ast.AST, ast.AST]) -> bool:
        """Whether code whose ancestors are given can only be reached through `binding`."""
        child: ast.AST = binding.node
        current = self.parents.get(child)
        while current is not None and current not in self.scope_of:
            if isinstance(current, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Match | ast.match_case):
                if child is getattr(current, "test", None) or child is getattr(current, "target", None):
                    pass
                elif current not in ancestors:
                    return False
                elif isinstance(current, ast.If):
                    other = ancestors[current]
                    if (child in current.body) != (other in current.body):
                        return False
            elif isinstance(current, ast.ExceptHandler) and current not in ancestors:
                return False
            child, current = current, self.parents.get(current)
        return True

    def module_name(self, name: str, for_type: bool = False) -> str:
        """The reference to a module-level name as seen from anywhere in the file."""
        key = (name, for_type)
        known = self._names.get(key)
        if known is None:
            known = self._names[key] = self._module_name(name, for_type)
        return known

    def _module_name(self, name: str, for_type: bool) -> str:
        bindings = self.module.bindings.get(name)
        if not bindings:
            if name in BUILTINS:
                return f"builtins.{name}"
            return f"@{name}" if self.stars else ""
        if all(binding.kind == "import" for binding in bindings):
            return self.unified(bindings, self.module, for_type)
        return f"@{name}"

    def unified_module_name(self, name: str) -> str:
        """What a module-level name holds; empty when its bindings disagree."""
        return self.unified(self.module.bindings[name], self.module)

    def unified(self, bindings: list[Binding], scope: Scope, for_type: bool = False) -> str:
        if len(bindings) > 1:
            bindings = self._after_imports(self._preferred(bindings, for_type))
        refs: set[str] = set()
        for binding in bindings:
            if (
                binding.kind == "value"
                and isinstance(binding.value, ast.Constant)
                and binding.value.value is None
            ):
                continue
            refs.add(self.binding_ref(binding, scope))
        return one_of(refs)

    def _preferred(self, bindings: list[Binding], for_type: bool) -> list[Binding]:
        """Without the fallbacks in `except` handlers, and without what only type checkers see (or only that)."""
        main: list[Binding] = []
        typing_only: list[Binding] = []
        for binding in bindings:
            if binding.kind == "again":
                continue
            child: ast.AST = binding.node
            current = self.parents.get(child)
            kind = "main"
            while current is not None and current not in self.scope_of:
                if isinstance(current, ast.ExceptHandler):
                    kind = "fallback"
                elif isinstance(current, ast.If) and is_type_checking(current.test) and child in current.body:
                    kind = "typing"
                child, current = current, self.parents.get(current)
            if kind == "main":
                main.append(binding)
            elif kind == "typing":
                typing_only.append(binding)
        if typing_only and (for_type or all(binding.kind == "annotated" for binding in typing_only)):
            return typing_only  # `app: Application`, declared so because a proxy stands in for it
        return main or typing_only or bindings

    def _after_imports(self, bindings: list[Binding]) -> list[Binding]:
        """The class or function alone that takes over the name of an import: `class Order(Base)` beside a schema."""
        *before, last = sorted(bindings, key=lambda binding: binding.line)
        if last.kind not in ("class", "def") or any(binding.column for binding in bindings):
            return bindings  # indented: under a condition, or in a class
        return [last] if all(binding.kind == "import" for binding in before) else bindings

    def binding_ref(self, binding: Binding, scope: Scope) -> str:
        if binding.ref is None:
            binding.ref = ""
            binding.ref = self._binding_ref(binding, scope)
        return binding.ref

    def _binding_ref(self, binding: Binding, scope: Scope) -> str:
        kind, value = binding.kind, binding.value
        if kind == "import":
            return str(value)
        if kind in ("def", "class"):
            return f"@{value}"
        if kind == "self":
            return self._self_ref(scope)
        if kind == "parameter":
            return self.parameter_ref(binding, scope)
        at = (
            scope
            if binding.node not in self.parents or scope.node is not self.tree
            else self.scope_at(binding.node)
        )
        if kind == "value":
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and len(value.value) <= 200:
                return f"'{value.value}"
            return self.ref(value, at)  # type: ignore[arg-type]  # the value of an assignment is an expression
        if kind == "annotated" and isinstance(value, ast.AnnAssign):
            if isinstance(value.value, ast.Constant) and isinstance(value.value.value, str):
                return f"'{value.value.value[:200]}"
            return self.annotation(value.annotation, at) or self.ref(value.value, at)
        if isinstance(value, Part):
            return self._part_ref(value, at)
        if kind in ("item", "local item"):
            base = self.ref(value, at)  # type: ignore[arg-type]  # what is iterated is an expression
            return f"{base}[]" if base else ""
        if kind == "entered":
            base = self.ref(value, at)  # type: ignore[arg-type]  # what is entered is an expression
            return f"{base}^" if base else ""
        return ""

    def _part_ref(self, part: Part, scope: Scope) -> str:
        whole = part.value
        base = self._part_ref(whole, scope) if isinstance(whole, Part) else self.ref(whole, scope)  # type: ignore[arg-type]  # what is unpacked is an expression
        return f"{base}{part.kind}[{part.position}]" if base else ""

    def _self_ref(self, scope: Scope) -> str:
        owner = scope.owner
        if owner is None:
            return ""
        node = scope.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {last_name(decorator) for decorator in node.decorator_list}
            if "staticmethod" in names:
                binding = scope.bindings[(node.args.posonlyargs + node.args.args)[0].arg][0]
                return self.parameter_ref(binding, scope)
            if "classmethod" in names or node.name in ("__new__", "__init_subclass__", "__class_getitem__"):
                return f"@{owner.symbol}"
        return f"@{owner.symbol}:"

    def parameter_ref(self, binding: Binding, scope: Scope) -> str:
        argument = binding.node
        if not isinstance(argument, ast.arg):
            return ""
        outside = scope.parent or self.module
        annotated = self.annotation(argument.annotation, outside)
        if annotated:
            return annotated
        depends = self.depends(binding.value, argument.annotation, outside)
        return f"{depends}$" if depends else ""

    def depends(self, default: object, annotation: ast.expr | None, scope: Scope) -> str | None:
        """The callable of a parameter's `Depends(…)`; empty for `Depends()`; None when there is none."""
        candidates: list[object] = [default]
        if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Annotated":
            candidates.extend(getattr(annotation.slice, "elts", ())[1:])
        for candidate in candidates:
            if not isinstance(candidate, ast.Call) or last_name(candidate.func) not in (
                "Depends",
                "Security",
            ):
                continue
            if self.ref(candidate.func, scope).partition(".")[0] not in (
                "fastapi",
                "taskiq",
                "fastapi_injectable",
            ):
                continue
            function = next((item.value for item in candidate.keywords if item.arg == "dependency"), None)
            if function is None and not candidate.args:
                return ""
            found = self.ref(function or candidate.args[0], scope)
            if found and any(
                item.arg == "scope"
                and isinstance(item.value, ast.Constant)
                and item.value.value == "function"
                for item in candidate.keywords
            ):
                self.early.add(found)
            return found or None
        return None

    def annotation(self, node: ast.AST | None, scope: Scope, depth: int = 0) -> str:
        """The reference to a value of the annotated type, empty when unknown or of several types."""
        if node is None:
            return ""
        if depth:
            return annotation(self, node, scope, depth)
        key = (node, scope)
        known = self._annotations.get(key)
        if known is None:
            known = self._annotations[key] = annotation(self, node, scope, depth)
        return known


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    bindings = scope.bindings.get(name)
    if bindings is None:
        scope.bindings[name] = [binding]
    else:
        bindings.append(binding)


def _key(key: ast.expr) -> str:
    """How a subscript is written in a reference."""
    if isinstance(key, ast.Slice):
        return ":"
    if isinstance(key, ast.UnaryOp) and isinstance(key.op, ast.USub):
        inner = _key(key.operand)
        return f"-{inner}" if inner.isdecimal() else "k"
    if isinstance(key, ast.Constant) and type(key.value) is int and 0 <= key.value < _MAX_DISPLAY:
        return str(key.value)
    return "k"


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
    elif isinstance(value, ast.Tuple | ast.List):
        elements = value.elts
    else:
        return None
    if len(elements) != count or any(isinstance(element, ast.Starred) for element in elements):
        return None
    return elements


_HANDLERS: dict[type[ast.AST], Handler] = {
    ast.FunctionDef: Index._function,
    ast.AsyncFunctionDef: Index._function,
    ast.Lambda: Index._lambda,
    ast.ClassDef: Index._class,
    ast.Call: Index._call,
    ast.Attribute: Index._attribute,
    ast.Assign: Index._assign,
    ast.AnnAssign: Index._annotated,
    ast.NamedExpr: Index._named,
    ast.For: Index._for,
    ast.AsyncFor: Index._for,
    ast.comprehension: Index._comprehension,
    ast.withitem: Index._withitem,
    ast.ExceptHandler: Index._handler,
    ast.MatchAs: Index._match,
    ast.MatchStar: Index._match,
    ast.MatchMapping: Index._match,
    ast.Global: Index._outer,
    ast.Nonlocal: Index._outer,
    ast.Return: Index._return,
    ast.Yield: Index._yield,
    ast.YieldFrom: Index._yield,
    ast.Import: Index._import,
    ast.ImportFrom: Index._import_from,
}
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = Index._type_alias

_TABLE: dict[type[ast.AST], tuple[tuple[str, ...], list[ast.AST] | None, Handler | None]] = {
    cls: (fields, None, _HANDLERS.get(cls)) for cls, fields in FIELDS.items()
}

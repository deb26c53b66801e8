"""References to what the expressions of a walked file are: the strings that `rules.engine.reading.facts` describes."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

from rules.engine.reading import handed_types, narrowing, secrecy, shown_types
from rules.engine.reading.annotations import annotation, joined, may_be_ours, one_of
from rules.engine.reading.asked_for import asked_for, kept_under
from rules.engine.reading.left_open import default_of, is_anything, is_left_open, is_only_left_open
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import BUILTINS, COMPREHENSIONS, Binding, Part, Scope, Walk
from rules.engine.reading.special_calls import SPECIAL
from rules.engine.reading.spelling import is_type_checking, last_name

_MAX_REFERENCE = 240
_MAX_DISPLAY = 24
_MAX_DEPTH = 60
_WIRED = frozenset(f"dependency_injector.wiring.{name}" for name in ("Provide", "Closing"))
"""What stands for a provider: `Provide[Container.client]`."""
_KEEPS_ROWS = regex(r"(?i)(?:crud|repo|repository|dao|dal|store|manager|service|gateway|mapper)(?:base)?$")
"""Classes that may be made for a class of rows."""
_GIVEN = frozenset({"parameter", "entered", "value"})
"""How a name gets something of which calls may tell more than where it comes from."""
_MANY_BINDINGS = 60
"""Of a scope: resolving so many, each through the one before, still fits the stack."""


class Index(Walk):
    """The walked file, and what its expressions stand for."""

    def __init__(self, tree: ast.Module, wanted: Iterable[type[ast.AST]] = ()) -> None:
        self.early: set[str] = set()
        """Dependencies asked for with `scope="function"`, as far as annotations were read."""
        self._refs: dict[ast.AST, str] = {}
        self._names: dict[tuple[str, bool], str] = {}
        self.checked: dict[Scope, frozenset[str]] = {}
        """The names that a function asks `isinstance` about."""
        self.shown: dict[Scope, Mapping[str, str]] = {}
        """What the calls of a function show of the types of names: kept for `rules.engine.reading.shown_types`."""
        self.handed: dict[tuple[Scope, str], str] = {}
        """What the calls of the file give parameters: kept for `rules.engine.reading.handed_types`, as are these two."""
        self.iterated: dict[Scope, frozenset[str]] = {}
        """The names that a function goes through: kept for `rules.engine.reading.surroundings`."""
        self.by_name: dict[str, list[tuple[Scope, ast.Call]]] | None = None
        self.put_into: frozenset[str] | None = None
        """The names that something is put into: kept for `rules.engine.reading.rarely`."""
        self.locks: frozenset[str] | None = None
        """The names that locks are given: kept for `rules.engine.reading.functions`."""
        self.type_parameters: frozenset[str] | None = None
        """The names that brackets bring: kept for `rules.engine.reading.undefined`."""
        self.deep = 0
        self._ordered: dict[int, _Ordered] = {}
        """Bindings of one name, by the identity of their list, where there are many."""
        self._blocks: dict[Binding, tuple[tuple[ast.AST, str] | None, bool]] = {}
        self._annotations: dict[tuple[ast.AST, Scope], str] = {}
        self._calls: dict[tuple[int, int], list[ast.Call]] | None = None
        super().__init__(tree, wanted)

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

    def calls_at(self, line: int, column: int) -> Sequence[ast.Call]:
        """The calls whose text begins there, the outermost of a chain among them; `column` counts bytes from 0."""
        if self._calls is None:
            found: dict[tuple[int, int], list[ast.Call]] = {}
            for scope in self.scopes:
                for call in scope.calls:
                    found.setdefault((call.lineno, call.col_offset), []).append(call)
            self._calls = found
        return self._calls.get((line, column), ())

    def known_ref(self, node: ast.AST) -> str | None:
        """The reference of an expression that was asked for before; None when it was not."""
        return self._refs.get(node)

    def _ref(self, node: ast.AST, scope: Scope, depth: int) -> str:
        cls = node.__class__
        if cls is ast.Name:
            return self._name(node, scope)  # type: ignore[arg-type]  # a name, by its class
        if cls is ast.Attribute:
            value = node.value  # type: ignore[attr-defined]  # by its class
            if value.__class__ is ast.Name:  # as `ref` would, but for two calls: of most members
                base = self._refs.get(value)
                if base is None:
                    self._refs[value] = ""
                    base = self._name(value, scope)
                    if len(base) > _MAX_REFERENCE:
                        base = ""
                    self._refs[value] = base
            else:
                base = self.ref(value, scope, depth)
            found = f"{base}.{node.attr}" if base else ""  # type: ignore[attr-defined]  # by its class
            if "isinstance" in scope.called and node in self.parents:
                return narrowing.narrowed(self, node, (), scope, found)  # type: ignore[arg-type]  # by its class
            return found
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
                if base in _WIRED:
                    return self.ref(key, scope, depth)
                return f"{base}[{_key(key)}]" if base else kept_under(self, node, scope, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return self.agreed([body, orelse], scope, depth)
            case ast.BoolOp(op=ast.Or(), values=values):
                return self.agreed(values, scope, depth)
            case ast.BinOp(op=ast.BitOr(), left=ast.Dict(), right=right):
                base = self.ref(right, scope, depth)
                return f"{base}.__ror__()" if base else ""
            case ast.BinOp(op=ast.BitOr(), left=left):
                base = self.ref(left, scope, depth)
                return f"{base}.__or__()" if base else ""
            case ast.BinOp(op=ast.Div(), left=left):  # `folder / "prices.csv"`
                base = self.ref(left, scope, depth)
                return f"{base}.__truediv__()" if base and base[:9] != "builtins." else ""
            case ast.Lambda():
                return f"@{self.scope_of[node].symbol}" if node in self.scope_of else ""
        return ""

    def agreed(self, nodes: Iterable[ast.expr | None], scope: Scope, depth: int) -> str:
        """The one reference of several alternatives; `None` among them does not count."""
        refs: set[str] = set()
        for node in nodes:
            if node is None or (isinstance(node, ast.Constant) and node.value is None):
                continue
            found = self.ref(node, scope, depth)
            if not found and isinstance(node, ast.Name) and is_only_left_open(scope, node.id):
                continue  # `repository or OrderRepository()`
            refs.add(found)
            if "" in refs:
                return ""
        return one_of(refs)

    def _call_ref(self, node: ast.Call, scope: Scope, depth: int) -> str:
        if node.func.__class__ is ast.Subscript and _is_generic(node.func.value):
            made = self.annotation(node.func, scope)
            if made[-1:] == "⟩" and made[0] != "⟨":  # `Repository[Order](Order)`
                return made
        function = self.ref(node.func, scope, depth)
        if not function:
            return asked_for(self, node, function, scope, depth)
        special = SPECIAL.get(function.rpartition(".")[2])
        if special is not None:
            found = special(self, node, function, scope, depth)
            if found is not None:
                return found
        return asked_for(self, node, function, scope, depth) or (
            self._made_over(node, function, scope, depth) or f"{function}()"
        )

    def _made_over(self, node: ast.Call, function: str, scope: Scope, depth: int) -> str:
        """What a class of the project makes that keeps rows of the class it is given: `CRUDBase(Order)` is a `CRUDBase[Order]`."""
        given = (
            node.args[0]
            if node.args
            else next((each.value for each in node.keywords if each.arg == "model"), None)
        )
        if not isinstance(given, ast.Name | ast.Attribute) or not (
            _is_generic(given) and _is_generic(node.func)
        ):
            return ""
        if not _KEEPS_ROWS.search(last_name(node.func)):
            return ""
        over = self.ref(given, scope, depth)
        return f"{function}:⟨{over}:⟩" if over and over[-1:] not in ":)⟩»" else ""

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
                    found = self.unified(bindings, current)
                    if current is scope and "isinstance" in scope.called and node in self.parents:
                        found = narrowing.narrowed(self, node, bindings, scope, found)
                    if bindings[0].kind in _GIVEN:
                        found = shown_types.or_shown(found, shown_types.shown(self, current).get(name, ""))
                    if not found and bindings[0].kind == "parameter" and len(bindings) == 1:
                        found = handed_types.handed(self, current, name)
                    return found
            if current.variables and name in current.variables:
                return f"@{current.symbol}.{name}"
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
        latest_first = self._latest_first(bindings, node)
        if latest_first and latest_first[0].kind[:5] == "local":
            return latest_first
        reaching: list[Binding] = []
        replaced: set[tuple[ast.AST, str] | None] = set()
        """Blocks that always bind the name again before they are left, by one of those."""
        ancestors = self._ancestors(node)
        for binding in latest_first:
            block, is_assigned = self._block(binding)
            if block in replaced:
                continue
            if is_assigned:
                replaced.add(block)
            reaching.append(binding)
            if self._dominates(binding, ancestors):
                return reaching
        return reaching or [binding for binding in bindings if binding.kind[:5] != "local"]

    def _latest_first(self, bindings: list[Binding], node: ast.Name) -> list[Binding]:
        """The bindings before `node`, the last one first; or the one of the comprehension that `node` is in."""
        known = self._ordered.get(id(bindings))
        if known is None or known.of is not bindings or known.count != len(bindings):
            known = _Ordered(bindings, self._comprehension_of)
            if len(bindings) > _MANY_BINDINGS:
                self._ordered[id(bindings)] = known
        if known.local:
            around = self._ancestors(node)
            inside = [each for owner in around if owner in known.local for each in known.local[owner]]
            if inside:
                return [max(inside, key=_place)]
        return known.others[bisect_left(known.places, (-node.lineno, -node.col_offset)) :]

    def _comprehension_of(self, binding: Binding) -> ast.AST:
        """The comprehension that a name is bound in."""
        owner = self.parents[binding.node]
        while not isinstance(owner, COMPREHENSIONS) and owner in self.parents:
            owner = self.parents[owner]
        return owner

    def _block(self, binding: Binding) -> tuple[tuple[ast.AST, str] | None, bool]:
        """The statement in whose block, and the name of the block in which, a name is bound, and whether the statement
        there is an assignment: that always binds it."""
        known = self._blocks.get(binding)
        if known is None:
            known = self._blocks[binding] = self._block_of(binding)
        return known

    def _block_of(self, binding: Binding) -> tuple[tuple[ast.AST, str] | None, bool]:
        statement: ast.AST | None = binding.node
        while statement is not None and not isinstance(statement, ast.stmt):
            statement = self.parents.get(statement)
        parent = self.parents.get(statement) if statement is not None else None
        is_assigned = (
            binding.kind in ("value", "annotated")
            and isinstance(statement, ast.Assign | ast.AnnAssign)
            and binding.node
            in (statement, *getattr(statement, "targets", ()), getattr(statement, "target", None))
        )
        for name in ("body", "orelse", "finalbody"):
            block = getattr(parent, name, None)
            if parent is not None and isinstance(block, list) and statement in block:
                return (parent, name), is_assigned
        return None, False

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
            if isinstance(current, (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Match, ast.match_case)):
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
        ways = bindings
        if len(bindings) > 1:
            bindings = self._after_imports(self._preferred(bindings, for_type))
        if len(bindings) == 1:  # as most names have
            only = bindings[0]
            if only.kind == "import" and len(ways) > 1:
                return _spelled_twice(
                    str(only.value), [str(way.value) for way in ways if way.kind == "import"]
                )
            is_none = (
                only.kind == "value" and isinstance(only.value, ast.Constant) and only.value.value is None
            )
            return self.binding_ref(only, scope) if not is_none else ""
        refs: set[str] = set()
        for binding in bindings:
            if (
                binding.kind == "value"
                and isinstance(binding.value, ast.Constant)
                and binding.value.value is None
            ):
                continue
            found = self.binding_ref(binding, scope)
            if found or not is_left_open(binding):
                refs.add(found)
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
        if typing_only and all(is_anything(binding.value) for binding in main):
            return typing_only  # `AsyncSession = Any`, where only type checkers import it
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
                return f"'{secrecy.kept(value.value)}"
            return self.ref(value, at)  # type: ignore[arg-type]  # the value of an assignment is an expression
        if kind == "annotated" and isinstance(value, ast.AnnAssign):
            if isinstance(value.value, ast.Constant) and isinstance(value.value.value, str):
                return f"'{secrecy.kept(value.value.value[:200])}"
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
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
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
        if annotated and not may_be_ours(annotated):
            return annotated
        depends = self.depends(binding.value, argument.annotation, outside)
        if not depends and isinstance(binding.value, ast.Subscript):
            is_wired = self.ref(binding.value.value, outside) in _WIRED
            depends = self.ref(binding.value, outside) if is_wired else None
        if not depends:
            return annotated or default_of(self, binding, outside)
        return f"{annotated}‖{depends}$" if annotated else f"{depends}$"

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


class _Ordered:
    """The bindings of one name: those of comprehensions by these, and the others, the last one first."""

    __slots__ = ("count", "local", "of", "others", "places")

    def __init__(self, bindings: list[Binding], comprehension_of: Callable[[Binding], ast.AST]) -> None:
        self.of = bindings
        self.count = len(bindings)
        self.local: dict[ast.AST, list[Binding]] = {}
        self.others: list[Binding] = []
        for binding in bindings:
            if binding.kind[:5] == "local":
                self.local.setdefault(comprehension_of(binding), []).append(binding)
            else:
                self.others.append(binding)
        self.others.sort(key=_place, reverse=True)
        self.places = [(-binding.line, -binding.column) for binding in self.others]


def _place(binding: Binding) -> tuple[int, int]:
    return binding.line, binding.column


def _is_generic(node: ast.expr) -> bool:
    """Whether it is spelled as classes are: `Repository` of `Repository[Order]`, not `CLASSES[kind]`."""
    name = last_name(node)
    return name[:1].isupper() and not name.isupper()


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


def _spelled_twice(ref: str, ways: Iterable[str]) -> str:
    """`ref`, or the same from elsewhere where nobody knows it there: `except ImportError: from .orders import place`."""
    for way in ways:
        path = way.rpartition(">")[2]
        if (
            way != ref
            and ref[0] != "<"
            and (f".{path}".endswith(f".{ref}") or f".{ref}".endswith(f".{path}"))
        ):
            return f"{ref}⁇{way}⁇"
    return ref

"""What stands around a call: loops, alternatives, what runs together, and what a condition says about it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from rules.engine.reading import facts, rarely, switches
from rules.engine.reading.acquired import held_at
from rules.engine.reading.blocks import blocks_of
from rules.engine.reading.detached import HANDING_OVER, SPAWNING, is_detached, lets_go
from rules.engine.reading.gaps import fills_gap, missing_of
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.request_paths import on_path
from rules.engine.reading.scopes import COMPREHENSIONS, Binding, Part, Scope
from rules.engine.reading.spelling import is_main_guard, last_name
from rules.engine.reading.turns import is_trial, turns
from rules.engine.reading.unreachable import ends_block, is_unreachable_arm

STATEMENTS = frozenset(
    {ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.If, ast.For, ast.AsyncFor, ast.While}
    | {ast.With, ast.AsyncWith, ast.Try, ast.Match, ast.Raise, ast.Assert}
)
_STATEMENTS = frozenset(
    cls for cls in vars(ast).values() if isinstance(cls, type) and issubclass(cls, ast.stmt)
)
_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef})
TRIED = "t"
"""Tells the alternatives of a `try`, of which the first always begins, from those of a branch."""
_FEW = 10
"""As many turns as a loop over something constant may have."""
_MOST_LEFT = 200
"""Ways out of a block, beyond which it is not told apart what each leaves behind it: nobody wrote that by hand."""
_NAME = regex(r"\w+")
_PASSING = frozenset(
    {"enumerate", "reversed", "sorted", "list", "set", "tuple", "iter", "zip", "chain", "batched"}
)
_VIEWS = frozenset({"items", "values", "keys", "all", "scalars", "copy"})
_COLLECTING = frozenset(
    {
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "sum",
        "any",
        "all",
        "min",
        "max",
        "sorted",
    }
    | {"enumerate", "zip", "join", "extend", "update", "iter", "reversed", "chain", "deque"}
)
_PLAIN = frozenset({ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return})
"""Statements whose expressions are all worked out, once each."""
_SAYING_NOTHING = frozenset(
    {
        *(ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Raise, ast.Assert, ast.Delete),
        *(
            ast.Attribute,
            ast.Subscript,
            ast.Slice,
            ast.Starred,
            ast.keyword,
            ast.Await,
            ast.Yield,
            ast.YieldFrom,
        ),
        *(ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp, ast.UnaryOp, ast.Compare),
        *(ast.JoinedStr, ast.FormattedValue, ast.NamedExpr, ast.comprehension, ast.withitem),
    }
)
"""What may stand around an expression and neither repeats it nor decides whether it runs, as far as is told."""
_CONCURRENT = frozenset({"gather", "as_completed"})


class Around:
    """What is gathered on the way from an expression to its function."""

    __slots__ = ("flags", "guarded", "held", "listed", "loops", "marks", "misses", "needs", "path")

    def __init__(self) -> None:
        self.flags = self.loops = 0
        self.held: tuple[str, ...] = ()
        """What `with` blocks around have taken."""
        self.marks: list[str] = []
        """Of the step to the next statement, from the inside out."""
        self.guarded = False
        self.misses: list[tuple[ast.If, int]] = []
        """Conditions that something may be missing, with the flag where the expression does not fill that gap."""
        self.needs: list[str] = []
        """What must hold of parameters."""
        self.path = self.listed = ""
        """Of a statement: the marks from the outside in, and the needs as they are kept."""


def _held_around(index: Index, node: ast.expr) -> tuple[str, ...]:
    """What the `with` blocks around a call, whose surroundings are known, have taken."""
    current: ast.AST | None = node
    while current is not None and current.__class__ not in _STATEMENTS:
        current = index.parents.get(current)
    around = index.around.get(current) if current is not None else None
    return around.held if around is not None else ()


def surroundings(
    index: Index, node: ast.expr, at_module: bool
) -> tuple[int, int, str, bool, str, tuple[str, ...]]:
    """Flags, loops, path, whether the main guard is around, what must hold of parameters, and what the `with` blocks
    around have taken."""
    parents = index.parents
    current: Any = parents.get(node)
    cls = current.__class__
    above = parents.get(current) if cls is ast.Await else current
    if above.__class__ in _PLAIN:  # as most calls are: nothing is between them and their statement
        around = _around(index, above)  # type: ignore[arg-type]  # by its class
        flags = around.flags | facts.AWAITED if cls is ast.Await else around.flags
        if (
            (cls is ast.Assign or cls is ast.AnnAssign)
            and node.__class__ is ast.Call
            and _is_run_through(index, node, current)
        ):
            flags |= facts.RUN_THROUGH
        for test, otherwise in around.misses:
            flags |= _filling(index, test) if _fills(index, test, node) else otherwise
        return flags, around.loops, around.path, at_module and around.guarded, around.listed, around.held
    own = Around()
    if cls is ast.Await:
        own.flags = facts.AWAITED
    elif cls is ast.YieldFrom or cls is ast.withitem:
        own.flags = facts.ITERATED
    elif cls is ast.Call and node is not current.func:
        name = last_name(current)
        if name in _COLLECTING:
            own.flags = facts.ITERATED
        elif name in SPAWNING:
            own.flags = facts.SPAWNED | (facts.DETACHED if is_detached(index, current) else 0)
            own.marks.append(f"&0.{node.lineno}/")
        elif name in HANDING_OVER:
            own.flags = facts.ON_ANOTHERS_LOOP
        elif name in ("wait_for", "shield") and parents.get(current).__class__ is ast.Await:
            own.flags = facts.AWAITED
        elif node.__class__ is ast.Call and lets_go(index, current, node):
            own.flags = facts.SPAWNED | facts.DETACHED
            own.marks.append(f"&0.{node.lineno}/")
    elif cls is ast.Starred:
        own.flags = facts.ITERATED
    statement = _climb(index, node, node, own)
    if statement is None:
        own.marks.reverse()
        held = _held_around(index, node)
        return own.flags, own.loops, "".join(own.marks), False, _listed(own.needs), held
    around = _around(index, statement)
    flags = own.flags | around.flags
    for test, otherwise in around.misses:
        flags |= _filling(index, test) if _fills(index, test, node) else otherwise
    path = around.path + "".join(own.marks[::-1]) if own.marks else around.path
    needs = _listed([*own.needs, *around.needs]) if own.needs else around.listed
    return flags, own.loops + around.loops, path, at_module and around.guarded, needs, around.held


def _is_run_through(index: Index, call: ast.expr, statement: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the name that a call's result is kept under has no other value, and is iterated in the same function."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    target = targets[0]
    if len(targets) != 1 or target.__class__ is not ast.Name:
        return False
    scope = index.function_scope(index.scope_at(call))
    name = target.id
    return len(scope.bindings.get(name, ())) == 1 and name in _iterated_names(index, scope)


def _iterated_names(index: Index, scope: Scope) -> frozenset[str]:
    """The names that loops, comprehensions and `list(…)` of a function go through."""
    known = index.iterated.get(scope)
    if known is None:
        found = {
            value.id
            for bindings in scope.bindings.values()
            for binding in bindings
            if (value := _iterated(binding)).__class__ is ast.Name
        }
        if not scope.called.isdisjoint(_COLLECTING):
            found |= {
                argument.id
                for call in scope.calls
                if last_name(call) in _COLLECTING
                for argument in call.args
                if argument.__class__ is ast.Name
            }
        known = index.iterated[scope] = frozenset(found)
    return known


def _iterated(binding: Binding) -> Any:
    """What a loop or a comprehension goes through, of which a name is (a part of) one member."""
    value: Any = binding.value
    kind = binding.kind
    while value.__class__ is Part:
        kind, value = value.kind, value.value
    return value if kind in ("item", "local item", "[]") else None


def _around(index: Index, statement: ast.stmt) -> Around:
    """What stands around a statement, and so around everything in it: a step, and what stands around the next one."""
    kept, parents = index.around, index.parents
    known: Around | None = kept.get(statement)
    if known is not None:
        return known
    way: list[ast.AST] = []
    current: ast.AST | None = statement
    while current is not None and known is None:
        way.append(current)
        current = parents.get(current)
        while current is not None and current.__class__ not in _STATEMENTS:
            current = parents.get(current)
        if current.__class__ in _FUNCTIONS:
            break
        known = kept.get(current) if current is not None else None
    for each in reversed(way):
        common = _in_common(index, each)
        shared: Around | None = index.alike.get(common) if common is not None else None
        if shared is not None:
            known = kept[each] = shared
            continue
        found = Around()
        _climb(index, each, each, found)
        if known is not None:
            found.flags |= known.flags
            found.loops += known.loops
            found.held = known.held + found.held
            found.guarded = found.guarded or known.guarded
            found.misses += known.misses
            found.needs += known.needs
            found.path = known.path
        if found.marks:
            found.path += "".join(found.marks[::-1])
        found.listed = _listed(found.needs)
        known = kept[each] = found
        if common is not None:
            index.alike[common] = found
    return known  # type: ignore[return-value]  # the way has a step at least


def _in_common(index: Index, statement: ast.AST) -> tuple[object, ...] | None:
    """What decides, with the block that a statement stands in, what stands around it; None where it is a case for itself."""
    if statement.__class__ not in STATEMENTS or statement in _acquired(index):
        return None
    parent = index.parents[statement]
    left = left_before(index, statement, parent)
    if statement not in index.left:
        return None
    # Each block has a list of its own of what was left, and a new one from where more is left on.
    refused = index.refused.get(statement)
    return parent, id(left), index.recalled.get(statement), refused, statement in index.ended


def _acquired(index: Index) -> dict[ast.stmt, tuple[ast.expr, ...]]:
    known = index.acquired
    if known is None:
        known = index.acquired = held_at(index.scopes)
    return known


def _listed(needs: list[str]) -> str:
    return switches.listed(needs) if needs else ""


def _fills(index: Index, test: ast.If, node: ast.AST) -> bool:
    return fills_gap(test, node) or rarely.is_filled_by_call(index, test)


def _filling(index: Index, test: ast.If) -> int:
    return facts.ON_MISS | (facts.ONCE if rarely.fills_for_good(index, test) else 0)


def _climb(index: Index, node: ast.AST, child: Any, found: Around) -> ast.stmt | None:
    """Gather what stands around `node` up to the statement around it, which is returned, or to the end of the function."""
    parents, scope_of = index.parents, index.scope_of
    marks = found.marks
    flags = loops = 0
    acquired = _acquired(index)
    current: Any = parents.get(child)  # tested by class, not by isinstance: this is the hottest loop
    while current is not None:
        if child.__class__ in _STATEMENTS and child is not node:
            break
        if child.__class__ in STATEMENTS:
            marks.extend(reversed(left_before(index, child, current)))
            if child in index.recalled:
                flags |= index.recalled[child]
            if child in index.refused:
                found.needs.extend(index.refused[child])
            if child in index.ended:
                flags |= facts.NEVER
            if acquired and child in acquired:
                found.held = (*_refs(index, child, acquired[child]), *found.held)
        cls = current.__class__
        if cls in _SAYING_NOTHING:
            child, current = current, parents.get(current)
            continue
        if current in scope_of:
            if isinstance(current, ast.ClassDef):
                child, current = current, parents.get(current)
                continue
            break
        if cls is ast.Call:
            if child is not current.func and last_name(current) in _CONCURRENT:
                marks.append(f"&{current.lineno}.{child.lineno}_{child.col_offset}/")
        elif cls is ast.For or cls is ast.AsyncFor:
            if child is current.iter:
                if child is node:
                    flags |= facts.ITERATED
            elif (
                child is not current.target and child not in current.orelse and not stops_at_success(current)
            ):
                count = turns(index, current.iter)
                if not has_few_turns(index, current.iter):
                    loops += 1
                    marks.append(_turns_of(current.iter, count))
                elif count is not None and count > 1 and not is_trial(current):
                    marks.append(f"*={count}/")
        elif cls is ast.While:
            loops += 1
            flags |= facts.WHILE
            if not stops_at_success(current):
                marks.append("*/")
        elif cls in COMPREHENSIONS:
            first = current.generators[0]
            if child is not first or not _within(index, node, first.iter):
                for each in reversed(current.generators):
                    count = turns(index, each.iter)
                    if not has_few_turns(index, each.iter):
                        loops += 1
                        marks.append(_turns_of(each.iter, count))
                    elif count is not None and count > 1:
                        marks.append(f"*={count}/")
            elif first.iter is node:
                flags |= facts.ITERATED
        elif cls is ast.With or cls is ast.AsyncWith:
            if child.__class__ in _STATEMENTS:
                found.held = (*_taken(index, current), *found.held)
        elif cls is ast.If:
            if child is not current.test and is_main_guard(current.test):
                found.guarded = True
            found.needs.extend(switches.around(index, current, child))
            if is_unreachable_arm(current, child):
                flags |= facts.NEVER
            inside = child in current.body
            unsaid = child is current.test or (inside and _is_on(index, current.test))
            otherwise = 0 if unsaid else facts.CONDITIONAL
            once = rarely.happens_once(index, current) if inside else 0
            flags |= once
            if once & facts.ONCE:
                pass
            elif inside and missing_of(current.test, absent=True):
                found.misses.append((current, otherwise))
            else:
                flags |= otherwise
            flags |= rarely.of_statement(index, child, current)
            if inside:
                condition = on_path(index, current.test)
                if condition:
                    marks.append(f"%{condition}/")
            if child is not current.test and (current.orelse or isinstance(current.body[-1], ast.Return)):
                marks.append(f"?{current.lineno}.{1 if child in current.orelse else 0}/")
        elif cls is ast.BoolOp:
            found.needs.extend(switches.before(index, current, child))
        elif cls is ast.IfExp:
            found.needs.extend(switches.around(index, current, child))
            if child is not current.test:
                if missing_of(current.test, absent=child is current.body):
                    flags |= facts.ON_MISS
                marks.append(f"?{current.lineno}_{current.col_offset}.{1 if child is current.orelse else 0}/")
        elif cls is ast.match_case:
            match: Any = parents[current]
            if child is not current.guard:
                found.needs.extend(switches.of_case(index, match, current))
            marks.append(f"?{match.lineno}.{match.cases.index(current)}/")
        elif cls is ast.Try:
            flags |= rarely.of_statement(index, child, current)
            if current.handlers and child in current.body:
                marks.append(f"?{current.lineno}{TRIED}.0/")
            elif child in current.handlers:
                marks.append(f"?{current.lineno}{TRIED}.{current.handlers.index(child) + 1}/")
        child, current = current, parents.get(current)
    found.flags |= flags
    found.loops += loops
    return child if child.__class__ in _STATEMENTS and child is not node else None


def _turns_of(iterable: ast.expr, count: int | None) -> str:
    """The mark of a loop that goes over data: of a page, `.limit(20)`, how much there is at most."""
    return f"*={count}/" if count is not None else f"*{size_of(iterable)}/"


def _taken(index: Index, block: ast.With | ast.AsyncWith) -> tuple[str, ...]:
    """References to what a `with` takes, those that mean nothing to a project left out."""
    known = index.taken.get(block)
    if known is None:
        known = index.taken[block] = _refs(index, block, [item.context_expr for item in block.items])
    return known


def _refs(index: Index, at: ast.AST, taken: Iterable[ast.expr]) -> tuple[str, ...]:
    scope = index.scope_at(at)
    refs = (index.ref(each, scope) for each in taken)
    return tuple(ref for ref in refs if ref and not ref.startswith("builtins."))


def size_of(iterable: ast.AST) -> str:
    """What the turns of a loop over `iterable` are counted in: `orders`; empty when it has no name."""
    while True:
        match iterable:
            case ast.Await(value=inner) | ast.Subscript(value=inner) | ast.Starred(value=inner):
                iterable = inner
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _PASSING or name == "range":
                iterable = first
            case ast.Call(func=ast.Name(id="len"), args=[first]):
                iterable = first
            case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[]) if name in _VIEWS:
                iterable = inner
            case ast.Call(func=function):
                name = last_name(function)
                return name if name[:1].islower() and _NAME.fullmatch(name) else ""
            case ast.BinOp(left=left):
                iterable = left
            case ast.BoolOp(values=[first, *_]):
                iterable = first
            case ast.Name() | ast.Attribute():
                return last_name(iterable)
            case _:
                return ""


def has_few_turns(index: Index, iterable: ast.expr) -> bool:
    """Whether a loop has a few turns that do not depend on data, also when a name holds what it goes over."""
    if is_short(iterable):
        return True
    if not isinstance(iterable, ast.Name):
        return False
    bindings = index.bindings_of(iterable)
    value = bindings[0].value if len(bindings) == 1 else None
    if isinstance(value, ast.AnnAssign):
        value = value.value
    if not isinstance(value, (ast.Tuple, ast.List, ast.Set)) or bindings[0].kind not in (
        "value",
        "annotated",
    ):
        return False
    constant = index.is_of_module(iterable) or isinstance(value, ast.Tuple)
    return constant and len(value.elts) <= _FEW and is_short(value)


def stops_at_success(loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether a loop only tries again: its first turn that raises nothing is the last."""
    for statement in loop.body:
        if isinstance(statement, ast.Try) and statement.handlers:
            ends = statement.orelse or statement.body
            if isinstance(ends[-1], (ast.Return, ast.Break)):
                return True
        if isinstance(statement, (ast.With, ast.AsyncWith)) and last_name(
            statement.items[0].context_expr
        ) == (
            loop.target.id
            if isinstance(loop, (ast.For, ast.AsyncFor)) and isinstance(loop.target, ast.Name)
            else None
        ):
            return True  # `for attempt in Retrying(…): with attempt:`
    return False


def _is_on(index: Index, test: ast.expr) -> bool:
    """Whether `test` is a parameter that is true unless a caller says otherwise: `with_roles: bool = True`."""
    if not isinstance(test, ast.Name):
        return False
    bindings = index.scope_at(test).bindings.get(test.id, [])
    if len(bindings) != 1 or bindings[0].kind != "parameter":
        return False
    default = bindings[0].value
    return isinstance(default, ast.Constant) and default.value is True


def left_before(index: Index, statement: Any, parent: ast.AST) -> list[str]:
    """Marks for the alternatives that were left by `return` before `statement`: it is their other arm."""
    known = index.left.get(statement)
    if known is not None:
        return known
    found: list[str] = []
    for block in blocks_of(parent):
        if statement in block:
            before: list[str] = []
            recalled = 0
            needed: tuple[str, ...] = ()
            ended = False
            for each in block:
                index.left[each] = before
                if ended:
                    index.ended.add(each)
                if needed:
                    index.refused[each] = needed
                if recalled:
                    index.recalled[each] = recalled
                ended = ended or ends_block(each)
                if not isinstance(each, (ast.If, ast.Try)):
                    continue
                if not recalled & ~facts.WISHED:
                    recalled |= rarely.of_answers(index, each)
                if not isinstance(each, ast.If):
                    continue
                if len(needed) < _MOST_LEFT:
                    needed += switches.after(index, each)
                if not each.orelse and isinstance(each.body[-1], ast.Return) and len(before) < _MOST_LEFT:
                    before = [*before, f"?{each.lineno}.1/"]
            found = index.left[statement]
            break
    return found


def _within(index: Index, node: ast.AST, ancestor: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if current is ancestor:
            return True
        if isinstance(current, ast.stmt):
            return False
        current = index.parents.get(current)
    return False


def is_short(iterable: ast.AST) -> bool:
    """Whether a loop over `iterable` has a few turns that do not depend on data."""
    if isinstance(iterable, (ast.Tuple, ast.List, ast.Set)):
        return not any(isinstance(element, ast.Starred) for element in iterable.elts)
    if isinstance(iterable, ast.Constant):
        return True
    if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name):
        if iterable.func.id == "range":
            return all(
                isinstance(argument, ast.Constant)
                and isinstance(argument.value, int)
                and argument.value <= 10
                for argument in iterable.args
            )
        if iterable.func.id in ("enumerate", "reversed", "sorted") and iterable.args:
            return is_short(iterable.args[0])
    return False

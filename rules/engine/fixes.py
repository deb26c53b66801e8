"""From a rule's `Fix` to whole-line edits, and the proof that they may be offered.

Only the unit around the node is given to libcst: the top-level statement, or the method of a class under a
one-line header, so that lines and columns stay those of the file. libcst's parser can be driven into the ground
by small inputs, so the unit passes the gates first; `ast` has accepted it already.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rules.engine import bindings
from rules.engine.edits import Lines, apply, joined, one_click
from rules.engine.finding import Edit, Finding, ProvenFix, Result, Severity
from rules.engine.rule import Fix, Match

if TYPE_CHECKING:
    import libcst as cst

__all__ = ["UnfixableError", "edits", "one_click", "prove"]

MAX_FILE_BYTES = 512_000
MAX_UNIT_LINES = 3_000
MAX_BRACKETS = 100
MAX_DEPTH = 200
MAX_ELIF = 300
MAX_PATTERN_DEPTH = 5


class UnfixableError(Exception):
    """This place cannot be rewritten; the words say why. The finding stays, without a fix."""


def prove(
    finding: Finding,
    match: Match,
    *,
    raw: bytes,
    before: Iterable[Finding],
    analyse: Callable[[bytes], Result],
    tree: ast.Module | None = None,
) -> ProvenFix | None:
    """The match's fix as edits that were tried out, or None when any promise about it fails.

    `raw` is the file as analysed (`tree` its tree, parsed again when it was not kept), `before` the findings of that
    analysis; `analyse` analyses other bytes in the file's place, within the same project. Promised: the file still parses, no name is unbound that was bound, the
    finding is gone, no new one appears and none grows, and no line outside the edits differs.
    """
    if match.fix is None:
        return None
    try:
        made = edits(match.fix, match.node, tree=tree, raw=raw, path=finding.path)
        changed = apply(raw, made)
        _check_text(raw, changed, made)
    except (
        Exception
    ):  # around one fix: whatever libcst or a rewrite stumbles over, the finding is told without it
        return None
    result = analyse(changed)
    if any(skipped.path == finding.path for skipped in result.skipped):
        return None
    after = [other for other in result.findings if other.path == finding.path]
    if not _improves(finding, [other for other in before if other.path == finding.path], after):
        return None
    return ProvenFix(match.fix.safety, made)


def _check_text(raw: bytes, changed: bytes, made: Sequence[Edit]) -> None:
    if changed == raw:
        raise UnfixableError("the fix changes nothing")
    old, new = Lines.of(raw), Lines.of(changed)
    before, after = old.text(1, len(old.contents)), new.text(1, len(new.contents))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        misplaced = bindings.misplaced_await(ast.parse(after))
        unbound = bindings.unbound(after) - bindings.unbound(before)
    if misplaced:
        raise UnfixableError("an await outside an async function")
    if unbound:
        raise UnfixableError(f"not bound: {', '.join(sorted(unbound))}")
    kept = [True] * (len(old.contents) + 1)
    for edit in made:
        kept[edit.start_line : edit.end_line + 1] = [False] * (edit.end_line + 1 - edit.start_line)
    untouched = [old.contents[line - 1] for line in range(1, len(kept)) if kept[line]]
    rest = iter(new.contents)
    if not all(line in rest for line in untouched):
        raise UnfixableError("a line outside the edits differs")


def _improves(finding: Finding, before: Sequence[Finding], after: Sequence[Finding]) -> bool:
    """Whether the finding is gone and nothing else came or grew. Findings are counted by code and function:
    their text and lines may be what the fix changes."""

    def key(other: Finding) -> tuple[str, str]:
        return other.code, other.symbol

    had, have = Counter(map(key, before)), Counter(map(key, after))
    if have[key(finding)] >= had[key(finding)]:
        return False
    worst = {key(other): Severity.INFO for other in before}
    for other in before:
        worst[key(other)] = max(worst[key(other)], other.severity, key=lambda severity: severity.rank)
    return all(have[key(other)] <= had[key(other)] and other.severity <= worst[key(other)] for other in after)


def edits(
    fix: Fix, node: ast.AST, *, raw: bytes, path: str, tree: ast.Module | None = None
) -> tuple[Edit, ...]:
    """The edits that `fix` makes at `node` (or its own target), by line, those of imports included.

    The node may be of another parse of the same bytes than `tree`. Raises UnfixableError, NameTakenError, EditError, or what libcst raises.
    """
    import libcst as cst

    if len(raw) > MAX_FILE_BYTES:
        raise UnfixableError("the file is too large to be rewritten")
    lines = Lines.of(raw)
    tree = tree or _quietly_parsed(lines.text(1, len(lines.contents)))
    target = _same(tree, fix.target or node)
    unit = _unit(tree, target, lines)
    slice_ = _parse(unit, lines)
    place = _position(target, lines, unit)
    old, parent = _find(slice_, place)
    names: dict[str, str] = {}
    missing: dict[str, str] = {}
    around = bindings.scopes(tree, target)
    if isinstance(target, ast.FunctionDef | ast.AsyncFunctionDef):
        around = [*around, target]
    for wanted in fix.imports:
        names[wanted], needed = bindings.resolved(tree, around, wanted, unit.shift + place.start[0])
        if needed is not None:
            missing[names[wanted]] = needed
    localised = _Localised(names)
    new = _rewritten(fix, old, parent, localised)
    module = _replaced(slice_, old, parent, new)
    if not isinstance(module, cst.Module):
        raise UnfixableError("nothing is left")
    text = module.code.removeprefix(unit.header)
    made = lines.difference(path, unit.first, unit.last, text.removesuffix("\n").split("\n") if text else [])
    if not made:
        raise UnfixableError("the fix changes nothing")
    definitions = [localised.of(cst.parse_statement(text)) for text in fix.definitions]
    needed_now = dict.fromkeys(needed for local, needed in missing.items() if local in localised.used)
    made += [bindings.import_edit(lines, tree, path, needed) for needed in needed_now]
    for definition in definitions:
        made += bindings.definition_edits(lines, tree, path, around, cst.Module([definition]).code)
    return joined(made)


def _quietly_parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about their code are theirs
        return ast.parse(text)


def _same(tree: ast.Module, target: ast.AST) -> ast.AST:
    """The node of `tree` that is `target`, or stands where `target` stood when the file was parsed before."""
    place = _span(target)
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if node is target or (type(node) is type(target) and _span(node) == place):
            return node
        stack.extend(ast.iter_child_nodes(node))
    raise UnfixableError("the node is not in the file")


def _span(node: ast.AST) -> tuple[Any, ...]:
    return tuple(
        getattr(node, name, None) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")
    )


@dataclass(frozen=True)
class _Unit:
    """Lines `first..last` of the file, parsed by libcst after `header` (whose lines come first)."""

    first: int
    last: int
    header: str
    statements: tuple[ast.stmt, ...]

    @property
    def shift(self) -> int:
        """What to add to a line of the unit to have the file's."""
        return self.first - 1 - self.header.count("\n")


def _unit(tree: ast.Module, target: ast.AST, lines: Lines) -> _Unit:
    start = getattr(target, "lineno", None)
    if start is None:
        raise UnfixableError("the node has no place")
    body: list[ast.stmt] = tree.body
    unit: _Unit | None = None
    header = ""
    while True:
        run = _overlapping(body, target)
        if not run:
            break
        first, last = _first_line(run[0]), max(statement.end_lineno or 0 for statement in run)
        indent = lines.contents[first - 1][
            : len(lines.contents[first - 1]) - len(lines.contents[first - 1].lstrip(" \t"))
        ]
        if bool(indent) != bool(header):
            break  # a body on its header's line
        unit = _Unit(first, last, header, tuple(run))
        (statement, *others) = run
        if others or not isinstance(statement, ast.ClassDef) or statement is target:
            break
        body, header = statement.body, "class _:\n"
        if _first_line(body[0]) <= statement.lineno:
            break
    if unit is None:
        raise UnfixableError("the node is not in the file")
    if unit.last - unit.first >= MAX_UNIT_LINES:
        raise UnfixableError("the statement is too long to be rewritten")
    return unit


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _overlapping(body: Sequence[ast.stmt], target: ast.AST) -> list[ast.stmt]:
    """The statement that holds `target`, with its siblings on the same lines. Empty when none of `body` does."""
    start = (target.lineno, target.col_offset)  # type: ignore[attr-defined]  # `_unit` looked
    end = (target.end_lineno, target.end_col_offset)  # type: ignore[attr-defined]  # as above
    for index, statement in enumerate(body):
        own = (
            _first_line(statement),
            0 if getattr(statement, "decorator_list", []) else statement.col_offset,
        )
        if own <= start and end <= (statement.end_lineno, statement.end_col_offset):
            low = high = index
            while low and (body[low - 1].end_lineno or 0) >= _first_line(body[low]):
                low -= 1
            while high + 1 < len(body) and _first_line(body[high + 1]) <= (body[high].end_lineno or 0):
                high += 1
            return list(body[low : high + 1])
    return []


def _parse(unit: _Unit, lines: Lines) -> cst.Module:
    import libcst as cst

    text = unit.header + lines.text(unit.first, unit.last)
    _gate(unit, text)
    module = cst.parse_module(text)
    if module.code != text:
        raise UnfixableError("the statement does not survive parsing and printing")
    return module


def _gate(unit: _Unit, text: str) -> None:
    """Refuse what could crash libcst or take it seconds."""
    depth = 0
    for character in text:
        if character in "([{":
            depth += 1
            if depth > MAX_BRACKETS:
                raise UnfixableError("brackets are nested too deeply")
        elif character in ")]}" and depth:
            depth -= 1
    stack: list[tuple[ast.AST, int, int, int]] = [(statement, 0, 0, 0) for statement in unit.statements]
    while stack:
        node, expressions, branches, patterns = stack.pop()
        if isinstance(node, ast.expr):
            expressions += 1 + (len(node.values) if isinstance(node, ast.BoolOp) else 0)
        elif isinstance(node, ast.stmt):
            expressions = 0
        patterns = patterns + 1 if isinstance(node, ast.pattern) else 0
        if expressions > MAX_DEPTH or branches > MAX_ELIF or patterns > MAX_PATTERN_DEPTH:
            raise UnfixableError("the code is nested too deeply")
        for name, value in ast.iter_fields(node):
            deeper = branches + (name == "orelse" and isinstance(node, ast.If))
            children = value if isinstance(value, list) else [value]
            stack += [
                (child, expressions, deeper, patterns) for child in children if isinstance(child, ast.AST)
            ]


@dataclass(frozen=True)
class _Place:
    """A node of the file in the unit's coordinates: lines from 1, columns in characters."""

    kinds: tuple[type[Any], ...]
    start: tuple[int, int]
    end: tuple[int, int]
    loose_end: bool


def _position(target: ast.AST, lines: Lines, unit: _Unit) -> _Place:
    def column(line: int, offset: int) -> int:
        return len(lines.contents[line - 1].encode()[:offset].decode())

    line, last = target.lineno, target.end_lineno  # type: ignore[attr-defined]  # `_unit` refused nodes without a line
    start = column(line, target.col_offset)  # type: ignore[attr-defined]  # as above
    end = column(last, target.end_col_offset)  # type: ignore[attr-defined]  # as above
    return _Place(
        _kinds(target),
        (line - unit.shift, start),
        (last - unit.shift, end),
        hasattr(target, "body") and isinstance(target, ast.stmt),
    )


def _kinds(target: ast.AST) -> tuple[type[Any], ...]:
    """The libcst types that the node of `ast` may be."""
    import libcst as cst

    name = type(target).__name__.removeprefix("Async")
    named = {
        "BinOp": ("BinaryOperation",),
        "BoolOp": ("BooleanOperation",),
        "Compare": ("Comparison",),
        "UnaryOp": ("UnaryOperation",),
        "Delete": ("Del",),
        "YieldFrom": ("Yield",),
        "keyword": ("Arg",),
        "arg": ("Param",),
        "withitem": ("WithItem",),
        "Constant": (
            "Integer",
            "Float",
            "Imaginary",
            "SimpleString",
            "ConcatenatedString",
            "Name",
            "Ellipsis",
        ),
        "JoinedStr": ("FormattedString", "ConcatenatedString"),
    }.get(name, (name,))
    found = tuple(getattr(cst, each) for each in named if hasattr(cst, each))
    if not found:
        raise UnfixableError(f"no way to rewrite {name}")
    return found


def _find(module: cst.Module, place: _Place) -> tuple[cst.CSTNode, cst.CSTNode]:
    """The node at `place` and its parent."""
    from libcst.metadata import MetadataWrapper, PositionProvider

    positions = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    stack: list[tuple[cst.CSTNode, cst.CSTNode]] = [(child, module) for child in module.children]
    found = []
    while stack:
        node, parent = stack.pop()
        if isinstance(node, place.kinds):
            span = positions[node]
            start, end = (span.start.line, span.start.column), (span.end.line, span.end.column)
            exact = start == place.start and (end == place.end or place.loose_end)
            if exact or (_parenthesised(node) and place.start < start and end < place.end):
                found.append((node, parent))
        stack.extend((child, node) for child in node.children)
    outermost = [pair for pair in found if not _inside_another(pair[0], found)]
    if len(outermost) != 1:
        raise UnfixableError("the node was not found again")
    return outermost[0]


def _parenthesised(node: cst.CSTNode) -> bool:
    """Whether `ast` counts the node's parentheses as part of it, where libcst does not."""
    import libcst as cst

    return isinstance(node, cst.Tuple | cst.GeneratorExp)


def _inside_another(node: cst.CSTNode, found: Sequence[tuple[cst.CSTNode, cst.CSTNode]]) -> bool:
    """Of nested tuples only the outermost spans the place."""
    return any(node in _descendants(other) for other, _ in found if other is not node)


def _descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.children)


def _rewritten(fix: Fix, old: cst.CSTNode, parent: cst.CSTNode, localised: _Localised) -> Any:
    """What the rule makes of the node, with imports under their local names."""
    import libcst as cst

    outer = (getattr(old, "lpar", ()), getattr(old, "rpar", ()))
    bare = old.with_changes(lpar=(), rpar=()) if outer[0] and isinstance(old, cst.BaseExpression) else old
    new: Any = fix.rewrite(bare)
    if new is bare:
        raise UnfixableError("the rule declines")
    localised.known = {id(node) for node in _descendants(bare)}
    if isinstance(new, cst.FlattenSentinel):
        new = cst.FlattenSentinel([localised.of(node) for node in new])
    elif isinstance(new, cst.CSTNode):
        new = localised.of(new)
    if isinstance(new, cst.BaseExpression):
        if outer[0]:
            new = new.with_changes(lpar=outer[0], rpar=outer[1])
        elif _needs_parentheses(new, old, parent):
            new = new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return new


def _needs_parentheses(new: cst.BaseExpression, old: cst.CSTNode, parent: cst.CSTNode) -> bool:
    import libcst as cst

    if new.lpar:
        return False
    loose = (
        cst.Await
        | cst.BinaryOperation
        | cst.BooleanOperation
        | cst.Comparison
        | cst.UnaryOperation
        | cst.IfExp
        | cst.Lambda
        | cst.NamedExpr
        | cst.Yield
    )
    if isinstance(parent, cst.Attribute | cst.Subscript):
        return parent.value is old and isinstance(new, loose)
    if isinstance(parent, cst.Call):
        return parent.func is old and isinstance(new, loose)
    if isinstance(parent, cst.Await):
        return isinstance(new, loose)
    if isinstance(parent, cst.BinaryOperation | cst.UnaryOperation | cst.Comparison | cst.ComparisonTarget):
        return isinstance(new, loose) and not isinstance(new, cst.Await)
    return False


class _Localised:
    """Writes the imports that new code names in full under the names they have in the file."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.known: set[int] = set()
        self.used: set[str] = set()

    def of(self, new: cst.CSTNode) -> Any:
        import libcst as cst
        from libcst.helpers import get_full_name_for_node

        outer = self

        class Renamer(cst.CSTTransformer):
            def __init__(self) -> None:
                super().__init__()
                self.fixed: set[int] = set()

            def on_visit(self, node: cst.CSTNode) -> bool:
                if isinstance(node, cst.Attribute):
                    self.fixed.add(id(node.attr))
                elif isinstance(node, cst.Arg) and node.keyword:
                    self.fixed.add(id(node.keyword))
                elif isinstance(node, cst.Param | cst.FunctionDef | cst.ClassDef):
                    self.fixed.add(id(node.name))
                return id(node) not in outer.known

            def on_leave(self, original_node: Any, updated_node: Any) -> Any:
                if id(original_node) in outer.known or id(original_node) in self.fixed:
                    return updated_node
                if not isinstance(original_node, cst.Name | cst.Attribute):
                    return updated_node
                written = get_full_name_for_node(original_node)
                for wanted, local in outer.names.items():
                    if written == wanted or (
                        isinstance(original_node, cst.Name) and written == wanted.rpartition(".")[2]
                    ):
                        outer.used.add(local)
                        return cst.parse_expression(local).with_changes(
                            lpar=updated_node.lpar, rpar=updated_node.rpar
                        )
                return updated_node

        return new.visit(Renamer())


def _replaced(module: cst.Module, old: cst.CSTNode, parent: cst.CSTNode, new: Any) -> Any:
    """The module with `new` for `old`. Statements may take the place of a small statement alone on its line."""
    import libcst as cst

    whole = cst.SimpleStatementLine | cst.BaseCompoundStatement
    lines = list(new) if isinstance(new, cst.FlattenSentinel) else [new]
    if isinstance(old, cst.BaseSmallStatement) and any(isinstance(each, whole) for each in lines):
        if not isinstance(parent, cst.SimpleStatementLine) or len(parent.body) != 1:
            raise UnfixableError("another statement shares the line")
        first = lines[0]
        changes: dict[str, Any] = {"leading_lines": parent.leading_lines}
        if isinstance(first, cst.SimpleStatementLine):
            changes["trailing_whitespace"] = parent.trailing_whitespace
        lines[0] = first.with_changes(**changes)
        old, new = parent, cst.FlattenSentinel(lines)
    return module.deep_replace(old, new)

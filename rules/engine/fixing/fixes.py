"""From a rule's `Fix` to whole-line edits, and the proof that they may be offered."""

from __future__ import annotations

import ast
import contextlib
import functools
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rules.engine.finding import Edit, Finding, ProvenFix, Severity
from rules.engine.fixing import bindings, leftovers, touched
from rules.engine.reading.edits import Lines, apply, joined, one_click
from rules.engine.reading.source import is_newer, readable, tree_of
from rules.engine.reading.units import (
    MAX_FILE_BYTES,
    UnfixableError,
    descendants,
    find,
    first_line,
    parsed,
    position,
    same,
    unit_of,
)
from rules.engine.rule import Fix, Match

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.reading.printing import Printed

__all__ = [
    "Made",
    "UnfixableError",
    "check_text",
    "edits",
    "improves",
    "key",
    "make",
    "none_is_worse",
    "one_click",
]


class Made(Struct, frozen=True):
    """A fix as edits of a file, and the file with them."""

    fix: ProvenFix
    changed: bytes

    @property
    def edits(self) -> tuple[Edit, ...]:
        return self.fix.edits


def make(finding: Finding, match: Match, *, raw: bytes, tree: ast.Module | None = None) -> Made | None:
    """The match's fix as edits, or None when it cannot be made.

    `raw` is the file as analysed (`tree` its tree, parsed again when it was not kept). What a fix promises of the text
    is for `check_text`; that the finding is gone, that no new one appears and that none grows is for `improves`, which
    takes an analysis of the changed file.
    """
    if match.fix is None:
        return None
    try:
        made = edits(match.fix, match.node, tree=tree, raw=raw, path=finding.path)
        changed = apply(raw, made)
    except (
        Exception
    ):  # around one fix: whatever libcst or a rewrite stumbles over, the finding is told without it
        return None
    return Made(ProvenFix(match.fix.safety, made), changed) if changed != raw else None


def check_text(
    raw: bytes, changed: bytes, made: Sequence[Edit], tree: ast.Module | None = None
) -> frozenset[str]:
    """Hold the text that edits make against its promises; returns the names that it binds and `raw` does not.

    Promised: no name is unbound that was bound, no await is where none may be, and no line outside the edits differs.
    Without `tree`, the one of `raw`, it is made sure that the text parses. Raises UnfixableError, or what parsing raises.
    """
    old, new = Lines.of(raw), Lines.of(changed)
    names = touched.names(tree, old, made) if tree is not None and not is_newer(tree) else None
    if names is None:
        before, after = old.text(1, len(old.contents)), new.text(1, len(new.contents))
        if "await" in after or "async" in after:
            first = min(edit.start_line for edit in made)
            last = max(edit.end_line for edit in made) + len(new.contents) - len(old.contents)
            statements = [
                each
                for each in tree_of(after).body
                if first_line(each) <= last + 1 and (each.end_lineno or 0) >= first - 1
            ]
            if any(map(bindings.misplaced_await, statements)):
                raise UnfixableError("an await outside an async function")
        names = bindings.difference(_names(before), _names(after))
    if names.unbound:
        raise UnfixableError(f"not bound: {', '.join(sorted(names.unbound))}")
    kept = [True] * (len(old.contents) + 1)
    for edit in made:
        kept[edit.start_line : edit.end_line + 1] = [False] * (edit.end_line + 1 - edit.start_line)
    untouched = [old.contents[line - 1] for line in range(1, len(kept)) if kept[line]]
    rest = iter(new.contents)
    if not all(line in rest for line in untouched):
        raise UnfixableError("a line outside the edits differs")
    return names.bound


@functools.lru_cache(maxsize=2)
def _names(text: str) -> bindings.Names:
    """As `bindings.names`, of a text that may be in newer Python than we run on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about their code are theirs
        try:
            return bindings.names(text)
        except SyntaxError:
            return bindings.names(readable(text))


def improves(finding: Finding, before: Sequence[Finding], after: Sequence[Finding]) -> bool:
    """Whether the finding is gone and nothing else came or grew, by all findings of its file."""
    had, have = Counter(map(key, before)), Counter(map(key, after))
    if have[key(finding)] >= had[key(finding)]:
        return False
    return all(have[each] <= had[each] for each in have) and none_is_worse(before, after)


def key(finding: Finding) -> tuple[str, str]:
    """Findings are counted by code and function: their text and lines may be what the fix changes."""
    return finding.code, finding.symbol


def none_is_worse(before: Iterable[Finding], after: Iterable[Finding]) -> bool:
    """Whether no finding after is more severe than the worst of its code and function before."""
    worst: dict[tuple[str, str], Severity] = {}
    for other in before:
        known = worst.get(key(other), Severity.INFO)
        worst[key(other)] = max(known, other.severity, key=lambda severity: severity.rank)
    return all(other.severity <= worst.get(key(other), other.severity) for other in after)


def edits(
    fix: Fix, node: ast.AST, *, raw: bytes, path: str, tree: ast.Module | None = None
) -> tuple[Edit, ...]:
    """The edits that `fix` makes at `node` (or its own target), by line, those of imports included.

    The node may be of another parse of the same bytes than `tree`. Raises UnfixableError, NameTakenError,
    EditError, or what libcst raises.
    """
    import libcst as cst

    if len(raw) > MAX_FILE_BYTES:
        raise UnfixableError("the file is too large to be rewritten")
    lines = Lines.of(raw)
    tree = tree or tree_of(lines.text(1, len(lines.contents)))
    targets = [same(tree, target) for target in (fix.target or node, *fix.also)]
    unit = unit_of(tree, targets[0], lines, targets[1:])
    printed = parsed(unit, lines)
    names: dict[str, str] = {}
    missing: dict[str, str] = {}
    around: list[ast.AST] = []
    found: list[tuple[cst.CSTNode, cst.CSTNode]] = []
    for target in targets:
        place = position(target, lines, unit)
        found.append(find(printed, place))
        scopes = bindings.scopes(tree, target)
        if isinstance(target, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scopes.append(target)
        around += scopes
        for wanted in fix.imports:
            local, needed = bindings.resolved(tree, scopes, wanted, unit.shift + place.start[0])
            if names.setdefault(wanted, local) != local:
                raise UnfixableError("the places know an import under different names")
            if needed is not None:
                missing[local] = needed
    localised = _Localised(names)
    text = _replaced(printed, found, fix, localised).code.removeprefix(unit.header)
    made = lines.difference(path, unit.first, unit.last, text.removesuffix("\n").split("\n") if text else [])
    if not made:
        raise UnfixableError("the fix changes nothing")
    localised.known = set()
    definitions = [localised.of(cst.parse_statement(text)) for text in fix.definitions]
    needed_now = dict.fromkeys(needed for local, needed in missing.items() if local in localised.used)
    made += [bindings.import_edit(lines, tree, path, needed) for needed in needed_now]
    for definition in definitions:
        made += bindings.definition_edits(lines, tree, path, around, cst.Module([definition]).code)
    if leftovers.may_be(lines, tree, made):
        with contextlib.suppress(
            SyntaxError, UnfixableError
        ):  # a text that does not parse is no proven fix anyhow
            fixed = tree_of(_text_of(apply(raw, joined(made))))
            made += leftovers.unused(lines, tree, path, fixed, made)
    return joined(made)


def _text_of(raw: bytes) -> str:
    lines = Lines.of(raw)
    return lines.text(1, len(lines.contents))


def _replaced(
    printed: Printed, found: Sequence[tuple[cst.CSTNode, cst.CSTNode]], fix: Fix, localised: _Localised
) -> cst.Module:
    """The module with each found node (given with its parent) rewritten.

    Statements may take the place of a small statement that is alone on its line.
    """
    import libcst as cst

    parents = {id(old): parent for old, parent in found}
    concerned = {id(each) for old, _ in found for each in (old, *printed.ancestors(old))}
    lines: dict[int, list[Any]] = {}

    def written(original: Any, updated: Any) -> Any:
        if (statements := lines.pop(id(original), None)) is not None:
            return _in_place_of(updated, statements)
        parent = parents.get(id(original))
        if parent is None:
            return updated
        new = _rewritten(fix, updated, localised)
        if isinstance(new, cst.BaseExpression) and _needs_parentheses(new, original, parent):
            new = new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        several = list(new) if isinstance(new, cst.FlattenSentinel) else [new]
        whole = cst.SimpleStatementLine | cst.BaseCompoundStatement
        if isinstance(original, cst.BaseSmallStatement) and any(isinstance(each, whole) for each in several):
            if not isinstance(parent, cst.SimpleStatementLine) or len(parent.body) != 1:
                raise UnfixableError("another statement shares the line")
            lines[id(parent)] = several
            return updated
        return new

    changed = _along(printed.module, concerned, written)
    if not isinstance(changed, cst.Module):
        raise UnfixableError("nothing is left")
    return changed


def _along(node: cst.CSTNode, concerned: Collection[int], written: Callable[[Any, Any], Any]) -> Any:
    """What `written` makes of a node once it has made what it makes of the `concerned` ones inside.

    As a visitor of libcst, which would look at all that stands beside the way too.
    """
    import libcst as cst

    changes: dict[str, Any] = {}
    for name in node.__dataclass_fields__:
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            if id(value) in concerned:
                changes[name] = _along(value, concerned, written)
        elif isinstance(value, (list, tuple)) and any(id(each) in concerned for each in value):
            members: list[Any] = []
            for each in value:
                new = _along(each, concerned, written) if id(each) in concerned else each
                members += new if isinstance(new, cst.FlattenSentinel) else [new]
            changes[name] = [each for each in members if each is not cst.RemovalSentinel.REMOVE]
    if any(isinstance(new, (cst.FlattenSentinel, cst.RemovalSentinel)) for new in changes.values()):
        raise UnfixableError("one node stands there")
    return written(node, node.with_changes(**changes) if changes else node)


def _in_place_of(line: cst.SimpleStatementLine, statements: list[Any]) -> Any:
    """The statements, the first one with the comments of the line that they replace."""
    import libcst as cst

    changes: dict[str, Any] = {"leading_lines": line.leading_lines}
    if isinstance(statements[0], cst.SimpleStatementLine):
        changes["trailing_whitespace"] = line.trailing_whitespace
    return cst.FlattenSentinel([statements[0].with_changes(**changes), *statements[1:]])


def _rewritten(fix: Fix, old: cst.CSTNode, localised: _Localised) -> Any:
    """What the rule makes of the node, with imports under their local names. Parentheses around it stay."""
    import libcst as cst

    outer = (getattr(old, "lpar", ()), getattr(old, "rpar", ()))
    bare = old.with_changes(lpar=(), rpar=()) if outer[0] and isinstance(old, cst.BaseExpression) else old
    new: Any = fix.rewrite(bare)
    if new is bare:
        raise UnfixableError("the rule declines")
    localised.known = {id(node) for node in descendants(bare)} if localised.names else set()
    if isinstance(new, cst.FlattenSentinel):
        return cst.FlattenSentinel([localised.of(node) for node in new])
    if isinstance(new, cst.CSTNode):
        new = localised.of(new)
    if isinstance(new, cst.BaseExpression) and outer[0]:
        new = new.with_changes(lpar=outer[0], rpar=outer[1])
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
    if isinstance(parent, (cst.Attribute, cst.Subscript)):
        return parent.value is old and isinstance(new, loose)
    if isinstance(parent, cst.Call):
        return parent.func is old and isinstance(new, loose)
    if isinstance(parent, cst.Await):
        return isinstance(new, loose)
    if isinstance(parent, (cst.BinaryOperation, cst.UnaryOperation, cst.Comparison, cst.ComparisonTarget)):
        return isinstance(new, loose) and not isinstance(new, cst.Await)
    return False


class _Localised:
    """Writes the imports that new code names in full under the names they have in the file."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.known: set[int] = set()
        self.used: set[str] = set()

    def of(self, new: cst.CSTNode) -> Any:
        if not self.names:
            return new
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
                elif isinstance(node, (cst.Param, cst.FunctionDef, cst.ClassDef)):
                    self.fixed.add(id(node.name))
                return id(node) not in outer.known

            def on_leave(self, original_node: Any, updated_node: Any) -> Any:
                if id(original_node) in outer.known or id(original_node) in self.fixed:
                    return updated_node
                if not isinstance(original_node, (cst.Name, cst.Attribute)):
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

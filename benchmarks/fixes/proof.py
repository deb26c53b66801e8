"""One offered fix against what it promises, asked without the code that offered it.

The edits are made on the raw bytes by other code than the engine's, the names are looked up in the text by other code,
and the whole project is linked anew around the changed file instead of the change being worked in.
"""

from __future__ import annotations

import ast
import builtins
import io
import itertools
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rules import Analysis, Edit, Finding, analyze
from rules.engine import row_changes
from rules.engine.linking.graph import place_of
from rules.engine.reading import edits as engine_edits
from rules.engine.reading.facts import ModuleFacts
from rules.engine.reading.source import Source, SourceError, tree_of

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


class Tree:
    """One version of a project, analysed."""

    def __init__(self, contents: Mapping[str, bytes], documents: Mapping[str, str]) -> None:
        self.contents = contents
        self.documents = documents
        self.analysis = analyze(contents, documents=documents)

    def with_file(self, path: str, raw: bytes, *, whole: bool) -> tuple[Analysis, frozenset[str]]:
        """The project analysed anew with another text of one file, and the files whose rules ran.

        Without `whole` these are the file, what imports it, and every file for which anything that findings depend
        on is different in the newly linked project.
        """
        if whole:
            return analyze({**self.contents, path: raw}, documents=self.documents), frozenset(self.contents)
        again = {path, *self._importers(path)}
        after = self._analysed(again, path, raw)
        differing = self._differing(after) - again
        if differing:
            again |= differing
            after = self._analysed(again, path, raw)
        return after, frozenset(again)

    def _analysed(self, again: set[str], path: str, raw: bytes) -> Analysis:
        facts = self.analysis.facts
        others: dict[str, ModuleFacts] = {name: facts[name] for name in facts if name not in again}
        sources = {name: self.contents[name] for name in again} | {path: raw}
        return analyze(sources, others=others, documents=self.documents)

    def _importers(self, path: str) -> set[str]:
        name = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        return {
            other
            for other, facts in self.analysis.facts.items()
            if any(name in module.replace(">", ".").split(".") for module in facts.modules)
            and place_of(other) == "app"
        }

    def _differing(self, after: Analysis) -> set[str]:
        before, now = self.analysis.project, after.project
        found = {
            path
            for path in before.files
            if place_of(path) == "app" and before.signatures(path) != now.signatures(path)
        }
        return (found | row_changes.affected(before, now, set(before.files))) & self.contents.keys()


def violations(tree: Tree, finding: Finding, *, whole: bool = False) -> list[str]:
    """What the finding's fix breaks, in words; empty when it keeps every promise."""
    assert finding.fix is not None
    edits, path = finding.fix.edits, finding.path
    if any(edit.path != path for edit in edits):
        return ["an edit is in another file"]
    raw = tree.contents[path]
    fixed = applied(raw, edits)
    broken = list(_of_bytes(raw, fixed, edits))
    try:
        before, after = _text(raw), _text(fixed)
        old, new = tree_of(before), tree_of(after)
    except (SyntaxError, SourceError, RecursionError) as error:
        return [*broken, f"it does not parse: {error}"]
    broken += _of_compiling(raw, fixed)
    broken += _of_names(old, new)
    broken += _of_statements(old, new, edits)
    broken += _of_comments(before, after)
    analysis, ran = tree.with_file(path, fixed, whole=whole)
    broken += _of_findings(finding, tree.analysis, analysis, ran)
    return broken


def applied(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """The edits made on lines of bytes, from the last to the first."""
    bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    lines = _LINE.findall(raw[len(bom) :])
    encoding = tokenize.detect_encoding(io.BytesIO(raw).readline)[0].replace("utf-8-sig", "utf-8")
    for edit in sorted(edits, key=lambda edit: edit.start_line, reverse=True):
        lines[edit.start_line - 1 : edit.end_line] = [edit.replacement.encode(encoding)]
    return bom + b"".join(lines)


def _of_bytes(raw: bytes, fixed: bytes, edits: Sequence[Edit]) -> Iterator[str]:
    if fixed == raw:
        yield "it changes nothing"
    if engine_edits.apply(raw, edits) != fixed:
        yield "the engine makes something else of these edits"
    ends = {end: len(re.findall(end, raw)) for end in (rb"\r\n", rb"(?<!\r)\n")}
    only = [end for end, count in ends.items() if count]
    if len(only) == 1 and any(re.search(end, fixed) for end in ends if end not in only):
        yield "it brings another line end into the file"
    spans = sorted((edit.start_line, edit.end_line) for edit in edits)
    if any(second[0] <= first[1] for first, second in itertools.pairwise(spans)):
        yield "two of its edits overlap"


def _of_compiling(raw: bytes, fixed: bytes) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(raw, "before", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return  # newer Python than this one
        try:
            compile(fixed, "after", "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            yield f"it does not compile: {error}"


def _of_names(old: ast.Module, new: ast.Module) -> Iterator[str]:
    """Names that the fixed text reads and nothing binds, or reads while the module loads and binds only later."""
    known = set(dir(builtins)) | {"__file__", "__path__", "__name__", "__class__"}
    lost = sorted(_read(new) - _bound(new) - known - (_read(old) - _bound(old)))
    if lost:
        yield f"not bound: {', '.join(lost)}"
    for name, line in _bound_at_top(new).items():
        if name in _bound(old):
            continue
        early = [place for place in _read_on_loading(new, name) if place < line]
        if early:
            yield f"`{name}` is bound on line {line} and read on line {early[0]}"


def _read(tree: ast.Module) -> set[str]:
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _bound(tree: ast.Module) -> set[str]:
    """Every name that is bound anywhere: coarser than scopes, so it needs none of the engine's code."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=given):
                found.add(given or name.partition(".")[0])
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
    return found


def _bound_at_top(tree: ast.Module) -> dict[str, int]:
    return {name: each.lineno for each in reversed(tree.body) for name in _bound(ast.Module([each], []))}


def _read_on_loading(tree: ast.Module, name: str) -> list[int]:
    """Lines that read the name outside function bodies."""
    found: list[int] = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            found.append(node.lineno)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            stack += [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        elif not isinstance(node, ast.Lambda):
            stack += ast.iter_child_nodes(node)
    return sorted(found)


def _of_statements(old: ast.Module, new: ast.Module, edits: Sequence[Edit]) -> Iterator[str]:
    """Statements of the module that no edit touches must be there as they were, in their order."""
    touched = [(edit.start_line, max(edit.end_line, edit.start_line)) for edit in edits]
    kept = [ast.dump(each) for each in old.body if not any(_overlaps(each, *span) for span in touched)]
    rest = iter([ast.dump(each) for each in new.body])
    if not all(each in rest for each in kept):
        yield "a statement outside its edits differs"


def _overlaps(node: ast.stmt, first: int, last: int) -> bool:
    return node.lineno <= last and (node.end_lineno or node.lineno) >= first


def _of_comments(before: str, after: str) -> Iterator[str]:
    gone = _comments(before) - _comments(after)
    if gone:
        yield f"it drops a comment: {next(iter(gone))}"


def _comments(text: str) -> Counter[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return Counter()
    return Counter(token.string.strip() for token in tokens if token.type == tokenize.COMMENT)


def _of_findings(finding: Finding, before: Analysis, after: Analysis, ran: frozenset[str]) -> Iterator[str]:
    told = {skip.path: skip.reason for skip in after.result.skipped if skip.path in ran}
    known = {(skip.path, skip.reason) for skip in before.result.skipped}
    yield from (f"{path} is skipped: {why}" for path, why in told.items() if (path, why) not in known)
    had = [each for each in before.result.findings if each.path in ran]
    have = [each for each in after.result.findings if each.path in ran]
    old, new = Counter(map(_who, had)), Counter(map(_who, have))
    if new[_who(finding)] >= old[_who(finding)]:
        yield "its finding is still said"
    for who in sorted(new):
        if new[who] > old[who]:
            (*_, last) = (each for each in have if _who(each) == who)
            yield f"new: {last.path}:{last.line} {last.code} {last.message}"
    for path in ran - {finding.path}:
        worst = _severities(had, path)
        for text, rank in _severities(have, path).items():
            if rank > worst.get(text, rank):
                yield f"grown: {path} {text[0]} {text[1]}"


def _who(finding: Finding) -> tuple[str, str, str]:
    return finding.path, finding.symbol, finding.code


def _severities(findings: Sequence[Finding], path: str) -> dict[tuple[str, str, str], int]:
    worst: dict[tuple[str, str, str], int] = {}
    for each in findings:
        if each.path == path:
            key = each.code, each.symbol, each.text
            worst[key] = max(worst.get(key, 0), each.severity.rank)
    return worst


def _text(raw: bytes) -> str:
    return Source(raw).text

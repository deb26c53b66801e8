"""Comments that silence a rule: `# fastperf: ignore[FP101] reason` and `# noqa: FP101`."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from rules.engine import fingerprints
from rules.engine.finding import Confidence, Edit, Finding, ProvenFix, Safety, Suppressed
from rules.engine.reading.regexes import regex
from rules.engine.reading.source import readable
from rules.engine.rule import Effort, Invalid, Match, Rule, Severity, Valid

if TYPE_CHECKING:
    from rules.engine.module import Module

_HASH = regex(r"#.*")
_OWN_HINT = regex(r"\bfastperf\s*:", re.IGNORECASE)
_NOQA_HINT = regex(r"\bnoqa\b", re.IGNORECASE)
_CODE_HINT = regex(r"\bFP\d", re.IGNORECASE)
_OWN = regex(r"#\s*fastperf\s*:\s*ignore\b\s*(?:\[(?P<codes>[^\]#]*)\])?(?P<reason>[^#]*)", re.IGNORECASE)
_NOQA = regex(r"#\s*noqa\s*:\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)(?P<reason>[^#]*)", re.IGNORECASE)
_CODE = regex(r"FP\d{3}", re.IGNORECASE)


class UnusedSuppression(Rule):
    """A comment silences a rule that has nothing to say there: it would hide the next real problem.

    The code was mended or moved and the comment stayed, or its code is misspelt. Either way
    nobody sees any more what is silenced and why.

    ## Instead
    Delete the comment, or correct its code: `# fastperf: ignore[FP101] reason`.

    ## When to ignore it
    Put `FP001` into `ignore` of `[tool.fastperf]` while rules are being introduced step by step.
    """

    code = "FP001"
    severity = Severity.LOW
    effort = Effort.MINUTES
    watch = "number of suppressions in the code"
    invalid = (
        Invalid(
            """
            async def report() -> None:
                await asyncio.sleep(1)  # fastperf: ignore[FP101] the scheduler wants it exact
            """
        ),
    )
    valid = (
        Valid(
            """
            async def report() -> None:
                time.sleep(1)  # fastperf: ignore[FP101] start-up only, no request is waiting
            """
        ),
    )

    def check(self, node: ast.Module, module: Module) -> Iterator[Match]:
        """Nothing: which comments are unused is known when all rules are done (`Suppressions.findings`)."""
        return iter(())


def _may_hold_one(text: str) -> bool:
    """Cheap, and in time that grows with the text alone: most files hold no such comment."""
    return any(
        _OWN_HINT.search(comment) or (_NOQA_HINT.search(comment) and _CODE_HINT.search(comment))
        for comment in _HASH.findall(text)
    )


def in_document(lines: Sequence[str], line: int, code: str) -> str | None:
    """The reason of a comment on `line` of a document, or right above it, that silences `code`; None without one."""
    for text in lines[max(0, line - 2) : line]:
        found = _OWN.search(text)
        codes = found["codes"] if found is not None else None
        if found is not None and (
            codes is None or code in (each.strip().upper() for each in codes.split(","))
        ):
            return found["reason"].strip()
    return None


class Suppression(Struct, frozen=True):
    """One comment. `line` and `column` start at 1; it covers the statement on `first_line..last_line`."""

    codes: tuple[str, ...]
    reason: str
    line: int
    column: int
    end_column: int
    first_line: int
    last_line: int
    own: bool
    """Whether it is written in our form rather than as `noqa`."""
    source_line: str = ""
    """The whole line, with its end."""

    def without(self, code: str) -> str:
        """The line without `code`, and without the comment when nothing is left in it. Empty when the line is."""
        pattern = _OWN if self.own else _NOQA
        found = pattern.match(self.source_line, self.column - 1)
        if found is None:
            return self.source_line
        codes = re.findall(r"[^\s,]+", found["codes"] or "")
        kept = [each for each in codes if each.upper() != code]
        if kept and len(kept) < len(codes):
            separator = ", " if "," in found["codes"] else " "
            start, end = found.span("codes")
            return self.source_line[:start] + separator.join(kept) + self.source_line[end:]
        ending = self.source_line[len(self.source_line.rstrip("\r\n")) :]
        rest = self.source_line[found.end() :].strip()
        before = self.source_line[: found.start()]
        left = before + rest if rest else before.rstrip()
        return left + ending if left else ""


class Suppressions(Struct):
    """The suppressing comments of one file, and which of them were of use so far."""

    comments: tuple[Suppression, ...] = ()
    _statements: dict[int, tuple[int, int]] = field(default_factory=dict)
    _used: set[tuple[Suppression, str]] = field(default_factory=set)

    def silences(self, finding: Finding) -> Suppression | None:
        """The comment that silences `finding`, which then counts as used.

        It stands on the finding's line, or on the first or last line of the statement that line belongs to.
        """
        first, last = self._statements.get(finding.line, (finding.line, finding.line))
        for comment in self.comments:
            if finding.code in comment.codes and comment.line in (finding.line, first, last):
                self._used.add((comment, finding.code))
                return comment
        return None

    def suppressed(self, finding: Finding) -> Suppressed | None:
        """As `silences`, in the form in which results tell of it."""
        comment = self.silences(finding)
        return (
            None if comment is None else Suppressed(finding.code, finding.path, finding.line, comment.reason)
        )

    def findings(self, path: str, *, ran: Collection[str], known: Collection[str]) -> list[Finding]:
        """`unused-suppression` findings, once all of the file's findings were offered to `silences`.

        `ran` are the codes of the rules that ran on the file (others may well be needed), `known` all there are.
        """
        return [
            _finding(path, comment, message, code)
            for comment in self.comments
            for message, code in self._faults(comment, ran, known)
        ]

    def _faults(
        self, comment: Suppression, ran: Collection[str], known: Collection[str]
    ) -> Iterator[tuple[str, str]]:
        if not comment.codes:
            yield "The comment names no rule; it is written `# fastperf: ignore[FP101] reason`.", ""
        for code in comment.codes:
            if code not in known:
                if comment.own:
                    yield f"No rule is called `{code}`: the comment silences nothing.", code
            elif code in ran and (comment, code) not in self._used:
                yield f"{code} finds nothing here: the comment silences nothing.", code


def parse(text: str) -> Suppressions:
    """The suppressions of a file's text. Only real comments count, not strings that look like them."""
    if not _may_hold_one(text):
        return Suppressions()
    comments: list[tuple[tokenize.TokenInfo, int]] = []
    statements: dict[int, tuple[int, int]] = {}
    first = 0
    for token in _tokens(readable(text)):
        if token.type == tokenize.COMMENT:
            comments.append((token, first or token.start[0]))
        elif token.type == tokenize.NEWLINE:
            for line in range(first, token.start[0] + 1):
                statements[line] = (first, token.start[0])
            first = 0
        elif not first and token.type not in _LAYOUT:
            first = token.start[0]
    lines = list(io.StringIO(text, newline=""))
    parsed = (
        suppression
        for token, first in comments
        for suppression in _read(
            token, lines[token.start[0] - 1], statements.get(token.start[0], (first, token.start[0]))
        )
    )
    return Suppressions(tuple(parsed), statements)


_LAYOUT = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    except (tokenize.TokenError, SyntaxError):
        return  # newer syntax than this interpreter reads: what came before it counts


def _read(token: tokenize.TokenInfo, line: str, statement: tuple[int, int]) -> Iterator[Suppression]:
    for pattern in (_OWN, _NOQA):
        for found in pattern.finditer(token.string):
            if pattern is _OWN:
                codes = tuple(
                    code.strip().upper() for code in (found["codes"] or "").split(",") if code.strip()
                )
            else:
                codes = tuple(code.upper() for code in _CODE.findall(found["codes"]))
                if not codes:
                    continue
            column = token.start[1] + found.start() + 1
            yield Suppression(
                codes=tuple(dict.fromkeys(codes)),
                reason=found["reason"].strip(" \t-–—:;,"),
                line=token.start[0],
                column=column,
                end_column=column + len(found[0].rstrip()),
                first_line=statement[0],
                last_line=statement[1],
                own=pattern is _OWN,
                source_line=line,
            )


def _finding(path: str, comment: Suppression, message: str, code: str) -> Finding:
    from rules.engine import registry

    rule = registry.by_code("FP001")
    card = registry.told(rule)
    return Finding(
        code=rule.code,
        name=registry.name_of(rule),
        severity=rule.severity,
        confidence=Confidence.CERTAIN,
        gates=rule.gates,
        effort=rule.effort,
        path=path,
        line=comment.line,
        column=comment.column,
        end_line=comment.line,
        end_column=comment.end_column,
        symbol="",
        endpoint=None,
        message=message,
        why=card.why,
        instead=card.instead,
        trade_offs=card.trade_offs,
        metric=rule.watch,
        impact=rule.impact,
        call_path=(),
        fix=ProvenFix(Safety.SAFE, (Edit(path, comment.line, comment.line, comment.without(code)),)),
        fingerprint=fingerprints.core_of_text(rule.code, "", f"{code} {comment.reason}"),
    )

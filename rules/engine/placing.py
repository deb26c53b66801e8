"""Matches placed: severity, certainty, endpoints and positions of what a rule has found."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from msgspec import Struct

from rules.engine import fingerprints, registry
from rules.engine.costs import measured
from rules.engine.finding import Confidence, Finding, Hop, Options, Severity
from rules.engine.module import Module
from rules.engine.rule import Match, ProjectMatch, ProjectRule, Rule
from rules.engine.service import (
    absent_columns,
    aside,
    local_tools,
    miscalled,
    other_sessions,
    serving,
    set_up,
    switched_off,
    traffic,
    unasked,
    unimported,
    unloadable,
    unreached,
)
from rules.engine.service.mentions import is_dead
from rules.engine.service.one_at_a_time import single_entry
from rules.engine.service.remembering import is_behind_cache

_LITTLE = frozenset({"database", "caching", "background", "responses"})
"""Families of rules about what costs milliseconds, or memory, for each of many."""
_IN_LOOPS = frozenset({"FP201", "FP202", "FP203", "FP204"})


class Placed(Struct, frozen=True):
    """A match on its way to a finding."""

    rule: Rule
    match: Match
    finding: Finding


def place(module: Module, rule: Rule, match: Match, *, told: bool = True) -> Placed:
    """A match where it stands: how severe and how certain it is there, and which endpoints it concerns.

    Of what is not `told`, only counted, nobody asks how certain it is.
    """
    node = match.node
    line, column, end_line, end_column = _extent(module, node)
    severity = match.severity or rule.severity
    confidence, gates = match.confidence, rule.gates
    fresh: Confidence | None = None
    if _is_unproven(module, node):
        # It runs on some event loop, but no endpoint is seen to reach it.
        severity, gates = severity.lowered(), False
        if confidence is Confidence.CERTAIN:
            confidence = Confidence.LIKELY
    if rule.stops_loop and not module.reached(node) and (function := module.graph_node(node)):
        severity, at_most = serving.unreached(
            module.project, function, match.severity or rule.severity, direct=not match.call_path
        )
        gates = False
        if confidence is not Confidence.POSSIBLE:
            confidence = at_most
            fresh = serving.unreached_when_new(
                module.project, function, match.severity or rule.severity, direct=not match.call_path
            )
    if rule.per_request and not module.reached(node):
        severity, gates = min(severity, Severity.LOW, key=lambda each: each.rank), False
        surely = confidence is not Confidence.POSSIBLE
        if rule.said_at_writing and surely and serving.works_unwatched(module.project, module.path):
            fresh = Confidence.LIKELY
        confidence = Confidence.POSSIBLE
    if not module.reached(node) and (function := module.graph_node(node)) and is_dead(function, module):
        severity, gates = min(severity, Severity.LOW, key=lambda each: each.rank), False
        confidence, fresh = Confidence.POSSIBLE, None
    if traffic.is_example(module.path, module.project):
        severity, gates, confidence = severity.lowered(), False, Confidence.POSSIBLE
        fresh = None
    if rule.stops_loop and traffic.is_maintenance(node, module):
        severity, gates = min(severity, Severity.LOW, key=lambda each: each.rank), False
    if set_up.sets_up(node, module):
        severity, gates = min(severity, Severity.LOW, key=lambda each: each.rank), False
        confidence, fresh = Confidence.POSSIBLE, None
    if told:
        gates, confidence, fresh = _doubted(module, rule, match, (gates, confidence, fresh))
    message = match.message
    if rule.stops_loop and (entry := single_entry(module.path, module.project)):
        severity, gates, confidence, fresh = severity.lowered(), False, Confidence.POSSIBLE, None
        message = f"{message} {entry}: few others wait."
    severity = module.options.severity_of(rule.code, severity)
    when_new = match.when_new if confidence is match.confidence else fresh
    if (
        module.project.routing.endpoints or not rule.stops_loop
    ):  # who shows a file or a library has no requests to be seen
        confidence, when_new = _said(rule, severity, confidence, when_new)
    if traffic.lies_among_scripts(module.path) and confidence is not Confidence.POSSIBLE:
        confidence, when_new = Confidence.POSSIBLE, when_new or confidence
    endpoints = module.endpoints(node)
    card = registry.told(rule)
    symbol = module.symbol_at(node)
    here = Hop(module.path, line, symbol)
    finding = Finding(
        code=rule.code,
        name=registry.name_of(rule),
        severity=severity,
        confidence=confidence,
        gates=gates,
        effort=rule.effort,
        path=module.path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        symbol=symbol,
        endpoint=endpoints[0] if endpoints else None,
        message=message,
        why=card.why,
        instead=match.instead or card.instead,
        trade_offs=card.trade_offs,
        metric=rule.watch,
        impact=measured.impact(rule, match.impact, module.options),
        call_path=match.call_path,
        fix=None,
        fingerprint=fingerprints.core(rule.code, symbol, node),
        places=_places(here, match, rule),
        cause=match.cause or _cause(rule, match),
        endpoints=endpoints,
        text=fingerprints.text_of(node),
        leaf=_leaf(module, match),
        guards=rule.guards,
        siblings=match.siblings,
        leaves=match.leaves,
        loops=len(module.loops(node)),
        when_new=when_new,
        sketch=match.sketch,
    )
    return Placed(rule, match, finding)


def _doubted(
    module: Module, rule: Rule, match: Match, known: tuple[bool, Confidence, Confidence | None]
) -> tuple[bool, Confidence, Confidence | None]:
    """Whether it gates, how certain it is and was when it was new, by whether the code is run and by whom."""
    node = match.node
    gates, confidence, fresh = known
    if (
        aside.stands_aside(node, module)
        or aside.is_unserved(node, module)
        or other_sessions.fails_at_once(node, module)
        or unasked.is_never_asked(node, module)
        or unimported.is_unimported(module.project, module.path)
        or unimported.is_lone_tool(module.project, module.path)
        or (not module.reached(node) and unimported.is_lone_script(module.project, module.path))
    ):
        gates, confidence, fresh = False, Confidence.POSSIBLE, None
    if confidence is not Confidence.POSSIBLE and (
        unasked.never_gets_there(match.call_path, module)
        or unasked.is_called_in_vain(node, module)
        or unloadable.never_loads(node, module)
        or absent_columns.fails_before(match, module)
        or miscalled.cannot_be_called(match, module)
        or unreached.is_never_reached(match, module)
        or switched_off.is_switched_off(node, module)
        or (not rule.stops_loop and traffic.keeps_whole_system(node, module))
        or (rule.stops_loop and traffic.answers_errors(node, module))
        or (
            rule.paid_by_misses
            and is_behind_cache(node, module, of_few=registry.family_of(rule) != "database")
        )
    ):
        gates, fresh, confidence = False, fresh or confidence, Confidence.POSSIBLE
    if confidence is not Confidence.POSSIBLE and _is_for_one_person(rule, module, node):
        fresh, confidence = fresh or confidence, Confidence.POSSIBLE
    return gates, confidence, fresh


def place_in_project(
    rule: ProjectRule, match: ProjectMatch, options: Options, lines: Sequence[str]
) -> Finding:
    """What a project rule says, on its line of a file or document."""
    line = lines[match.line - 1].rstrip() if 0 < match.line <= len(lines) else ""
    card = registry.told(rule)
    here = Hop(match.path, match.line, "")
    severity = options.at(match.path).severity_of(rule.code, match.severity or rule.severity)
    confidence, when_new = _said(rule, severity, match.confidence, None)
    return Finding(
        code=rule.code,
        name=registry.name_of(rule),
        severity=severity,
        confidence=confidence,
        gates=rule.gates,
        effort=rule.effort,
        path=match.path,
        line=match.line,
        column=len(line) - len(line.lstrip()) + 1,
        end_line=match.line,
        end_column=len(line) + 1,
        symbol="",
        endpoint=None,
        message=match.message,
        why=card.why,
        instead=match.instead or card.instead,
        trade_offs=card.trade_offs,
        metric=rule.watch,
        impact=measured.impact(rule, match.impact, options.at(match.path)),
        call_path=(),
        fix=None,
        fingerprint=fingerprints.core_of_text(
            rule.code, "", match.text or " ".join(line.split()) or match.path
        ),
        places=(here, *match.related),
        when_new=when_new,
    )


def _said(
    rule: Rule, severity: Severity, confidence: Confidence, when_new: Confidence | None
) -> tuple[Confidence, Confidence | None]:
    """How certain it is where it has long been so, and where a change brings it: below `said_from` the first is a hint."""
    if severity.rank < rule.said_from.rank and confidence is not Confidence.POSSIBLE:
        return Confidence.POSSIBLE, when_new or confidence
    return confidence, when_new


def _is_for_one_person(rule: Rule, module: Module, node: ast.AST) -> bool:
    """Whether a rule is about what costs little while one person uses a program. What waits for others on the network, what
    computes, and queries in loops over a list that is asked for cost one person seconds, too."""
    if registry.family_of(rule) not in _LITTLE or not local_tools.taken_for_local(module.project):
        return False
    return not (rule.code in _IN_LOOPS and any(each.method == "GET" for each in module.endpoints(node)))


def _is_unproven(module: Module, node: ast.AST) -> bool:
    function = module.function_of(node)
    if function is None or not function.is_async:
        return False
    return not module.is_proven(node)


def _extent(module: Module, node: ast.AST) -> tuple[int, int, int, int]:
    """Line, column, end line, end column; of a function or class only the header counts."""
    if not hasattr(node, "lineno"):
        return 1, 1, 1, 1
    line, end_line = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]  # it has a place
    end_offset = node.end_col_offset or 0  # type: ignore[attr-defined]  # as above
    source = module.source
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body[0].lineno > line:
        end_line = line
        return line, source.column(line, node.col_offset), line, len(source.lines[line - 1].rstrip()) + 1
    return (
        line,
        source.column(line, node.col_offset),  # type: ignore[attr-defined]  # as above
        end_line,
        source.column(end_line, end_offset),
    )


def _places(here: Hop, match: Match, rule: Rule) -> tuple[Hop, ...]:
    """Where the finding may be said, best first: the leaf, the hops back to the call, the call, what is related.

    Of a rule that is about its own line, or about its siblings', these come before the leaf; where it is mended comes
    before all.
    """
    found: dict[tuple[str, int], Hop] = {}
    siblings = [Hop(here.path, line, here.symbol) for line in match.siblings]
    for hop in (
        *((Hop(here.path, match.mended_at, here.symbol),) if match.mended_at else ()),
        *((here,) if rule.about_own_line else ()),
        *(siblings if rule.about_siblings else ()),
        *reversed(match.call_path),
        here,
        *siblings,
        *match.related,
    ):
        found.setdefault((hop.path, hop.line), hop)
    return tuple(found.values())


def _leaf(module: Module, match: Match) -> str:
    if match.call_path:
        return match.call_path[-1].symbol
    node = match.node
    return (module.qualified_name(node.func) or "") if isinstance(node, ast.Call) else ""


def _cause(rule: Rule, match: Match) -> str:
    if not match.call_path:
        return ""
    leaf = match.call_path[-1]
    return f"{rule.code} {leaf.path}:{leaf.line} {leaf.symbol}"

"""What a call calls, as rules need to know it to say beforehand whether such calls concern them.

A project has far fewer callees than calls: each rule is asked once about each, so that most rules never see most calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from rules.engine.linking.knowledge import NOTHING, Meaning

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.rule import Rule


class Callee(NamedTuple):
    """Everything two calls must share for the rules that look at them to be the same."""

    name: str
    """The full name, as `Module.name_called` gives it; empty for what is unknown."""
    spelled: str
    """The last name in the source: `execute` of `session.execute(…)`; empty when what is called has none."""
    is_method: bool
    """Whether it is spelled as a member of something: `session.execute`, not `execute`."""
    sort: int | None
    """The `Sort` of value that is called; None when it is unknown."""
    enters: bool
    """Whether the call graph leads from the call into functions of the project."""
    is_linked: bool
    """Whether the project holds something for the very place: a query whose rows go somewhere, rows handed on."""
    meaning: Meaning
    """What the tables say of it."""


class Dispatch:
    """Which rules see which calls. Kept for a whole run, and for other versions of the project with the same options:
    what it learned of one file holds for the next."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._asking = tuple((rule, rule.concerns) for rule in self.rules)
        self._concerned: dict[tuple[str, str, bool, int | None, bool, bool, bool], tuple[Rule, ...]] = {}

    def share(self, module: Module) -> dict[Rule, list[ast.AST]]:
        """The calls of a file by the rules that they concern."""
        shares: dict[Rule, list[ast.AST]] = {rule: [] for rule in self.rules}
        known, value_of, linked = self._concerned, module.value, module.linked_places
        for scope, entered in module.entered() if self.rules else ():
            for call in scope.calls:
                value = value_of(call.func)
                name = (module.name_called(value) or "") if value is not None else ""
                function = call.func
                is_method = function.__class__ is ast.Attribute
                spelled: str = function.attr if is_method else getattr(function, "id", "")  # type: ignore[attr-defined]  # by its class
                place = (call.lineno, call.col_offset)
                key = (
                    name,
                    spelled,
                    is_method,
                    value.sort if value is not None else None,
                    value is not None and value.partial,
                    place in entered,
                    place in linked,
                )
                concerned = known.get(key)
                if concerned is None:
                    # As if it were awaited: which of the calls are, each rule sees.
                    meaning = module.meaning(call)
                    if meaning is NOTHING and name:
                        meaning = module.project.knowledge.awaited(name)
                    if meaning.blocking is None and meaning.query is None and name:  # or gone through
                        made = module.project.knowledge.iterated(module.value(call))
                        if made is not NOTHING:
                            meaning = replace(meaning, blocking=made.blocking, query=made.query)
                    concerned = known[key] = self._asked(*key, meaning)
                for rule in concerned:
                    shares[rule].append(call)
        return shares

    def _asked(
        self,
        name: str,
        spelled: str,
        is_method: bool,
        sort: int | None,
        is_partial: bool,
        enters: bool,
        is_linked: bool,
        meaning: Meaning,
    ) -> tuple[Rule, ...]:
        callee = Callee("" if is_partial else name, spelled, is_method, sort, enters, is_linked, meaning)
        return tuple([rule for rule, concerns in self._asking if concerns(callee)])

"""SQL texts that stand in another file than the call that runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.linking.values import Sort
from rules.engine.reading.raw_sql import HOLE, MAX_TEXT, kind
from rules.engine.reading.raw_text import ELSEWHERE

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver
    from rules.engine.linking.values import Linked
    from rules.engine.reading.raw_text import RawQuery

_DEEPEST = 6


def text_of(query: RawQuery, module: Linked, resolver: Resolver) -> str:
    """The SQL of a query, put together from wherever its parts stand; empty when it is none after all."""
    if ELSEWHERE not in query.text:
        return query.text
    text = _filled(query.text, module, resolver, 0)
    return text if text is not None and len(text) <= MAX_TEXT and kind(text) else ""


def _filled(text: str, module: Linked, resolver: Resolver, depth: int) -> str | None:
    """None when the text begins with what cannot be found: nothing is known of it then."""
    if ELSEWHERE not in text:
        return text
    if depth > _DEEPEST:
        return None
    parts = text.split(ELSEWHERE)
    for position in range(1, len(parts), 2):
        found = _constant(parts[position], module, resolver, depth + 1)
        if found is None and not "".join(parts[:position]).strip():
            return None
        parts[position] = found if found is not None else f"{HOLE}1"
    return "".join(parts)


def _constant(ref: str, module: Linked, resolver: Resolver, depth: int) -> str | None:
    """The text of a constant: of a module, or of a class."""
    value = resolver.value(ref, module)
    if value is not None and value.sort == Sort.TEXT:
        return value.name
    if value is not None and value.origin is not None:
        path, name = value.origin
        home = resolver.modules.get(path)
    else:
        base, _, attribute = ref.rpartition(".")
        owner = resolver.value(base, module) if base else None
        home = owner.module if owner is not None and owner.sort in (Sort.CLASS, Sort.OBJECT) else None
        name = f"{owner.symbol}.{attribute}" if owner is not None else ""
    if home is None:
        return None
    text = home.facts.raw.constants.get(name)
    return _filled(text, home, resolver, depth) if text is not None else None

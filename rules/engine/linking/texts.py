"""What string arguments say, with the parts that names stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.linking.values import Linked, Sort

if TYPE_CHECKING:
    from rules.engine.linking.resolver import Resolver


def text_of(resolver: Resolver, literal: str | None, ref: str, module: Linked) -> str | None:
    """A string argument's text; unknown parts of it become `{…}`."""
    if literal is None:
        value = resolver.value(ref, module) if ref else None
        return value.name if value is not None and value.sort == Sort.TEXT else None
    if "\x00" not in literal:
        return literal
    parts = literal.split("\x00")
    for position in range(1, len(parts), 2):
        value = resolver.value(parts[position], module) if parts[position][:1] not in ("?", "\x01") else None
        parts[position] = value.name if value is not None and value.sort == Sort.TEXT else "{…}"
    return "".join(parts)

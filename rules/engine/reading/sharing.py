"""Texts that many files hold, once in memory: in a large project three of four texts are the same again."""

from __future__ import annotations

import functools
import sys
import typing

import msgspec
from msgspec.structs import force_setattr

from rules.engine.reading.facts import ModuleFacts

_intern = sys.intern


def learn() -> None:
    """Read the annotations of all that facts are made of, before the first ones are shared: reading them evaluates text."""
    seen: set[typing.Any] = set()
    pending: list[typing.Any] = [ModuleFacts]
    while pending:
        kind = pending.pop()
        if kind in seen:
            continue
        seen.add(kind)
        pending.extend(typing.get_args(kind))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            _fields(kind)
            pending.extend(field.type for field in msgspec.structs.fields(kind))


def share(facts: ModuleFacts, former: ModuleFacts | None = None) -> ModuleFacts:
    """These facts, fresh from their encoding, with all texts shared with those of other files. `former` are shared facts of
    which these may have taken over functions."""
    done = {id(function) for function in former.functions} if former is not None else set()
    pending: list[msgspec.Struct] = [facts]
    while pending:
        struct = pending.pop()
        if id(struct) in done:
            continue
        texts, others = _fields(struct.__class__)
        for name in texts:
            text = getattr(struct, name)
            if text:
                shared = _intern(text)
                if shared is not text:
                    force_setattr(struct, name, shared)
        for name in others:
            value = getattr(struct, name)
            if value:
                shared = _shared(value, pending)
                if shared is not value:
                    force_setattr(struct, name, shared)
    return facts


def _shared(value: typing.Any, pending: list[msgspec.Struct]) -> typing.Any:
    """The same value with shared texts; structs in it are left for later."""
    cls = value.__class__
    if cls is tuple:
        if any(isinstance(each, msgspec.Struct) for each in value):
            pending.extend(value)
            return value
        return tuple([_shared(each, pending) for each in value])
    if cls is dict:
        return {_intern(key): _shared(each, pending) for key, each in value.items()}
    if cls is str:
        return _intern(value)
    if isinstance(value, msgspec.Struct):
        pending.append(value)
    return value


@functools.cache
def _fields(cls: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a struct that hold a text, and those that hold neither texts nor numbers."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(cls)}
    texts = tuple(name for name, kind in kinds.items() if kind is str)
    return texts, tuple(name for name, kind in kinds.items() if kind not in (str, int, bool, float))

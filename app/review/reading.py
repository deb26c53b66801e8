"""Configuration files, read strictly, key by key, so that one mistake costs one key."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, Literal, get_args, get_origin

import msgspec

from app.review.table import BudgetTable, Context, EndpointTable, Mode, Table
from app.review.toml_lines import KeyLines
from rules.engine import registry
from rules.engine.budgets import KINDS
from rules.engine.ceding import linter_of
from rules.engine.finding import Linter, Severity
from rules.engine.reading.regexes import regex

FILE = ".github/fastperf.toml"
PYPROJECT = "pyproject.toml"
RUFF = (".ruff.toml", "ruff.toml")
ORGANISATION = "org:.github/fastperf.toml"
MAX_BYTES = 65_536
_CODE = regex(r"FP\d{0,3}")
_LONG_KEY = regex(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
_MAX_ERRORS = 20  # of one document


class ConfigError(msgspec.Struct, frozen=True):
    """A mistake in a configuration file, in words for its author. `line` starts at 1."""

    path: str
    line: int
    message: str


_Refuse = Callable[[tuple[str | int, ...], str | Callable[[], str]], None]


_FIELDS = {entry.name: entry for entry in msgspec.structs.fields(Table)}
_DEFAULTS = msgspec.to_builtins(Table())


class Document(msgspec.Struct):
    """One parsed file: its fastperf table, and where the table's keys stand."""

    path: str
    table: dict[str, Any]
    lines: KeyLines

    @classmethod
    def organisation(cls, text: str, errors: list[ConfigError]) -> Document:
        return _read(ORGANISATION, text, (), errors) or cls(ORGANISATION, {}, KeyLines("", ()))


def own_document(documents: Mapping[str, str | None], errors: list[ConfigError]) -> Document | None:
    """The dedicated file if there is one, else pyproject's table."""
    dedicated, pyproject = documents.get(FILE), documents.get(PYPROJECT)
    found: Document | None = None
    if pyproject and "fastperf" in pyproject.replace("\0", ""):
        found = _read(PYPROJECT, pyproject, ("tool", "fastperf"), errors)
    if dedicated is None:
        return found
    if found is not None and found.table:
        message = f"`{FILE}` exists and decides; this table is not used."
        errors.append(ConfigError(PYPROJECT, found.lines.line(()), message))
    return _read(FILE, dedicated, (), errors)


def linter(documents: Mapping[str, str | None]) -> Linter:
    """What ruff is set up to report: its own file decides, as for ruff itself. Mistakes in there are ruff's business."""
    for path in RUFF:
        text = documents.get(path)
        if text is not None:
            own = _read(path, text, (), [])
            return linter_of(own.table) if own is not None else Linter()
    pyproject = documents.get(PYPROJECT) or ""
    found = _read(PYPROJECT, pyproject, ("tool", "ruff"), []) if "ruff" in pyproject else None
    return linter_of(found.table) if found is not None else Linter()


def _read(path: str, text: str, prefix: tuple[str, ...], errors: list[ConfigError]) -> Document | None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        errors.append(ConfigError(path, 1, "The file is larger than 64 kB and was not read; defaults apply."))
        return None
    if _LONG_KEY.search(text):  # the standard parser takes quadratic time for these
        errors.append(
            ConfigError(path, 1, "A key has too many parts; the file was not read and defaults apply.")
        )
        return None
    text = text.removeprefix("\ufeff")  # which a text may begin with, and TOML's own parser takes for a key
    if "\0" in text:
        message = "The file is UTF-16, by its looks, and was not read: save it as UTF-8. Defaults apply."
        errors.append(ConfigError(path, 1, message))
        return None
    if "\ufffd" in text:
        line = 1 + text.count("\n", 0, text.index("\ufffd"))
        errors.append(ConfigError(path, line, "This is not UTF-8: save the file as such."))
    import tomllib  # only here: many projects have no configuration

    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also numbers too long for Python
        where = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = (
            re.sub(r" \(at .*\)$", "", str(error)) if isinstance(error, ValueError) else "Too deeply nested"
        )
        line = (
            int(where[1])
            if where
            else 1 + text.rstrip("\n").count("\n")
            if "end of document" in str(error)
            else 1
        )
        errors.append(ConfigError(path, line, f"This is not valid TOML ({reason}); defaults apply."))
        return None
    lines = KeyLines(text, prefix)
    for part in prefix:
        table = table.get(part, {})
        if not isinstance(table, dict):
            errors.append(ConfigError(path, lines.line(()), f"`{part}` must be a table; defaults apply."))
            return None
    return Document(path, table, lines)


def values(
    document: Document,
    errors: list[ConfigError],
    codes: Collection[str] | None,
    left_out: Collection[str] = (),
) -> dict[str, Any]:
    """The valid keys of a document, as the builtins that `Table` is made of; each mistake becomes an error."""
    values: dict[str, Any] = {}

    said = 0

    def refuse(keys: tuple[str | int, ...], message: str | Callable[[], str]) -> None:
        nonlocal said
        said += 1
        if said == _MAX_ERRORS:
            message = "There are more mistakes from here on; they are left out too."
        if said <= _MAX_ERRORS:
            text = message if isinstance(message, str) else message()
            errors.append(ConfigError(document.path, document.lines.line(keys), text))

    for key, value in document.table.items():
        if key not in _FIELDS:
            refuse((key,), partial(_unknown, key, _FIELDS))
        elif key in left_out:
            refuse((key,), f"`{key}` counts for the whole repository; here it is left out.")
        elif key in ("severity", "mode", "context") and isinstance(value, dict):
            part = _entries(key, value, codes, refuse)
            if part:
                values[key] = part
        elif key in ("endpoint", "budget") and isinstance(value, list):
            kind = EndpointTable if key == "endpoint" else BudgetTable
            values[key] = tuple(_rows(key, kind, value, refuse))
        elif key in ("select", "ignore") and isinstance(value, list):
            values[key] = tuple(_codes(key, value, codes, refuse))
        else:
            problem = _problem(value, _FIELDS[key].type)
            if problem is None and key in ("profile", "observed") and not _inside(value):
                problem = "a relative path inside the repository is expected"
            if problem is None:
                values[key] = value
            else:
                default = _DEFAULTS[key]
                applies = f" The default `{default}` applies." if isinstance(default, str | int) else ""
                refuse((key,), f"`{key}`: {problem}.{applies}")
    return values


def _entries(
    key: str, value: dict[str, Any], codes: Collection[str] | None, refuse: _Refuse
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    fields = {entry.name: entry.type for entry in msgspec.structs.fields(Context)}
    for name, entry in value.items():
        if key == "context":
            if name not in fields:
                refuse((key, name), partial(_unknown, name, fields, f"[{key}] "))
                continue
            problem = _problem(entry, fields[name])
        else:
            unknown = None if key == "mode" and name == "default" else _unknown_code(name, codes)
            if unknown:
                refuse((key, name), f"`{key}`: {unknown}.")
                continue
            problem = _problem(entry, Severity if key == "severity" else Mode)
        if problem is None:
            kept[name] = entry
        else:
            refuse((key, name), f"`{key}.{name}`: {problem}; it is left out.")
    return kept


def _rows(key: str, kind: type[msgspec.Struct], rows: list[Any], refuse: _Refuse) -> Iterable[msgspec.Struct]:
    names = {entry.name for entry in msgspec.structs.fields(kind)}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            refuse((key, number), f"`[[{key}]]`: a table is expected; it is left out.")
            continue
        strangers = [name for name in row if name not in names]
        for name in strangers:
            refuse((key, number, name), partial(_unknown, name, names, f"[[{key}]] "))
        if strangers:
            row = {name: entry for name, entry in row.items() if name in names}
        try:
            yield msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            path = re.search(r"`\$\.(\w+)`$", str(error))
            where = (key, number, path[1]) if path else (key, number)
            refuse(where, f"`[[{key}]]`: {_words(error, path[1] if path else '')}; this entry is left out.")


def _codes(key: str, value: list[Any], codes: Collection[str] | None, refuse: _Refuse) -> Iterable[str]:
    for entry in value:
        unknown = _unknown_code(entry, codes) if isinstance(entry, str) else "codes in quotes are expected"
        if unknown:
            refuse((key,), f"`{key}`: {unknown}.")
        else:
            yield entry


def _unknown_code(code: str, codes: Collection[str] | None) -> str | None:
    if codes is None:  # asked for only when the configuration names rules: it imports them all
        codes = frozenset(rule.code for rule in registry.cards())
    if any(known.startswith(code) for known in codes) and _CODE.fullmatch(code):
        return None
    hint = f"; did you mean `{code.upper()}`" if code.upper() in codes else ""
    return f"there is no rule `{_short(code)}`{hint}"


def _unknown(key: str, known: Collection[str], where: str = "") -> str:
    near = _near(key, known)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return f"{where}There is no key `{_short(key)}`; it is left out.{hint}"


@lru_cache(maxsize=256)
def _closest(word: str, known: frozenset[str]) -> tuple[str, ...]:
    import difflib  # only here: few keys are misspelled

    return tuple(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6))


def _near(word: str, known: Collection[str]) -> tuple[str, ...]:
    return _closest(word, frozenset(known)) if len(word) <= 30 else ()


_NO_CHOICE = "invalid enum value "


def _problem(value: Any, kind: Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        words = _words(error)
        choices = dict.fromkeys(_choices(kind)) if words.startswith(_NO_CHOICE) else {}
        if choices:
            *others, last = (f"`{choice}`" for choice in choices)
            return f"{words.removeprefix(_NO_CHOICE)} is none of {', '.join(others)} and {last}"
        return words
    return None


def _choices(kind: Any) -> tuple[str, ...]:
    """The words that a setting may be, where it is one of a few."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(str(choice.value) for choice in kind)
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return tuple(choice for part in get_args(kind) for choice in _choices(part))


def _words(error: msgspec.ValidationError, key: str = "") -> str:
    """msgspec's message without its path, beginning in lower case."""
    message = re.sub(r" - at `.*`$", "", str(error))
    if key in KINDS:
        return f"`{key}`: a number or a cost such as `2 + 3N` is expected"
    message = message.replace("`null`", "nothing").replace(" | null", "")
    message = re.sub(r"\bObject missing required field `(\w+)`", r"`\1` is missing", message)
    message = message[0].lower() + message[1:] if message[:1] != "`" else message
    return f"`{key}`: {message}" if key else message


def _inside(path: str) -> bool:
    return not path.startswith(("/", "\\")) and ".." not in path.split("/") and ":" not in path


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def merge(values: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Put `over` on top: tables by rule and `context` key by key, everything else whole."""
    for key, value in over.items():
        below = values.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            values[key] = {**below, **value}
        elif key == "mode" and isinstance(value, dict) and isinstance(below, str):
            values[key] = {"default": below, **value}
        else:
            values[key] = value


def structs(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: msgspec.convert(value, _FIELDS[key].type) for key, value in values.items()}

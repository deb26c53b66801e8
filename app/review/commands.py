"""Commands in a comment: `/fastperf rescan` as the first word of a line, and nowhere else."""

from __future__ import annotations

import re

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.review import marker
from rules.engine import registry

PREFIX = "/fastperf"

USAGE = {
    "rescan": "rescan",
    "explain": "explain FP101",
    "ignore": "ignore FP101 [path] <reason>",
    "unignore": "unignore FP101 [path]",
    "pause": "pause",
    "resume": "resume",
    "diagnose": "diagnose GET /orders",
    "scale": "scale 10x",
    "audit": "audit",
    "config": "config",
    "help": "help",
}
"""Every command and how it is written."""

CODING_AGENTS = frozenset(
    {"claude", "codegen-sh", "copilot-swe-agent", "cursor", "devin-ai-integration", "factory-droid"}
    | {"google-labs-jules", "openai-codex", "openhands-agent", "sweep-ai"}
)
"""Apps that write pull requests and work on what is said there: they count as people do."""

_CODE = re.compile(r"FP\d{3}")
_NAME = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+")
_BUTTON = "*Apply fixes* is a button of the check run, where an owner granted the app `contents: write`."
_ABBREVIATION = re.compile(r"\w/\w|\d+/\d+")
"""`w/o`, `n/a`, `I/O`, `24/7`: reasons begin with those, paths do not."""
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "WEBSOCKET"})
_FACTOR = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)x?", re.IGNORECASE)
_MAX_COMMANDS = 10


class Command(msgspec.Struct, frozen=True):
    """One command. `line` counts from 1 in the comment.

    `arguments` by name: explain `(code,)`, empty in a finding's thread · ignore `(code, path, reason)` and unignore `(code, path)`, where code is
    empty in a finding's thread and path empty for everywhere · diagnose `(method, path)` · scale `(factor,)` such
    as `10` · unknown `(word,)` · none for the others.
    """

    name: str
    arguments: tuple[str, ...] = ()
    line: int = 1
    problem: str = ""
    """Why it cannot be done as written, for its author; empty when it can."""

    @property
    def text(self) -> str:
        """The command as one writes it."""
        given = [f"{each}x" for each in self.arguments] if self.name == "scale" else self.arguments
        return " ".join([PREFIX, self.name, *filter(None, given)])


# Block structure decides what is a quote or code, so a Markdown parser does; of the inline rules only those that
# hide text. Emphasis and links stay off: they cost quadratic time on hostile text and change nothing here.
_MARKDOWN = MarkdownIt("zero", {"html": True}).enable(
    [
        "fence", "code", "blockquote", "list", "html_block", "heading", "lheading", "hr",
        "backticks", "escape", "html_inline", "newline",
    ]
)  # fmt: skip
_MARKDOWN.disable("text_join")  # keeps an escaped slash apart from a plain one
_MAX_BODY = 20_000  # a tenth of a second to parse, at the worst


def is_coding_agent(login: str) -> bool:
    return login.endswith("[bot]") and login.removesuffix("[bot]") in CODING_AGENTS


def parse(body: str) -> tuple[Command, ...]:
    """The commands of a comment in their order, at most ten.

    Only plain paragraphs count: not quotes (with their continuation lines), lists, code blocks, inline code, HTML
    comments or headings. A comment that carries our own marker holds none. Unknown words give `unknown`.
    """
    full = body
    body = body.replace("\r\n", "\n").replace("\r", "\n")[:_MAX_BODY]
    if PREFIX not in body or marker.read(full):
        return ()
    commands: list[Command] = []
    depth = 0
    for token in _MARKDOWN.parse(body):
        if token.type in ("blockquote_open", "bullet_list_open", "ordered_list_open", "heading_open"):
            depth += 1
        elif token.type in ("blockquote_close", "bullet_list_close", "ordered_list_close", "heading_close"):
            depth -= 1
        elif token.type == "inline" and depth == 0:
            first = (token.map or [0])[0] + 1
            commands += [_command(text, first + offset) for offset, text in _lines(token)]
    return tuple(commands[:_MAX_COMMANDS])


def _lines(inline: Token) -> list[tuple[int, str]]:
    """Lines of a paragraph that begin with our word as plain text: (offset in the paragraph, text)."""
    found: list[tuple[int, str]] = []
    cursor, start, text, plain_start = 0, 0, "", True

    def close() -> None:
        words = text.split(None, 1)
        if plain_start and words and words[0] == PREFIX:
            found.append((inline.content.count("\n", 0, start), text))

    for token in inline.children or ():
        if token.type in ("softbreak", "hardbreak"):
            close()
            cursor = start = inline.content.find("\n", cursor) + 1
            text, plain_start = "", True
        elif token.type == "text":
            text += token.content
            cursor += len(token.content)
        else:
            # Code, HTML and escapes may follow our word as arguments, not stand before or touch it.
            plain_start = plain_start and text.lstrip().startswith(f"{PREFIX} ")
            if token.type == "code_inline":
                text += token.content
                edge = rf"(?<!`){token.markup}(?!`)"
                ends = list(re.finditer(edge, inline.content[cursor:]))[:2]
                cursor += ends[-1].end() if ends else len(token.content)
            else:
                text += token.content if token.type == "text_special" else ""
                cursor += len(token.markup or token.content)
    close()
    return found


def _command(text: str, line: int) -> Command:
    words = text.split()[1:]
    if not words:
        return Command("help", line=line)
    name, rest = words[0].lower(), words[1:]
    if name not in USAGE:
        problem = f"{_BUTTON} " if name == "apply" else ""
        return Command("unknown", (words[0][:60],), line, f"{problem}`{PREFIX} help` lists the commands.")
    usage = f"It is written `{PREFIX} {USAGE[name]}`."
    if name == "explain":
        code = _code(rest[0]) if rest else ""
        good = bool(code) or not rest
        return Command(name, (code if good else rest[0][:60].upper(),), line, "" if good else usage)
    if name in ("ignore", "unignore"):
        code, path, reason = _waiver(rest)
        if name == "unignore":
            return Command(name, (code, path), line)
        return Command(name, (code, path, reason), line, "" if reason else f"A reason is needed. {usage}")
    if name == "diagnose":
        method = rest[0].upper() if rest else ""
        good = len(rest) == 2 and method in _METHODS and rest[1].startswith("/")
        return Command(name, (method, rest[1]) if len(rest) > 1 else (method,), line, "" if good else usage)
    if name == "scale":
        factor = _FACTOR.fullmatch(rest[0]) if rest else None
        good = factor is not None and float(factor[1]) > 0
        return Command(name, (factor[1],) if factor else (), line, "" if good else usage)
    return Command(name, (), line)


def _code(word: str) -> str:
    """The code that a word is or names; empty when it does neither. Comments call rules by name."""
    if _CODE.fullmatch(word.upper()):
        return word.upper()
    if not _NAME.fullmatch(word):
        return ""
    try:
        return registry.by_code(word).code
    except KeyError:
        return ""


def _waiver(words: list[str]) -> tuple[str, str, str]:
    """Code, path and reason. A path is a word with a slash or ending in `.py` right after the code, and no address."""
    code = path = ""
    if words and (code := _code(words[0])):
        words = words[1:]
    if code and words and _is_path(words[0]):
        path, words = words[0], words[1:]
    return code, path, " ".join(words)


def _is_path(word: str) -> bool:
    return ("/" in word or word.endswith(".py")) and "://" not in word and not _ABBREVIATION.fullmatch(word)

"""What the commands share: misuse, configuration, codes, progress. Nothing heavy is imported here."""

from __future__ import annotations

import contextlib
import gc
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.discovery import Project
    from app.review.config import Config
    from rules.engine.finding import Options

PROGRESS_FILES = 200
"""Below this many files no progress bar is worth its flicker."""


class Misuse(click.ClickException):
    """A wrong path, revision, code or configuration: one line, exit 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(f"fastperf: {self.format_message()}", err=True)


class Load(click.FloatRange):
    """A number above 0; neither `inf` nor `nan` is a load."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        load = float(super().convert(value, param, ctx))
        if not math.isfinite(load):
            self.fail(f"{value} is no load.", param, ctx)
        return load


def configuration(root: Path, file: Path | None) -> Config:
    """The project's configuration, or that of `file`. Its errors end the program, one a line."""
    from app import discovery
    from app.review.config import Config

    if file is not None:
        try:
            # A file named by hand is one of the two kinds, told by its name.
            name = "pyproject.toml" if file.name == "pyproject.toml" else ".github/fastperf.toml"
            config = Config.parse({name: file.read_text(encoding="utf-8")})
        except OSError as error:
            raise Misuse(f"{file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise Misuse(f"{file}: not UTF-8") from None
    else:
        config = discovery.configuration(root)
    _refuse_mistakes(config, file)
    return config


_GOES_ON = re.compile(
    r" The default `[^`]*` applies\.$|; (?:it is|they are|this entry is) left out|; defaults apply(?=\.$)"
)
"""What a review does about a mistake. Here the program ends instead."""


def _refuse_mistakes(config: Config, file: Path | None) -> None:
    if config.errors:
        mistakes = [
            f"{file or mistake.path}:{mistake.line}: {_GOES_ON.sub('', mistake.message)}"
            for mistake in config.errors
        ]
        raise Misuse("\nfastperf: ".join(mistakes))


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """For imports: everything that they make stays, and looking for garbage in it takes a tenth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def unhindered() -> Iterator[list[object]]:
    """For a command that ends when it is done: what it makes goes by itself, and a tenth of its time was spent on looking
    for garbage. What is there in the end counts as old. The list is for what need not go before the process does."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield []
    finally:
        gc.freeze()
        gc.unfreeze()
        if collecting:
            gc.enable()


def configured(root: Path, file: Path | None, paths: Sequence[Path]) -> tuple[Config, Project]:
    """The project around `paths`, and its configuration with those in its folders, whose mistakes end the program."""
    from app import discovery

    config = configuration(root, file)
    if file is not None:
        return config, discovery.find(paths, config.excludes)
    config, project = discovery.configured(paths, config)
    _refuse_mistakes(config, file)
    return config, project


def options_of(config: Config, select: Sequence[str], ignore: Sequence[str]) -> Options:
    import msgspec

    chosen, left_out = _codes(select), _codes(ignore)

    def asked(options: Options) -> Options:
        return msgspec.structs.replace(
            options,
            select=chosen or options.select,
            ignore=(*options.ignore, *left_out),
            parts={folder: asked(part) for folder, part in options.parts.items()},
        )

    return asked(config.options())


def with_evidence(options: Options, config: Config, root: Path, given: Sequence[Path] = ()) -> Options:
    """The options with the profiles that the configuration names or the command line gives."""
    import msgspec

    texts = {}
    for path in config.evidence:
        place = root / path
        texts[path] = place.read_text(encoding="utf-8", errors="replace") if place.is_file() else ""
    for place in given:
        try:
            texts[str(place)] = place.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise Misuse(f"{place}: {error.strerror}") from None
    return msgspec.structs.replace(options, evidence=tuple(texts.items()))


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    """Codes and prefixes as given, by comma or one by one; a name stands for its code."""
    from rules.engine import registry

    codes = []
    for value in (part.strip() for given in values for part in given.split(",")):
        if not value:
            continue
        prefix = value.upper()
        if any(rule.code.startswith(prefix) for rule in registry.cards()):
            codes.append(prefix)
            continue
        try:
            codes.append(registry.by_code(value).code)
        except KeyError:
            raise Misuse(f"no rule {value!r}; `fastperf rules` lists them{nearest(value)}") from None
    return tuple(codes)


def nearest(code: str) -> str:
    import difflib

    from rules.engine import registry

    cards = registry.cards()
    if re.fullmatch(r"FP\d*", code.upper()):  # a number that is none is not like any other
        begun = [rule.code for rule in cards if rule.code.startswith(code.upper())]
        if begun or len(code) == len(cards[0].code):
            return f"; {begun[0]} to {begun[-1]} begin so" if begun else ""
    names = [name for rule in cards for name in (rule.code, registry.name_of(rule))]
    near = difflib.get_close_matches(code, names, n=1) or difflib.get_close_matches(code.upper(), names, n=1)
    return f". Did you mean {near[0]}?" if near else ""


class Bar:
    """A progress bar, or none."""

    def __init__(
        self,
        advance: Callable[[int], None] = lambda count: None,
        hide: Callable[[], None] = lambda: None,
        show: Callable[[], None] = lambda: None,
    ) -> None:
        self._advance, self.hide, self.show = advance, hide, show

    def __call__(self, count: int) -> None:
        self._advance(count)


@contextlib.contextmanager
def progress(files: int, doing: str = "analysing", least: int = PROGRESS_FILES) -> Iterator[Bar]:
    """A bar for long work on a terminal; nothing elsewhere."""
    if files < least or not sys.stderr.isatty():
        yield Bar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from app.terminal import console

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=files)
        yield Bar(lambda count: bar.advance(task, count), bar.stop, bar.start)

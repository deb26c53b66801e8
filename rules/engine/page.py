"""The page of a rule, made from its card: for `docs/rules/`, the web and `fastperf explain`.

`python -m rules.engine.page` writes `docs/rules/`; `--check` only says what is stale, and exits 1 then.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rules.engine import registry
from rules.engine.costs import measured
from rules.engine.rule import Impact, Invalid, Rule, Valid

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "rules"
"""Where the pages are in a checkout."""

_FAMILIES: Mapping[str, str] = {
    "engine": "fastperf itself",
    "event_loop": "async and the event loop",
    "database": "database",
    "caching": "caching",
    "background": "background work",
    "responses": "responses",
    "outbound": "connections, timeouts, resilience",
    "scaling": "CPU, memory, scaling",
}


def render(rule: Rule) -> str:
    """The whole page as markdown, ended by a newline."""
    return "\n\n".join(_blocks(rule)) + "\n"


def render_alias(code: str, rule: Rule) -> str:
    """The page of a code that another rule answers for."""
    return (
        f"# {code} {rule.aliases[code]}\n\n"
        f"This is [{rule.code}]({rule.code}.md) `{registry.name_of(rule)}`: findings carry that code.\n"
    )


def render_index() -> str:
    """The table of all rules, by family, as markdown."""
    blocks = [
        "# Rules",
        "One page per rule, made from the rule itself. *Gates*: a new finding fails the check run by default, "
        "from the severity that `fail_on` names; the others advise. What was measured is [in one table](measured.md).",
    ]
    for family, title in _FAMILIES.items():
        members = [rule for rule in registry.cards() if registry.family_of(rule) == family]
        if not members:
            continue
        rows = [
            f"| [{rule.code}]({rule.code}.md) | {registry.name_of(rule)} | {rule.severity} | "
            f"{'yes' if rule.gates else 'no'} | {'yes' if _has_fix(rule) else 'no'} | {rule.effort} | "
            f"{_cell(registry.card(rule).summary)} |"
            for rule in members
        ]
        rows += [
            f"| [{code}]({code}.md) | {name} | as {rule.code} | | | | is [{rule.code}]({rule.code}.md) {registry.name_of(rule)} |"
            for rule in members
            for code, name in rule.aliases.items()
        ]
        rows.sort()
        header = [
            "| code | name | severity | gates | fix | effort | what it costs |",
            "|---|---|---|---|---|---|---|",
        ]
        blocks += [f"## {title[0].upper()}{title[1:]}", "\n".join([*header, *rows])]
    return "\n\n".join(blocks) + "\n"


def pages() -> dict[str, str]:
    """File name -> content of everything in `docs/rules/`."""
    return (
        {"README.md": render_index(), MEASURED: render_measured()}
        | {f"{rule.code}.md": render(rule) for rule in registry.cards()}
        | {f"{code}.md": render_alias(code, rule) for code, rule in registry.aliases().items()}
    )


MEASURED = "measured.md"


def render_measured() -> str:
    """What load tests made of each rule's advice, as one table; what was not measured is named."""
    rows, silent = [], []
    for rule in registry.cards():
        case = measured.of(rule.code)
        if case is None and rule.code.startswith("FP0"):
            continue  # fastperf's own: nothing to measure
        if case is None:
            silent.append(f"[{rule.code}]({rule.code}.md)")
            continue
        rows.append(
            f"| [{rule.code}]({rule.code}.md) | {_cell(case.forms['slow'])} | {_cell(case.forms['fast'])} |"
            f" {_cell(measured.headline(case).replace(', measured ', ', '))} |"
        )
    blocks = [
        "# Measured advice",
        "Each rule's point that shows the most; its page has all of them. Written by `make bench-impact`, never by hand.",
        measured.document().method,
        "\n".join(["| rule | found | advised | what came out |", "|---|---|---|---|", *rows]),
        f"Not measured: {', '.join(silent)}.",
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def stale(directory: Path) -> list[str]:
    """Names of files in `directory` that are missing, differ from what they should be, or belong to no rule."""
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.md")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(directory: Path) -> list[str]:
    """Bring `directory` up to date; the names of the files that changed."""
    changed = stale(directory)
    wanted = pages()
    directory.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (directory / name).write_text(wanted[name], encoding="utf-8")
        else:
            (directory / name).unlink()
    return changed


def _blocks(rule: Rule) -> Iterator[str]:
    card = registry.card(rule)
    yield f"# {rule.code} {registry.name_of(rule)}"
    yield card.summary
    yield "\n".join(
        [
            "| | |",
            "|---|---|",
            f"| Severity | {rule.severity} |",
            f"| Gates | {'yes: a new one fails the check run' if rule.gates else 'no: it advises'} |",
            f"| Effort | {rule.effort} |",
            f"| Fix | {'yes, proven before it is offered' if _has_fix(rule) else 'no: the change needs a person'} |",
            f"| Watch in production | {_cell(rule.watch)} |",
        ]
    )
    for code, name in rule.aliases.items():
        yield f"Also called {code} `{name}`."
    yield from _section("Why", card.why)
    yield from _section("Instead", card.instead)
    yield from _examples(rule)
    yield "## Impact"
    yield from _impact(rule)
    yield from _section("Trade-offs", card.trade_offs)
    yield from _section("Monitor", card.monitor or f"Watch {rule.watch}.")
    yield "## When to ignore it"
    if card.ignore:
        yield card.ignore
    if not rule.code.startswith("FP0"):  # those of the engine itself are not silenced in the code
        yield (
            f"On one line: `# fastperf: ignore[{rule.code}] reason`; `# noqa: {rule.code}` works too. "
            f'In the whole project: `ignore = ["{rule.code}"]` under `[tool.fastperf]`.'
        )


def _section(title: str, text: str) -> Iterator[str]:
    if text:
        yield f"## {title}"
        yield text


def _examples(rule: Rule) -> Iterator[str]:
    if not (rule.invalid or rule.valid):
        return
    yield "## Examples"
    for bad in rule.invalid:
        yield "Found:"
        yield from _example(bad)
        if bad.fixed is not None:
            yield "With the fix:"
            yield _code(bad.fixed)
    for good in rule.valid:
        yield "Not found:"
        yield from _example(good)


def _example(example: Invalid | Valid) -> Iterator[str]:
    for path, text in example.documents.items():
        yield _code(f"# {path}\n{textwrap.dedent(text).strip()}", path)
    title = f"# {example.path}\n" if example.path and example.documents else ""
    yield _code(title + textwrap.dedent(example.code).strip(), example.path)


def _code(text: str, path: str = "") -> str:
    return f"```{language_of(path)}\n{textwrap.dedent(text).strip()}\n```"


def language_of(path: str) -> str:
    """What a highlighter calls the language of a file; Python for an example without a name."""
    return "python" if not path or path.endswith(".py") else _LANGUAGES.get(path.rpartition(".")[2], "text")


_LANGUAGES = {
    "Dockerfile": "dockerfile",
    "yml": "yaml",
    "yaml": "yaml",
    "toml": "toml",
    "sh": "sh",
    "txt": "text",
}


def _impact(rule: Rule) -> Iterator[str]:
    """The measurement, then the formula with its assumptions; "not measured" without one."""
    shown = list(measured.page(rule))
    yield from shown
    impact = rule.impact
    known = impact.summary != Impact().summary
    if impact.measured:
        yield impact.summary[:1].upper() + impact.summary[1:]
    elif not shown:
        yield f"Not measured{f': {impact.summary}' if known else ''}".rstrip(".") + "."
    elif known:
        yield f"In general: {impact.summary}"
    if impact.formula and known:
        yield f"Formula: `{impact.formula}`"
    if impact.assumptions and known:
        assumptions = ", ".join(f"`{name} = {value}`" for name, value in impact.assumptions.items())
        yield f"Assumes {assumptions}."


def _has_fix(rule: Rule) -> bool:
    return any(example.fixed is not None for example in rule.invalid)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rules.engine.page", description="Write docs/rules/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a page is stale")
    options = parser.parse_args(arguments)
    changed = stale(DIRECTORY) if options.check else write(DIRECTORY)
    for name in changed:
        sys.stdout.write(f"{name} {'is stale' if options.check else 'written'}\n")
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Questions about a whole project at a commit, answered as Markdown: `diagnose`, `scale` and `audit` in a comment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from app.analysis import Analysis
from app.analysis.documents import is_python
from app.analysis.messages import Branched, Diagnosed
from app.github.client import RepositoryClient
from app.project import Projects
from app.review import burndown
from app.review.comments import BADGES
from app.review.config import Config
from app.review.links import Links
from app.review.markdown import code, plural, prose, sentence, shorten, size, table
from rules.engine import capacity, deployment, estimates
from rules.engine.finding import Confidence, Finding, Result, Severity

LONGEST: Final = 60_000
DEEPEST: Final = 8
MOST_CALLS: Final = 6
"""Of one function; the rest is counted."""
MOST_ENDPOINTS: Final = 15
MOST_FINDINGS: Final = 20
EVERYTHING: Final = ("FP",)
"""Selects all rules in so many words, project advice with them."""
MOST_AUDITED: Final = 400
"""Python files whose sources are fetched for an audit; a larger project is better audited where it lies."""


class Surveys:
    """Reads the project at a commit and asks the analysis about it."""

    def __init__(self, projects: Projects, analysis: Analysis, web_url: str, public_url: str) -> None:
        self._projects = projects
        self._analysis = analysis
        self._web_url = web_url
        self._public_url = public_url

    async def configured(self, client: RepositoryClient, commit: str, config: Config) -> Config:
        """The configuration with those that stand in the folders of a commit."""
        return config.with_parts(await self._projects.configurations(client, commit, commit))

    async def diagnose(
        self, client: RepositoryClient, commit: str, config: Config, method: str, path: str
    ) -> str:
        """All that one request costs, and where."""
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        found = await self._analysis.diagnose(
            method, path, others=project.facts, documents=project.documents, options=config.options()
        )
        if not found:
            return f"There is no endpoint {code(f'{method} {path}')} at {code(commit[:7])}."
        return "\n\n".join(diagnosed(each, self._links(client, commit)) for each in found)

    async def scale(self, client: RepositoryClient, commit: str, config: Config, factor: float) -> str:
        """What saturates first at so many times the load."""
        options = msgspec.structs.replace(config.options(), select=("none",))
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        result = await self._analysis.examine(
            {}, others=project.facts, documents=project.documents, options=options
        )
        served = deployment.read(project.documents)
        workers = next(
            (found.number for each in served.production if (found := served.workers(each)) is not None), None
        )
        site = capacity.Site.of(options, workers=workers)
        return scaled(capacity.capacities(result.endpoints, site), factor, options.context.get("rps"))

    async def audit(
        self, client: RepositoryClient, commit: str, config: Config
    ) -> tuple[str, burndown.Point | None]:
        """What the whole project has, not only this change; and how much that is, if it was looked through."""
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        paths = [path for path in project.tree if is_python(path) and not config.excludes(path)]
        if len(paths) > MOST_AUDITED:
            return (
                f"{len(paths)} Python files are too many to fetch for a comment: "
                "`fastperf check` in a checkout audits them all."
            ), None
        contents = await client.contents.texts([(commit, path) for path in paths])
        sources = {path: content for (_, path), content in contents.items() if content is not None}
        options = config.options()
        if not options.select:
            options = msgspec.structs.replace(options, select=EVERYTHING)
        result = await self._analysis.examine(
            sources, documents=project.documents, options=options, fixes=False
        )
        now = msgspec.structs.replace(burndown.today(result.findings), commit=commit)
        return audited(result, self._links(client, commit)), now

    def _links(self, client: RepositoryClient, commit: str) -> Links:
        return Links(self._web_url, client.repository.full_name, commit, self._public_url)


def diagnosed(found: Diagnosed, links: Links) -> str:
    """The cost tree as a nested list, the costliest first."""
    totals = [f"queries **{prose(found.queries)}**", f"external calls **{prose(found.external_calls)}**"]
    if found.unbounded:
        totals.append("unbounded")
    if found.blocking:
        totals.append(f"blocks the loop: {', '.join(map(code, found.blocking[:5]))}")
    lines = [f"### {code(f'{found.method} {found.path}')}", " · ".join(totals), ""]
    room = LONGEST - size("\n".join(lines))
    for line in _branches(found.branches, links, 0):
        room -= size(line) + 1
        if room < 0:
            lines.append("- …")
            break
        lines.append(line)
    if found.sizes:
        sizes = ", ".join(
            f"{letter} = {prose(name) or 'turns of a loop'}" for letter, name in found.sizes.items()
        )
        lines.append(f"\n<sub>{sizes}</sub>")
    return "\n".join(lines)


def _branches(branches: Sequence[Branched], links: Links, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for branch in branches[:MOST_CALLS]:
        parts = []
        if branch.queries != "0":
            parts.append(f"{prose(branch.queries)} {'query' if branch.queries == '1' else 'queries'}")
        if branch.external_calls != "0":
            parts.append(f"{prose(branch.external_calls)} external")
        role = f" ({branch.role})" if branch.role not in ("call", "handler") else ""
        each = f" for each of {', of '.join(map(code, branch.loops))}" if branch.loops else ""
        cost = f": {' · '.join(parts)}" if parts else ""
        yield f"{indent}- {code(branch.name)}{role}{cost}{each} {links.place(branch.path, branch.line)}"
        if depth + 1 < DEEPEST:
            yield from _branches(branch.inside, links, depth + 1)
    if (more := len(branches) - MOST_CALLS) > 0:
        yield f"{indent}- and {more} more"


def scaled(found: Sequence[capacity.Capacity], factor: float, rps: object) -> str:
    """The tightest endpoints, and what to change for the load."""
    if not found:
        return "No endpoints were found."
    wanted = factor * rps if isinstance(rps, int | float) else 0.0
    rows = [
        [
            code(f"{entry.method} {entry.path}", cell=True),
            f"{estimates.number(entry.ceiling)}/s",
            entry.limits[0].resource,
            f"{entry.limits[1].resource} at {estimates.number(entry.limits[1].rps)}/s"
            if len(entry.limits) > 1
            else "",
        ]
        for entry in found[:MOST_ENDPOINTS]
    ]
    parts = [table(("endpoint", "at most", "saturates first", "next"), ("---", "--:", "---", "---"), rows)]
    if (more := len(found) - MOST_ENDPOINTS) > 0:
        parts.append(f"{plural(more, 'other endpoint takes', 'other endpoints take')} more.")
    tightest = found[0]
    parts.append(
        f"<sub>{code(f'{tightest.method} {tightest.path}')}: {prose(tightest.limits[0].formula)} = "
        f"{estimates.number(tightest.ceiling)} requests/s</sub>"
    )
    if not wanted:
        parts.append(
            "How much that is of today's load is not known: `rps` under `[tool.fastperf.context]` says it."
        )
        return "\n\n".join(parts)
    short = [entry for entry in found if entry.below(wanted)]
    load = f"{estimates.number(wanted)} requests/s"
    if not short:
        parts.append(f"Every endpoint by itself takes {load}.")
        return "\n\n".join(parts)
    changes = Counter(limit.change for entry in short for limit in entry.below(wanted))
    parts.append(f"**{len(short)} of {len(found)} endpoints cannot take {load}** with a fifth in reserve:")
    parts.append(
        "\n".join(
            f"{number}. {prose(change)} ({plural(count, 'endpoint')})"
            for number, (change, count) in enumerate(changes.most_common(8), start=1)
        )
    )
    return "\n\n".join(parts)


def audited(result: Result, links: Links) -> str:
    """How much there is of what, and the worst places."""
    findings = [each for each in result.findings if each.confidence != Confidence.POSSIBLE]
    counts = Counter(finding.severity for finding in findings)
    if not findings:
        silent = f"{plural(result.statistics.files, 'file')}: nothing to report."
        return "\n\n".join([silent, *_advised(result)])
    rows = [[BADGES[severity].lower(), str(counts[severity])] for severity in Severity if counts[severity]]
    parts = [
        f"### {plural(len(findings), 'finding')} in {plural(result.statistics.files, 'file')}",
        table(("", "findings"), ("---", "--:"), rows),
    ]
    worst = sorted(findings, key=_rank)
    parts.append("\n".join(f"- {_row(finding, links)}" for finding in worst[:MOST_FINDINGS]))
    if (more := len(worst) - MOST_FINDINGS) > 0:
        rules = Counter(finding.code for finding in worst[MOST_FINDINGS:])
        told = ", ".join(f"{name} {count}" for name, count in rules.most_common(12))
        parts.append(f"{more} more: {told}. `fastperf check` in a checkout lists all of them.")
    return "\n\n".join([*parts, *_advised(result)])


def _advised(result: Result) -> list[str]:
    """What the project lacks, said here and on its first pull request alone."""
    if not result.advice:
        return []
    rows = [f"- {prose(advice.message)} {prose(sentence(advice.instead))}" for advice in result.advice]
    return ["#### What the project lacks", "\n".join(rows)]


def _rank(finding: Finding) -> tuple[object, ...]:
    return -finding.severity.rank, not finding.gates, -len(finding.endpoints), finding.path, finding.line


def _row(finding: Finding, links: Links) -> str:
    place = links.place(finding.path, finding.line)
    return f"{BADGES[finding.severity].split()[0]} {place} {code(finding.code)} {prose(shorten(finding.message, 240))}"

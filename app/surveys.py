"""Questions about a whole project at a commit, answered as Markdown: `diagnose`, `scale` and `audit` in a comment."""

from __future__ import annotations

from typing import Final

import msgspec

from app.analysis import Analysis
from app.analysis.documents import is_python
from app.github.client import RepositoryClient
from app.project import Projects
from app.review import burndown, demand
from app.review.answers import Answer
from app.review.config import Config
from app.review.links import Links
from app.review.markdown import code
from app.surveytext import WHOLE, audited, diagnosed, scaled
from rules.engine.costs import capacity, load_plans
from rules.engine.linking import deployment

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
    ) -> Answer:
        """All that one request costs, and where."""
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        found = await self._analysis.diagnose(
            method, path, others=project.facts, documents=project.documents, options=config.options()
        )
        if not found:
            return Answer(f"There is no endpoint {code(f'{method} {path}')} at {code(commit[:7])}.")
        links = self._links(client, commit)
        short, whole = (
            "\n\n".join(texts)
            for texts in zip(
                *((diagnosed(each, links), diagnosed(each, links, WHOLE)) for each in found), strict=True
            )
        )
        return Answer(short, whole)

    async def scale(self, client: RepositoryClient, commit: str, config: Config, factor: float) -> Answer:
        """What saturates first at so many times the load."""
        options = msgspec.structs.replace(config.options(), select=("none",), occupancy=True)
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        result = await self._analysis.examine(
            {}, others=project.facts, documents=project.documents, options=options
        )
        site = capacity.sites(options, deployment.read(project.documents))
        ceilings = load_plans.loaded(
            capacity.capacities(result.endpoints, site), demand.loads(config, factor)
        )
        stay = capacity.websockets(result.endpoints, site)
        return Answer(
            scaled(ceilings, stay),
            scaled(ceilings, stay, WHOLE),
            ceilings=ceilings[: WHOLE.endpoints],
            wanted=factor * (config.context.rps or 0.0),
        )

    async def audit(
        self, client: RepositoryClient, commit: str, config: Config
    ) -> tuple[Answer, burndown.Point | None]:
        """What the whole project has, not only this change; and how much that is, if it was looked through."""
        project = await self._projects.at(client, commit, lambda each: not config.excludes(each))
        paths = [path for path in project.tree if is_python(path) and not config.excludes(path)]
        if len(paths) > MOST_AUDITED:
            return Answer(
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
        links = self._links(client, commit)
        return Answer(audited(result, links), audited(result, links, WHOLE)), now

    def _links(self, client: RepositoryClient, commit: str) -> Links:
        return Links(self._web_url, client.repository.full_name, commit, self._public_url)

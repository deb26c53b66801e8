"""A project that stays open: files are analysed as they are being written, in the context of all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import rules
from app import discovery
from app.review.config import Config
from rules import Analysis, ModuleFacts, SourceError, Succession
from rules.engine.finding import Endpoint, Finding, Options


class Session:
    """One project on disk. Not thread-safe: one caller at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._config = Config()
        self._options = Options()
        self._documents: Mapping[str, str] = {}
        self._facts: dict[str, ModuleFacts] = {}
        self._analyses: dict[str, Analysis] = {}
        self._sources: dict[str, bytes] = {}
        """What each analysed file held."""
        self._linked = Succession()
        """The project as the latest analysis saw it: each change costs what changed, not the project."""
        self._latest: Analysis | None = None

    def load(self) -> None:
        """Read the project as it is on disk. Raises DiscoveryError when the folder is gone."""
        self._config, project = discovery.configured([self.root], discovery.configuration(self.root))
        self._options = self._config.options()
        self._documents = project.texts()
        self._facts = dict(_facts(project.read()))
        self._analyses.clear()
        self._sources.clear()
        self._linked, self._latest = Succession(), None

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with the configuration, one line each; defaults hold for it."""
        return tuple(f"{error.path}:{error.line}: {error.message}" for error in self._config.errors)

    def analyse(self, path: str, source: bytes) -> tuple[Finding, ...]:
        """What the file says when it holds `source`. A file that cannot be read keeps the others' context as it was."""
        if self._config.excludes(path):
            return ()
        others = {other: facts for other, facts in self._facts.items() if other != path}
        try:
            analysis = rules.analyze(
                {path: source},
                others=others,
                documents=self._documents,
                options=self._options,
                advise=False,
                succession=self._linked,
            )
        except BaseException:  # what it was moving is neither here nor there
            self._linked, self._latest = Succession(), None
            raise
        if self._latest is not None:
            self._latest.passed(self._linked)
        self._latest = analysis
        if path in analysis.facts:
            self._facts[path] = analysis.facts[path]
        self._analyses[path], self._sources[path] = analysis, source
        return tuple(finding for finding in analysis.result.findings if finding.path == path)

    def proven(self, path: str, finding: Finding) -> Finding:
        """A finding of the last analysis of `path` with its fix, if one could be proven."""
        if path not in self._analyses:
            return finding
        if self._analyses[path] is not self._latest:  # its project moved on with another file
            self.analyse(path, self._sources[path])
        return self._analyses[path].prove(finding)

    def findings(self, path: str) -> tuple[Finding, ...]:
        """Those of the last analysis of `path`."""
        analysis = self._analyses.get(path)
        return tuple(each for each in analysis.result.findings if each.path == path) if analysis else ()

    def endpoints(self, path: str) -> tuple[Endpoint, ...]:
        """The endpoints whose handlers stand in `path`, as of its last analysis."""
        analysis = self._analyses.get(path)
        return tuple(each for each in analysis.result.endpoints if each.file == path) if analysis else ()

    def close(self, path: str) -> None:
        """The file is no longer being written: what is on disk counts again."""
        self._analyses.pop(path, None)
        self._sources.pop(path, None)
        place = self.root / path
        self._facts.pop(path, None)
        if place.is_file():
            self._facts.update(_facts({path: place.read_bytes()}))


def _facts(sources: Mapping[str, bytes]) -> Iterator[tuple[str, ModuleFacts]]:
    for path, source in sources.items():
        try:
            yield path, rules.extract(path, source)
        except SourceError:
            continue

"""A project's `[tool.fastperf]` in force.

It is read at the base commit of a pull request, which so cannot switch off its own gate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

import msgspec

from app.review import parts, paths, reading, releases
from app.review.reading import MAX_BYTES, ORGANISATION, PYPROJECT, ConfigError
from app.review.table import Mode, Table
from rules.engine.finding import Budget, Confidence, Finding, Linter, Options, Severity
from rules.engine.reading.paths import nearest

ATTRIBUTES = ".gitattributes"
MOST_PARTS = 200
"""Folders with a configuration of their own."""
REPOSITORY_WIDE = (
    "waive_by",
    "on_fault",
    "on_skip",
    "advisory_branches",
    "max_comments",
    "profile",
    "observed",
)
"""There is one check run, one review and one record: what decides about those stands in the repository's own file."""


class Config(Table, frozen=True, kw_only=True):
    """A configuration in force. `errors` are mistakes that fell back to defaults; `errors` never change a conclusion."""

    errors: tuple[ConfigError, ...] = ()
    generated: tuple[str, ...] = ()
    """Patterns of `.gitattributes` that mark files as generated or vendored."""
    linter: Linter = Linter()
    """What the project's ruff reports; nothing when `cede_to` is `never`."""
    source: str = ""
    """The file that holds the configuration; empty when there is none."""
    organisation: str = ""
    """The text of the organisation's file, which lies under the parts too."""
    folder: str = ""
    """Where the file lies; empty for the repository's own."""
    above: str = ""
    """Where we look from: a folder below the one that the configuration counts from."""
    parts: Mapping[str, Config] = {}
    """Folders (and single files) with a configuration of their own, which holds for the files in them."""

    @classmethod
    def parse(
        cls,
        documents: Mapping[str, str | None],
        org: str | None = None,
        *,
        codes: Collection[str] | None = None,
        left_out: Collection[str] = (),
    ) -> Self:
        """The configuration in `documents` (texts by name; missing ones none) over organisation defaults.

        `org` is the text of the organisation's file; without it, `documents["org:.github/fastperf.toml"]`.
        `codes` are the rules that exist, by default those of the registry, `left_out` keys that do not count here.
        Never raises.

        Documents in folders (`services/orders/pyproject.toml`) are `parts`.
        """
        org = documents.get(ORGANISATION) if org is None else org
        errors: list[ConfigError] = []
        values: dict[str, Any] = {}
        if org:
            reading.merge(values, reading.values(reading.Document.organisation(org, errors), errors, codes))
        own = reading.own_document(documents, errors)
        if own is not None:
            reading.merge(values, reading.values(own, errors, codes, left_out))
        attributes = (documents.get(ATTRIBUTES) or "").removeprefix("\ufeff")
        ceded = values.get("cede_to", "auto") != "never"
        config = cls(
            **reading.structs(values),
            errors=tuple(errors),
            generated=paths.generated_patterns(attributes[:MAX_BYTES]),
            linter=reading.linter(documents) if ceded else Linter(),
            source=own.path if own is not None and own.table else "",
            organisation=org or "",
        )
        return config.with_parts(documents, codes=codes)

    def with_parts(
        self, documents: Mapping[str, str | None], *, codes: Collection[str] | None = None
    ) -> Self:
        """With the configurations that stand in folders, as far as `documents` hold some."""
        found = [(folder, own) for folder, own in parts.documents(documents) if parts.decides(own)]
        if not found:
            return self
        made = {folder: self._part(folder, own, codes) for folder, own in found[:MOST_PARTS]}
        errors = [error for part in made.values() for error in part.errors]
        errors += [
            ConfigError(
                f"{folder}/{next(iter(own))}",
                1,
                f"More than {MOST_PARTS} folders have a configuration; not read.",
            )
            for folder, own in found[MOST_PARTS : MOST_PARTS + 1]
        ]
        return msgspec.structs.replace(self, parts=made, errors=(*self.errors, *errors))

    def _part(self, folder: str, own: Mapping[str, str], codes: Collection[str] | None) -> Config:
        """What holds in a folder: its own configuration instead of ours, its own ruff's word instead of ours."""
        linted = reading.linter(own) if parts.has_linter(own) else self.linter
        if not parts.has_table(own):
            return msgspec.structs.replace(
                self, linter=linted if self.cede_to != "never" else Linter(), errors=(), parts={}
            )
        part = Config.parse(own, self.organisation, codes=codes, left_out=REPOSITORY_WIDE)
        return msgspec.structs.replace(
            part,
            **{name: getattr(self, name) for name in REPOSITORY_WIDE},
            folder=folder,
            source=f"{folder}/{part.source or PYPROJECT}",
            linter=linted if part.cede_to != "never" else Linter(),
            errors=tuple(
                msgspec.structs.replace(error, path=f"{folder}/{error.path}")
                for error in part.errors
                if error.path != ORGANISATION
            ),
        )

    def inside(self, folder: str, own: Mapping[str, str]) -> Self:
        """The same for a project in a folder, whose paths count from there; `own` may say what its ruff reports."""
        up = "../" * (folder.count("/") + 1)
        return msgspec.structs.replace(
            self,
            above=folder,
            source=f"{up}{self.source}",
            errors=tuple(msgspec.structs.replace(error, path=f"{up}{error.path}") for error in self.errors),
            profile=self.profile and f"{up}{self.profile}",
            observed=self.observed and f"{up}{self.observed}",
            linter=reading.linter(own) if self.cede_to != "never" and parts.has_linter(own) else self.linter,
        )

    def at(self, path: str) -> Config:
        """What holds for a file: the configuration that is nearest above it."""
        return nearest(self.parts, path, self)

    def with_moved(self, moved: Mapping[str, str]) -> Self:
        """The same for a change that moves files (new path -> old): they keep what held where they were.

        Who moves a folder would else leave its configuration behind, and its gate with it.
        """
        kept: dict[str, Config] = {}
        for path, old in moved.items():
            if (before := self.at(old)) is not self.at(path):
                kept[path] = msgspec.structs.replace(before, parts={})
        return msgspec.structs.replace(self, parts={**self.parts, **kept}) if kept else self

    def options(self) -> Options:
        """What the analysis needs to know."""
        everywhere = (self, *self.parts.values())
        return Options(
            select=self.select,
            ignore=self.ignore,
            severity=self.severity,
            blocking=tuple(dict.fromkeys(name for each in everywhere for name in each.blocking)),
            nonblocking=tuple(dict.fromkeys(name for each in everywhere for name in each.nonblocking)),
            allow_inline_ignores=self.allow_inline_ignores,
            linter=self.linter,
            context=msgspec.to_builtins(self.context),
            budget=tuple(self._budgets()),
            parts={folder: part.options() for folder, part in self.parts.items()},
        )

    def _budgets(self) -> Iterator[Budget]:
        """With files as the project's paths are; from outside its folder they count from further out."""
        for table in self.budget:
            file = f"{self.folder}/{table.file}" if self.folder and table.file else table.file
            yield Budget(**msgspec.structs.asdict(table) | {"file": file, "above": self.above})

    def assuming(self, key: str, value: float) -> Self:
        """The same with another fact of `context`, wherever none is told."""
        context = self.context
        if getattr(context, key) is None:
            context = msgspec.structs.replace(context, **{key: value})
        return msgspec.structs.replace(
            self,
            context=context,
            parts={folder: part.assuming(key, value) for folder, part in self.parts.items()},
        )

    @property
    def evidence(self) -> tuple[str, ...]:
        """Paths of what was seen of the program while it ran."""
        return tuple(path for path in (self.profile, self.observed) if path)

    def options_with(self, texts: Mapping[str, str | bytes | None]) -> Options:
        """The options with the text of each piece of evidence; an empty one where there is no such file."""
        read = [(path, texts.get(path) or "") for path in self.evidence]
        return msgspec.structs.replace(
            self.options(),
            evidence=tuple(
                (path, text.decode(errors="replace") if isinstance(text, bytes) else text)
                for path, text in read
            ),
        )

    def mode_of(self, code: str, endpoint: str = "") -> Mode:
        """How a rule speaks: for `endpoint` (`GET /orders`) if a table fits, else by the longest prefix of its code.

        One that is newer than the rule set only observes, unless `mode` names it.
        """
        mode = self._mode_of(code, endpoint)
        if mode == "observe" or (isinstance(self.mode, dict) and code in self.mode):
            return mode
        return "observe" if releases.is_new(code, self.ruleset) else mode

    def _mode_of(self, code: str, endpoint: str) -> Mode:
        for table in reversed(self.endpoint):
            if endpoint and table.mode is not None and table.fits(endpoint):
                return table.mode
        if isinstance(self.mode, str):
            return self.mode
        for length in range(len(code), 1, -1):
            if code[:length] in self.mode:
                return self.mode[code[:length]]
        return self.mode.get("default", "gate")

    def mode_for(self, finding: Finding) -> Mode:
        """The mode of a finding. With several endpoints the strictest counts."""
        config = self.at(finding.path)
        endpoints = [str(endpoint) for endpoint in finding.endpoints]
        if finding.endpoint is not None:
            endpoints.append(str(finding.endpoint))
        modes = {config.mode_of(finding.code, endpoint) for endpoint in endpoints or [""]}
        return next(mode for mode in _STRICTEST_FIRST if mode in modes)

    def capped(self, finding: Finding) -> Finding:
        """The finding under `severity_cap`, which counts when it fits every endpoint that reaches the finding."""
        endpoints = {str(endpoint) for endpoint in finding.endpoints}
        if finding.endpoint is not None:
            endpoints.add(str(finding.endpoint))
        config = self.at(finding.path)
        caps = [config._cap(endpoint) for endpoint in endpoints]
        known = [cap for cap in caps if cap is not None]
        if not caps or len(known) < len(caps):
            return finding
        cap = max(known, key=lambda cap: cap.rank)
        if finding.in_itself <= cap:
            return finding
        return msgspec.structs.replace(finding, severity=min(finding.severity, cap), uncooled=cap)

    def told(self, key: Literal["p95_ms", "error_rate"], endpoint: str) -> float | None:
        """What is known of an endpoint, or else of all of them together."""
        own = self.told_of(key, endpoint)
        return own if own is not None else getattr(self.context, key)

    def told_of(self, key: Literal["rps", "p95_ms", "error_rate"], endpoint: str) -> float | None:
        """What an `[[endpoint]]` says of it, the last that fits and says it."""
        for table in reversed(self.endpoint):
            value: float | None = getattr(table, key)
            if value is not None and table.fits(endpoint):
                return value
        return None

    def _cap(self, endpoint: str) -> Severity | None:
        for table in reversed(self.endpoint):
            if table.severity_cap is not None and table.fits(endpoint):
                return table.severity_cap
        return None

    def gates(self, finding: Finding) -> bool:
        """Whether the finding is bad and sure enough to fail a check run, whatever the mode."""
        fail_on = self.at(finding.path).fail_on
        return (
            finding.gates
            and fail_on != "never"
            and finding.severity >= fail_on
            and finding.confidence != Confidence.POSSIBLE
        )

    def blocks(self, finding: Finding) -> bool:
        """Whether a new finding like this fails the check run."""
        return self.gates(finding) and self.mode_for(finding) == "gate"

    def excludes(self, path: str) -> bool:
        """Whether a file is left out: vendored, generated, or excluded by the project, or by the part that it is in."""
        patterns = (*paths.DEFAULT_EXCLUDE, *self.generated, *self._excluding(path))
        return paths.excluded(patterns, self._whole(path))

    def exclusion(self, path: str) -> str:
        """Why a file is left out, in words; empty when it is not."""
        if not self.excludes(path):
            return ""
        if paths.excluded(self._excluding(path), self._whole(path)):
            return "excluded by the configuration"
        if paths.excluded(self.generated, self._whole(path)):
            return "generated or vendored: .gitattributes says so"
        return "generated or vendored: its name says so"

    def _excluding(self, path: str) -> tuple[str, ...]:
        """Ours, then those of the file's part, which count from its folder."""
        part = self.at(path)
        if part is self or not part.folder:
            return self.exclude
        folder = self._whole(part.folder)
        return (*self.exclude, *(paths.below(folder, pattern) for pattern in part.exclude))

    def _whole(self, path: str) -> str:
        return f"{self.above}/{path}" if self.above else path

    def select_paths(self, candidates: Iterable[str]) -> tuple[str, ...]:
        """Those of `candidates` that are not left out, in their order."""
        return tuple(path for path in candidates if not self.excludes(path))

    @property
    def advises_reverts(self) -> bool:
        """Whoever may write can give a branch the name of a revert: where waiving takes more, that is not enough."""
        return self.waive_by == "write"

    def is_advisory(self, base_ref: str) -> bool:
        """Whether pull requests into this branch only get advice."""
        return any(fnmatchcase(base_ref, pattern) for pattern in self.advisory_branches)


_STRICTEST_FIRST: tuple[Mode, ...] = ("gate", "advise", "observe")

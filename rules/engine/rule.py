"""What a rule is: a card of prose, facts and examples, and one `check`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from rules.engine.finding import Confidence, Effort, Hop, Impact, Safety, Severity

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module
    from rules.engine.project import Project


class Invalid(Struct, frozen=True):
    """An example that the rule reports, with what its fix makes of it."""

    code: str
    fixed: str | None = None
    path: str = ""
    """The document that the example is (`Dockerfile`); empty for a module."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """What else of the project the example needs: documents, or modules beside it."""


class Valid(Struct, frozen=True):
    """An example that looks similar and is right."""

    code: str
    path: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)


class Fix(Struct, frozen=True):
    """How to rewrite the matched node.

    `rewrite` takes the same node as libcst and returns the new one (several statements in the place of
    one as `FlattenSentinel`); returning the node it was given declines. `imports` are the modules
    (`asyncio`) or names (`fastapi.concurrency.run_in_threadpool`) that the new code uses: it writes them in
    full, and the engine puts the name that the file has, or gets, for them. `definitions` are module-level
    statements (`_tasks: set[asyncio.Task[Any]] = set()`) that the new code relies on.
    The engine finds the node again, makes whole-line edits of it and proves them; a fix that
    cannot be proven is dropped. `rules.engine.fixing.rewrites` has the rewrites that many rules need.
    """

    rewrite: Callable[[Any], cst.CSTNode]
    imports: tuple[str, ...] = ()
    safety: Safety = Safety.UNSAFE
    target: ast.AST | None = None
    """The node to rewrite when it is not the matched one (the whole function, say)."""
    also: tuple[ast.AST, ...] = ()
    """Further nodes of the same statement or method that get the same rewrite: one finding, one fix."""
    definitions: tuple[str, ...] = ()


class Match(Struct, frozen=True):
    """What a rule yields. The engine adds path, line, code, endpoint, suppression and fingerprint."""

    node: ast.AST
    message: str
    severity: Severity | None = None
    confidence: Confidence = Confidence.CERTAIN
    when_new: Confidence | None = None
    """The confidence when a change brings the finding, where that is higher: what is free now and dear later."""
    fix: Fix | None = None
    call_path: tuple[Hop, ...] = ()
    """From the matched call to the leaf, when it is longer than one hop."""
    related: tuple[Hop, ...] = ()
    """Models, dependencies or settings elsewhere that cause the finding."""
    cause: str = ""
    swallows: tuple[tuple[str, int], ...] = ()
    """(code, line) of findings in the same file that this one says better."""
    cedes: tuple[tuple[str, int], ...] = ()
    """(code, line) of findings in the same file that say this one better, where they are made."""
    siblings: tuple[int, ...] = ()
    """Further lines of the same file that the message speaks of: a change that adds one makes the finding worse."""
    leaves: tuple[str, ...] = ()
    """Qualified names of what its line and the siblings call in the end."""
    mended_at: int = 0
    """The line of the same file where it is mended, when that is not the node's: a change of both hears of it there."""
    impact: Impact | None = None
    instead: str = ""
    """Overrides the card's `instead` when the library at hand has its own answer."""
    sketch: str = ""
    """What the change looks like in the code at hand, as lines of a diff."""

    def weighing(self, severity: Severity | None, message: str = "") -> Match:
        """The same match with another severity, and with another message where one is given."""
        return replace(self, severity=severity, message=message or self.message)

    def doubted(self) -> Match:
        """The same match as a hint where it has long been so: a change that brings it has it marked on its line."""
        if self.confidence is Confidence.POSSIBLE:
            return self
        return replace(self, confidence=Confidence.POSSIBLE, when_new=self.when_new or self.confidence)


class ProjectMatch(Struct, frozen=True):
    """What a project rule yields: a place in any file, most often a document.

    `text` is what identifies the finding across pushes; without it the line does.
    """

    path: str
    line: int
    message: str
    severity: Severity | None = None
    confidence: Confidence = Confidence.CERTAIN
    impact: Impact | None = None
    instead: str = ""
    related: tuple[Hop, ...] = ()
    text: str = ""


class Rule:
    """One pattern we look for. Sub-classes keep no state; the class is named after the pattern.

    The docstring's first line says what and what it costs; `## Instead`, `## Trade-offs`,
    `## Monitor` and `## When to ignore it` follow. The name on the outside (`blocking-sleep`) is made of the
    class name.
    """

    code: ClassVar[str]
    severity: ClassVar[Severity]
    since: ClassVar[str] = "0.1"
    """The release that brought it: for that one it only observes, and longer where a project pins an older rule set."""
    gates: ClassVar[bool] = False
    effort: ClassVar[Effort] = Effort.MINUTES
    per_request: ClassVar[bool] = False
    """It matters by how often it runs: where no request is seen to reach the code, it is a hint for the summary."""
    said_at_writing: ClassVar[bool] = False
    """Mending it costs a word while the code is written: a change that brings it is told wherever the code runs."""
    comments_when_new: ClassVar[bool] = False
    """What is a hint where it has long been so gets a comment, and blocks, when a change brings it: else it is noted on its line."""
    said_from: ClassVar[Severity] = Severity.MEDIUM
    """What is less severe is told on its line only when a change brings it, and is a hint for the summary where it has long been
    so: of what this rule says of such places, readers who judged blind found too little worth a line
    (`docs/explanation/how-it-decides.md`). Above the rule's own severity, all of it is."""
    stops_loop: ClassVar[bool] = False
    """It matters because other requests wait meanwhile: where none is seen to get, it is worth less."""
    paid_by_misses: ClassVar[bool] = False
    """It costs as often as it runs: behind a cache that keeps the answers, only those who find none there pay."""
    about_own_line: ClassVar[bool] = False
    """What is wrong is the line itself (a loop, an endpoint), whatever it reaches: a change of both hears of it there."""
    about_siblings: ClassVar[bool] = False
    """The match is the header of a function, and what is wrong in it are the lines of `Match.siblings`, the worst first."""
    watch: ClassVar[str]
    """The production metric that shows the problem."""
    invalid: ClassVar[tuple[Invalid, ...]] = ()
    valid: ClassVar[tuple[Valid, ...]] = ()
    impact: ClassVar[Impact] = Impact()
    guards: ClassVar[tuple[str, ...]] = ()
    """Names in the code whose removal brings a finding about (`timeout`): a change that deleted one hears of it there."""
    imports: ClassVar[frozenset[str]] = frozenset()
    """Packages of which the project must import one for the pattern to occur (`redis`): without, the rule does not run."""
    aliases: ClassVar[Mapping[str, str]] = {}
    """Code -> name of patterns that are this rule under another name: they select and explain it."""

    def concerns(self, callee: Callee) -> bool:
        """Whether calls of `callee` may match, asked once per callee: no others arrive at `check`.

        A sieve, never the proof: what it lets through `check` looks at as if it had not been asked.
        """
        return True

    def members(self, module: Module) -> Collection[str] | None:
        """Of a rule about `ast.Attribute`, the names of members of which a reading in this file may match; None for all.

        A sieve, as `concerns`.
        """
        return None

    def check(self, node: Any, module: Module) -> Iterator[Match]:
        """Yield matches at `node`. The annotation of `node` in the sub-class says which nodes arrive."""
        raise NotImplementedError


class ProjectRule(Rule):
    """A rule about a document or the project as a whole: it looks once per analysis, not once per node.

    It may have a `check` for nodes besides. With `advice` its findings are *project advice*: what a project lacks
    rather than what a line does wrong. Advice travels in `Result.advice`, never among the findings: it is said once per
    repository, in the summary of the first review and in an audit, never on a line, and nothing counts it.
    """

    advice: ClassVar[bool] = False

    def check_project(self, project: Project) -> Iterator[ProjectMatch]:
        """Yield matches anywhere in the project."""
        raise NotImplementedError


# Re-exported for rules, which import from here only.
__all__ = [
    "Confidence",
    "Effort",
    "Fix",
    "Hop",
    "Impact",
    "Invalid",
    "Match",
    "ProjectMatch",
    "ProjectRule",
    "Rule",
    "Safety",
    "Severity",
    "Valid",
]

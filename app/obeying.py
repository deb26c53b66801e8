"""Commands of people, one after the other: who may, what it changes, what is answered.

Every handler may run twice, so each change is one that twice is as once.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog

from app.applying import Fixes
from app.github.client import RepositoryClient
from app.github.comments import Permission, Reaction
from app.github.errors import Forbidden, Invalid, NotFound
from app.github.models import PullState
from app.reportlinks import ReportLinks
from app.review import answers, burndown, commands, marker
from app.review.answered import NO_ROOM, Answered
from app.review.answers import Answer
from app.review.commands import PREFIX, Command
from app.review.config import Config
from app.review.markdown import LIMIT, Section, fit, size
from app.review.markdown import code as as_code
from app.review.reconcile import RULE
from app.review.record import Record
from app.review.wishes import Waiver
from app.store import Store
from app.surveys import Surveys
from app.work import CommandJob, ReviewJob

log = structlog.get_logger(__name__)

MAY_COMMAND: Final = frozenset({"admin", "maintain", "write"})
MAINTAINERS: Final = frozenset({"admin", "maintain"})
RESCAN: Final = "rescan"
APPLY: Final = Command("apply")
"""A button only: what is committed is what its check run showed."""
BUTTON_REASON: Final = "ignored by the button of the check run"
MOST_AN_HOUR: Final = 30
"""Commands on one pull request; more get a reaction and nothing else."""
HOUR: Final = 3600.0
EARLIER_AUDITS: Final = 12
"""So many are compared with."""
LONGEST: Final = LIMIT - 200
"""Of all answers to one comment, which a marker follows."""
ON_PAGE: Final = "This answer is on the page alone: the others left it no room."


@dataclass
class Said:
    """What became of the commands of one comment."""

    answers: list[Answer] = field(default_factory=list)
    review: bool = False
    confused: bool = False

    def say(self, text: str) -> None:
        self.answers.append(Answer(text))

    def once(self) -> list[Answer]:
        """What was asked twice is answered once."""
        return [each for position, each in enumerate(self.answers) if each not in self.answers[:position]]

    def refuse(self, text: str) -> None:
        self.say(text)
        self.confused = True


class Order:
    """Commands on one pull request, in the name of who gave them."""

    def __init__(
        self,
        job: CommandJob,
        client: RepositoryClient,
        store: Store,
        surveys: Surveys | None,
        public_url: str,
        fixes: Fixes | None = None,
        links: ReportLinks | None = None,
    ) -> None:
        self.job = job
        self._surveys = surveys
        self._fixes = fixes
        self._links = links
        self._client = client
        self._store = store
        self._public_url = public_url
        self._state: PullState | None = None
        self._permission: Permission = "none"

    async def obey(self, blocking: tuple[str, ...]) -> ReviewJob | None:
        """Acknowledge by a reaction, answer once, or wish for a review. A stranger gets a thumb down.

        `blocking` are the findings that a button of the check run would ignore.
        """
        wanted = (APPLY,) if self.job.button == APPLY.name else commands.parse(self.job.body)
        if not wanted:
            return None
        self._permission = await self._client.comments.permission(self.job.author)
        names = {command.name for command in wanted}
        trusted = self._permission in MAY_COMMAND
        if not trusted and not (self.job.author == self.job.pull_author and names == {RESCAN}):
            log.info("command_refused", permission=self._permission)
            await self._react("-1")
            return None
        if await self._are_too_many():
            await self._react("confused")
            return None
        said = Said()
        for command in wanted:
            await self._one(command, said, blocking)
        await self._react("confused" if said.confused else "eyes")
        if said.answers:
            await self._answer(await self._told(said.once(), wanted))
        if not said.review:
            return None
        return ReviewJob(
            repository=self.job.repository, number=self.job.number, trigger=self.job.trigger, force=True
        )

    async def fail(self) -> None:
        """Every attempt broke off, for a reason of ours. Strangers were told nothing before and are not now."""
        if await self._client.comments.permission(self.job.author) not in MAY_COMMAND:
            return
        await self._react("confused")
        await self._answer(f"{as_code(self.job.body[:60])} failed for a fault of fastperf's own.")

    async def _answer(self, body: str) -> None:
        mark = f"<!-- fastperf:answer {self.job.trigger} -->"
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
        try:
            await self._client.comments.create(self.job.number, f"{body}\n{mark}", marker=mark, since=since)
        except (Forbidden, Invalid) as error:  # locked, or full: the order is carried out
            log.warning("answer_refused", error=type(error).__name__)

    async def _told(self, given: Sequence[Answer], wanted: Sequence[Command]) -> str:
        """The comment that answers. What it has no room for is on a page, if there are pages."""
        whole = any(answer.is_cut for answer in given)
        texts = [answer.short for answer in given]
        if not whole and sum(map(size, texts)) + 2 * len(texts) <= LONGEST:
            return "\n\n".join(texts)
        if not (url := await self._keep(given, wanted)):
            return fit([Section((each.whole or each.short, each.short, NO_ROOM)) for each in given], LONGEST)
        end = f"[The whole answer]({url}) is on a page of its own."
        return f"{fit([Section((text, ON_PAGE)) for text in texts], LONGEST - size(end) - 2)}\n\n{end}"

    async def _keep(self, given: Sequence[Answer], wanted: Sequence[Command]) -> str:
        """Keep what was answered beside the report of the head; the address of its page, if pages have one."""
        if self._links is None:
            return ""
        job, head_sha = self.job, (await self._read()).head_sha
        report_id = self._links.id(job.repository.id, job.number, head_sha)
        url = self._links.url(report_id, f"/answers/{job.trigger}")
        if url:
            asked = [each.text for each in wanted]
            kept = Answered.of(given, asked, job.repository.full_name, job.number, head_sha)
            await self._store.keep_answer(job.repository, report_id, job.trigger, kept.encode())
        return url

    async def _one(self, command: Command, said: Said, blocking: tuple[str, ...]) -> None:
        if command.name == "ignore" and self.job.head_sha:  # the button has no room for a reason
            command = Command("ignore", ("", "", BUTTON_REASON), command.line)
        if command.problem:
            said.refuse(command.problem)
            return
        match command.name:
            case "rescan":
                said.review = True
            case "help":
                said.say(answers.HELP)
            case "explain":
                wanted = command.arguments[0] or await self._rule_of_thread()
                if not wanted:
                    said.refuse(f"It is written `{PREFIX} {commands.USAGE['explain']}`.")
                    return
                url = f"{self._public_url}/rules/{wanted}" if self._public_url else ""
                said.say(answers.explain(wanted, url))
            case "config":
                said.answers.append(answers.configuration(await self._whole_config()))
            case "ignore":
                await self._ignore(command, said, blocking)
            case "unignore":
                await self._unignore(command, said)
            case "pause":
                await self._store.pause(self.job.repository, self.job.number, self.job.author)
                await self._record("pause", "", f"pause:{command.line}")
                said.review = True
            case "resume":
                await self._store.resume(self.job.repository, self.job.number)
                await self._record("resume", "", f"resume:{command.line}")
                said.review = True
            case "apply" if self._fixes is not None:
                if refusal := await self._fixes.apply(self._client, self.job):
                    said.say(refusal)
            case "diagnose" | "scale" | "audit" if self._surveys is not None:
                said.answers.append(await self._survey(command, self._surveys))
            case _:
                said.refuse(answers.unavailable(command))

    async def _survey(self, command: Command, surveys: Surveys) -> Answer:
        """About the project as it is with this pull request."""
        config, head = await self._whole_config(), (await self._read()).head_sha
        match command.name:
            case "diagnose":
                method, path = command.arguments
                return await surveys.diagnose(self._client, head, config, method, path)
            case "scale":
                (factor,) = command.arguments
                return await surveys.scale(self._client, head, config, float(factor))
            case _:
                return await self._audit(await surveys.audit(self._client, head, config))

    async def _audit(self, found: tuple[Answer, burndown.Point | None]) -> Answer:
        """With what earlier audits of the repository counted: a burn-down."""
        answer, now = found
        if now is None:
            return answer
        entries = await self._store.recorded(
            limit=EARLIER_AUDITS, repository=self.job.repository.full_name, action="audit"
        )
        earlier = [point for entry in entries if (point := burndown.of_note(entry.detail, entry.at))]
        await self._record("audit", burndown.noted(now))
        points = [*reversed([point for point in earlier if point.commit != now.commit]), now]
        if len(points) == 1:
            return answer
        lines = burndown.as_markdown(points)
        return Answer(f"{answer.short}\n\n{lines}", f"{answer.whole or answer.short}\n\n{lines}")

    async def _ignore(self, command: Command, said: Said, blocking: tuple[str, ...]) -> None:
        code, path, reason = command.arguments
        if code and not answers.is_rule(code):
            said.refuse(answers.explain(code, ""))
            return
        config = await self._config()
        if (refusal := self._may_not_waive(config)) is not None:
            said.refuse(refusal)
            return
        tokens = await self._tokens(blocking) if not code else ()
        if not code and not tokens:
            said.refuse(
                f"Which findings? It is written `{PREFIX} {commands.USAGE['ignore']}`, or as a reply in the thread of a finding."
            )
            return
        now = time.time()
        given = [("", "", token) for token in tokens] or [(code, path, "")]
        waivers = [
            Waiver(code=code, path=path, token=token, reason=reason, author=self.job.author, at=now)
            for code, path, token in given
        ]
        if code and await self._concern_nothing(waivers):
            where = f" at {as_code(path)}" if path else ""
            said.say(f"Noted, but this pull request has no new {code}{where} to ignore by now.")
        await self._store.waive(self.job.repository, self.job.number, waivers)
        await self._record("ignore", f"{code} {path} {' '.join(tokens)} {reason}", f"ignore:{command.line}")
        said.review = True

    async def _concern_nothing(self, waivers: Sequence[Waiver]) -> bool:
        """Whether none of what the last review of the head found is meant, as when a code or path has a slip."""
        if self._links is None:
            return False
        job, wishes = self.job, await self._store.wishes(self.job.repository, self.job.number)
        if {each.code for each in waivers} & {each.code for each in wishes.waivers}:
            return False  # what was ignored before is not among what was found
        head_sha = (await self._read()).head_sha
        data = await self._store.report(self._links.id(job.repository.id, job.number, head_sha))
        if data is None:
            return False
        try:
            new = Record.decode(data).new
        except msgspec.MsgspecError:  # of another version
            return False
        return not any(waiver.covers(finding) for waiver in waivers for finding in new)

    async def _unignore(self, command: Command, said: Said) -> None:
        code, path = command.arguments
        tokens = await self._tokens(()) if not code else ()
        if code or tokens:
            taken = await self._store.unwaive(
                self.job.repository, self.job.number, code=code, path=path, tokens=tokens
            )
            await self._record("unignore", f"{code} {path} {' '.join(tokens)}", f"unignore:{command.line}")
            said.review = taken > 0
            if taken:
                return
        said.refuse("Nothing like that is ignored on this pull request.")

    def _may_not_waive(self, config: Config) -> str | None:
        """Why this person may not ignore findings here, if so."""
        if config.waive_by == "maintain" and self._permission not in MAINTAINERS:
            return 'Only maintainers may ignore findings here (`waive_by = "maintain"`).'
        if config.waive_by == "not_author" and self.job.author == (self._author or self.job.pull_author):
            return (
                'The author of a pull request may not ignore its findings here (`waive_by = "not_author"`).'
            )
        return None

    @property
    def _author(self) -> str:
        return self._state.author if self._state is not None else ""

    async def _tokens(self, blocking: tuple[str, ...]) -> tuple[str, ...]:
        """The findings that a reply in a thread, or a button, means."""
        if self.job.head_sha:
            return tuple(marker.token(fingerprint) for fingerprint in blocking)
        mark = marker.read(await self._thread())
        return mark.fingerprints if mark is not None else ()

    async def _rule_of_thread(self) -> str:
        found = RULE.search(await self._thread())
        return found[1] if found else ""

    async def _thread(self) -> str:
        """What began the thread in which it was said, if we did."""
        if self.job.thread_id is None:
            return ""
        state = await self._read()
        return next((each.body for each in state.threads if each.comment_id == self.job.thread_id), "")

    async def _config(self) -> Config:
        return Config.parse((await self._read()).documents)

    async def _whole_config(self) -> Config:
        """With what stands in folders of the base branch."""
        config, state = await self._config(), await self._read()
        if self._surveys is None:
            return config
        return await self._surveys.configured(self._client, state.base_sha, config)

    async def _read(self) -> PullState:
        if self._state is None:
            self._state = await self._client.pulls.state(self.job.number)
        return self._state

    async def _are_too_many(self) -> bool:
        await self._record("command", self.job.body[:200], suffix="command")
        recent = await self._store.recorded(
            limit=MOST_AN_HOUR * 4, repository=self.job.repository.full_name, number=self.job.number
        )
        since = time.time() - HOUR
        return sum(entry.action == "command" and entry.at > since for entry in recent) > MOST_AN_HOUR

    async def _record(self, action: str, detail: str, suffix: str = "") -> None:
        """A line of the record; two of one action in one comment need a `suffix` each, or the second is lost."""
        job = self.job
        entry_id = f"{job.repository.id}#{job.number}:{job.trigger}:{suffix or action}"
        await self._store.record(
            entry_id[:255], job.repository, job.number, job.author, action, " ".join(detail.split())
        )

    async def _react(self, content: Reaction) -> None:
        if self.job.comment_id is None:
            return
        try:
            await self._client.comments.react(
                self.job.comment_id, content, in_review=self.job.thread_id is not None
            )
        except NotFound:
            log.info("comment_gone")
        except Forbidden as error:
            log.warning("reaction_refused", needs=error.accepted)

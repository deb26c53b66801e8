"""How a project is served: what Dockerfiles, Procfiles, compose, Kubernetes and server settings say.

Everything is read line by line and keeps its place, so that a finding can be said there. What is not plainly
written (a variable, a template) is unknown, and an unknown is never a default.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from rules.engine.reading.regexes import regex
from rules.engine.reading.spelling import names_bound

_SERVERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "granian", "fastapi", "daphne"})
_APPLICATION = regex(r"^[\w.$\{\}/-]+:[\w.$\{\}]+(?:\(\))?$|^\$\{?\w*(?:APP|MODULE)\w*\}?$")
_DEVELOPMENT = regex(
    r"(?:^|[^a-z])(?:dev|devel|develop|developers?|development|devcontainer|local|override|test|tests|testing|ci|debug|e2e|examples?|"
    r"samples?|demo|docs?|playground|auxiliary|benchmarks?|mocks?|loadtests?|evals?|hot|hot-?reload|watch)(?:[^a-z]|$)"
)
_PRODUCTION = regex(
    r"(?:^|[^a-z])(?:prod|production|prd|live|swarm|stack|k8s|kubernetes|helm|charts?|deploy)(?:[^a-z]|$)"
)
_TRIAL = regex(r"(?:^|[^a-z])(?:staging|stage|preview|preprod|uat|qa|sandbox)(?:[^a-z]|$)")
"""Stages of an image that stand before the one which is deployed."""
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "then", "do", "else", "fi"})
_KEYS = regex(
    r"^(?P<indent>\s*)(?:-\s+)?(?P<key>command|args|entrypoint|startCommand|cmd|replicas|scale):\s*(?P<value>.*?)\s*$"
)
_TOKEN = regex(r"\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)'|([^\s\"']+)")
_BRANCH = regex(
    r"[ \t]*(?:(?P<end>fi)\b|(?P<else>else|elif)\b|if\b)(?:[^\n=!]*[^\n=!]={1,2}[ \t]*[\"']?(?P<value>\w+))?"
)
"""`if [ "$MODE" = "debug" ]; then` in a shell script, and what ends that branch."""
_POOLER = regex(r"(?i)pgbouncer|pgcat|pooler\.|supavisor|rds.?proxy")
_SWITCHED_OFF = regex(
    r"(?mi)^[ \t]*(pgbouncer|pgcat):[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+enabled:[ \t]*false\b"
)
"""A part of a Helm chart that is there for who wants it, in the chart's own values."""
_REMARK = regex(r"(?m)^[ \t]*#[^\n]*$")
_ENVIRONMENT = regex(
    r"(?:^|[\s\"'])(?P<name>WEB_CONCURRENCY|UVICORN_\w+|GUNICORN_CMD_ARGS|FORWARDED_ALLOW_IPS)[\"']?\s*[:=]\s*[\"']?"
    r"(?P<value>[^\s\"',]+)"
)


class Word(Struct, frozen=True):
    """A word of a command, with its place."""

    text: str
    line: int


class Setting(Struct, frozen=True):
    """A value that some file sets. `value` is None when it is set to something that cannot be read."""

    path: str
    line: int
    name: str
    value: str | None

    @property
    def number(self) -> int | None:
        """None for one that is beyond all use, too."""
        return int(self.value) if self.value is not None and re.fullmatch(r"\d{1,9}", self.value) else None


class Command(Struct, frozen=True):
    """A command line that starts an ASGI server.

    `production` is True for what is deployed, False for what is plainly for development or tests, None when the
    file may be either (`docker-compose.yml`). `kind` is the sort of file it stands in.
    """

    path: str
    kind: str
    server: str
    words: tuple[Word, ...]
    production: bool | None
    service: str = ""
    folder: str = ""
    """Where it is run, as far as the line says: `cd backend && uvicorn main:app`."""

    @property
    def line(self) -> int:
        return self.words[0].line

    def has(self, *flags: str) -> Word | None:
        """The word that is one of the flags (`--reload`, `--reload=…`)."""
        for word in self.words:
            if word.text.partition("=")[0] in flags:
                return word
        return None

    def option(self, *flags: str) -> Word | None:
        """What is given to one of the flags: `--workers 4`, `--workers=4`, `-w4`."""
        for position, word in enumerate(self.words):
            name, equals, value = word.text.partition("=")
            if name in flags:
                if equals:
                    return Word(value, word.line)
                return self.words[position + 1] if position + 1 < len(self.words) else None
            short = word.text[:2]
            if short in flags and len(short) == 2 and short != "--" and word.text != short and not equals:
                return Word(word.text[2:], word.line)
        return None

    @property
    def is_template(self) -> bool:
        """Whether something else writes parts of it, so that a missing flag proves nothing."""
        return any("{{" in word.text or word.text in ("$@", "${@}", "$*") for word in self.words)

    @property
    def runs(self) -> str:
        """The command as a reader knows it, shortened: `uvicorn app.main:app`."""
        return f"{self.server} {self.application}".strip()

    @property
    def application(self) -> str:
        """What is served: `app.main:app`."""
        return next((word.text for word in self.words if _APPLICATION.match(word.text)), "")


_OTHER_FRAMEWORK = regex(r"(?:^|\.)wsgi:")
"""Django and Flask keep their application there; FastAPI has no such thing."""


class Proxy(Struct, frozen=True):
    """A proxy that keeps connections to the server open for so many seconds."""

    path: str
    line: int
    kind: str
    seconds: int


class Deployment(Struct, frozen=True):
    """All that the documents say. Tuples are in the order of paths and lines."""

    commands: tuple[Command, ...] = ()
    gunicorn: Mapping[str, Setting] = field(default_factory=dict)
    """The module-level settings of `gunicorn.conf.py`, by name."""
    environment: tuple[Setting, ...] = ()
    replicas: tuple[Setting, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    images: tuple[Setting, ...] = ()
    """Base images: `python:3.13-slim`."""
    programs: tuple[Setting, ...] = ()
    """Python files or modules that production starts itself: `main.py`, `shop.main`."""
    serverless: bool = False
    pooler: bool = False
    """PgBouncer, pgcat or a hosted pooler is named somewhere."""
    databases: frozenset[str] = frozenset()
    """The database servers that are started beside it, by their images: `mysql`; others are told apart only."""

    @property
    def production(self) -> tuple[Command, ...]:
        return tuple(command for command in self.commands if command.production)

    def workers(self, command: Command) -> Setting | None:
        """The number of processes `command` starts; None when nothing says so, then it is one."""
        if command.is_template:
            return Setting(command.path, command.line, "template", None)
        given = command.option("--workers", "-w") if command.server != "daphne" else None
        if given is not None:
            return Setting(command.path, given.line, "--workers", _plain(given.text))
        if command.server == "gunicorn":
            if "workers" in self.gunicorn:
                return self.gunicorn["workers"]
            if _named(self.environment, "GUNICORN_CMD_ARGS") is not None:
                return Setting(command.path, command.line, "GUNICORN_CMD_ARGS", None)
        if command.server in ("uvicorn", "gunicorn", "fastapi"):
            found = _named(self.environment, "WEB_CONCURRENCY") or _named(self.environment, "UVICORN_WORKERS")
            if found is not None:
                return found
        return None

    def several_processes(self) -> Setting | None:
        """The place that proves that more than one process serves the application in production."""
        for command in self.commands:
            if command.production is False or _OTHER_FRAMEWORK.search(command.application):
                continue
            workers = self.workers(command)
            if workers is not None and (workers.number or 0) > 1:
                return workers
        for setting in self.replicas:
            if (setting.number or 0) > 1:
                return setting
        return None


def read(documents: Mapping[str, str]) -> Deployment:
    """The deployment that a project's documents describe."""
    commands: list[Command] = []
    gunicorn: dict[str, Setting] = {}
    environment: list[Setting] = []
    replicas: list[Setting] = []
    proxies: list[Proxy] = []
    images: list[Setting] = []
    programs: list[Setting] = []
    databases: set[str] = set()
    serverless = pooler = False
    switched_off = {
        found[1].lower()
        for path, text in documents.items()
        if kind_of(path) == "kubernetes"
        for found in _SWITCHED_OFF.finditer(text)
    }
    for path in sorted(documents):
        text, kind = documents[path], kind_of(path)
        if not kind:
            continue
        pooler = pooler or any(
            found[0].lower() not in switched_off or not _is_of_chart(path)
            for found in _POOLER.finditer(_REMARK.sub("", text))
        )
        if kind == "serverless":
            serverless = True
        elif kind == "gunicorn":
            for setting in _gunicorn(path, text):
                gunicorn.setdefault(setting.name, setting)
        elif kind == "proxy":
            proxies.extend(_proxies(path, text))
        else:
            commands.extend(_commands(path, kind, text))
            if _is_production(path, kind):
                programs.extend(_programs(path, kind, text))
            if _is_production(path, kind) is not False:
                environment.extend(_environment(path, text))
            if kind in ("compose", "kubernetes", "fly"):
                replicas.extend(_replicas(path, kind, text))
            if kind in ("compose", "kubernetes"):
                databases.update(_databases(text))
            if kind == "kubernetes":
                proxies.extend(_balancers(path, text))
            if kind == "dockerfile":
                images.extend(_images(path, text))
    commands = _started_by_images(commands, documents)
    return Deployment(
        tuple(commands),
        gunicorn,
        tuple(environment),
        tuple(replicas),
        tuple(proxies),
        tuple(images),
        tuple(programs),
        serverless,
        pooler,
        frozenset(databases),
    )


def kind_of(path: str) -> str:
    """What a document is: dockerfile, procfile, compose, kubernetes, fly, script, gunicorn, proxy, platform, …"""
    folder, _, name = path.rpartition("/")
    lower = name.lower()
    if re.fullmatch(r"(.+\.)?dockerfile([.\-_].+)?|containerfile", lower):
        return "dockerfile"
    if lower.startswith("procfile"):
        return "procfile"
    if re.fullmatch(r"(docker-)?compose([-.].+)?\.ya?ml", lower):
        return "compose"
    if re.fullmatch(r"fly(\..+)?\.toml", lower):
        return "fly"
    if re.fullmatch(r"gunicorn.*\.py", lower):
        return "gunicorn"
    if lower.endswith(".sh"):
        return "script"
    if lower == "caddyfile" or re.fullmatch(
        r"(.*[-_.])?nginx.*\.conf(\.template)?|default\.conf(\.template)?", lower
    ):
        return "proxy"
    if re.fullmatch(
        r"supervisord?.*\.conf|.+\.service|render\.ya?ml|railway\.(toml|json)|nixpacks\.toml", lower
    ):
        return "platform"
    if re.fullmatch(
        r"serverless\.ya?ml|vercel\.json|zappa_settings\.json|template\.ya?ml|samconfig\.toml", lower
    ):
        return "serverless"
    if lower.endswith((".yaml", ".yml")) and _in_cluster(folder, lower):
        return "kubernetes"
    return ""


def _is_of_chart(path: str) -> bool:
    return "templates/" in path or path.rpartition("/")[2].startswith("values")


def _in_cluster(folder: str, name: str) -> bool:
    parts = {part.lower() for part in folder.split("/")}
    return bool(
        parts
        & {"k8s", "kubernetes", "manifests", "helm", "charts", "chart", "kustomize", "deploy", "deployment"}
    ) or name.startswith(("deployment", "k8s"))


def _is_production(path: str, kind: str) -> bool | None:
    lower = path.lower()
    if _DEVELOPMENT.search(lower):
        return False
    if kind in ("dockerfile", "procfile", "fly", "kubernetes", "platform") or _PRODUCTION.search(lower):
        return True
    return None


# Commands


def _commands(path: str, kind: str, text: str) -> Iterator[Command]:
    production = _is_production(path, kind)
    lines = list(_command_lines(kind, text))
    for words, stage in lines:
        for server, part in _servers(words):
            meant = False if _is_set_aside(stage, kind, lines) else production
            yield Command(path, kind, server, part, meant, stage, _folder(words, part))


def _is_set_aside(stage: str, kind: str, lines: Sequence[tuple[list[Word], str]]) -> bool:
    """Whether a stage is for developers, or for trying out beside one of the same image that is deployed."""
    name = stage.lower()
    if _DEVELOPMENT.search(name):
        return True
    return (
        kind == "dockerfile"
        and _TRIAL.search(name) is not None
        and any(
            not _DEVELOPMENT.search(other.lower())
            and not _TRIAL.search(other.lower())
            and (_PRODUCTION.search(other.lower()) or any(_servers(words)))
            for words, other in lines
        )
    )


def _folder(words: Sequence[Word], part: Sequence[Word]) -> str:
    """What a line changes to before it starts the server."""
    before = [word.text for word in words[: next(at for at, word in enumerate(words) if word is part[0])]]
    at = len(before) - 1 - before[::-1].index("cd") if "cd" in before[:-1] else -1
    named = before[at + 1].strip("./;") if at >= 0 else ""
    return named if re.fullmatch(r"[\w./-]+", named) else ""


def _script(text: str) -> Iterator[tuple[list[Word], str]]:
    """The commands of a shell script. The stage of those that it runs in a developer's mode only is the name of that mode."""
    modes: list[str] = []
    for number, line in _logical(text):
        branch = _BRANCH.match(line)
        if branch is not None and not line.rstrip().endswith("; fi"):
            if branch["end"] or branch["else"]:
                del modes[-1:]
            if not branch["end"]:
                modes.append((branch["value"] or "").lower())
        yield _shell(line, number), next(filter(_DEVELOPMENT.search, modes), "")


def _command_lines(kind: str, text: str) -> Iterator[tuple[list[Word], str]]:
    """Every command of a file, with the stage, process or service that it belongs to."""
    if kind == "dockerfile":
        yield from _dockerfile(text)
    elif kind in ("compose", "kubernetes") or text.lstrip().startswith(("services:", "apiVersion:")):
        yield from _yaml(text)
    elif kind == "procfile":
        for number, line in enumerate(text.splitlines(), 1):
            name, colon, command = line.partition(":")
            if colon and not line.lstrip().startswith("#"):
                yield _shell(command, number), name.strip()
    elif kind == "script":
        yield from _script(text)
    else:
        pattern = re.compile(r"^\s*[\"']?([\w-]+)[\"']?\s*[=:]\s*(.+)$")
        for number, line in _logical(text):
            match = pattern.match(line)
            if match is not None and not line.lstrip().startswith(("#", ";")):
                yield _shell(match[2].strip().strip(",").strip("\"'"), number), match[1]


def _programs(path: str, kind: str, text: str) -> Iterator[Setting]:
    lines = list(_command_lines(kind, text))
    for words, stage in lines:
        if _is_set_aside(stage, kind, lines):
            continue
        for position, word in enumerate(words[:-1]):
            if not re.fullmatch(r"python[\d.]*", word.text.rpartition("/")[2]):
                continue
            rest = [
                other.text for other in words[position + 1 :] if not re.fullmatch(r"-[uOBsIE]+", other.text)
            ]
            started = rest[1] if rest[0] == "-m" and len(rest) > 1 else rest[0]
            if started not in _SERVERS and re.fullmatch(r"[\w./]+", started):
                yield Setting(path, word.line, "python", started)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations; each physical line end stays, so that words keep their places."""
    gathered, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not gathered:
            first = number
        elif line.lstrip().startswith("#"):
            gathered += "\n"
            continue
        if line.rstrip().endswith("\\"):
            gathered += line.rstrip()[:-1] + "\n"
            continue
        yield first, gathered + line
        gathered = ""
    if gathered:
        yield first, gathered


def _dockerfile(text: str) -> Iterator[tuple[list[Word], str]]:
    """The command of each stage: its last ENTRYPOINT and CMD."""
    stage = ""
    entry: list[Word] = []
    command: list[Word] = []
    is_exec = False
    for number, line in _logical(text):
        match = re.match(r"\s*(FROM|ENTRYPOINT|CMD)\s+(.*)", line, re.IGNORECASE | re.DOTALL)
        if match is None:
            continue
        instruction, rest = match[1].upper(), match[2]
        first = number + line[: match.start(2)].count("\n")
        if instruction == "FROM":
            if entry or command:
                yield [*entry, *command], stage
            named = re.search(r"\bAS\s+(\S+)", rest, re.IGNORECASE)
            stage, entry, command, is_exec = (named[1] if named else ""), [], [], False
        elif instruction == "ENTRYPOINT":
            entry, is_exec = _shell(rest, first), rest.lstrip().startswith("[")
            command = [] if not is_exec else command
        elif not entry or is_exec:
            command = _shell(rest, first)
    if entry or command:
        yield [*entry, *command], stage


def _yaml(text: str) -> Iterator[tuple[list[Word], str]]:
    """`command`, `args`, `entrypoint` and the like; those of one container are one command."""
    lines = text.splitlines()
    pending: dict[int, list[Word]] = {}
    for position, line in enumerate(lines):
        match = _KEYS.match(line)
        if match is None or match["key"] in ("replicas", "scale") or line.lstrip().startswith("#"):
            continue
        words = list(_yaml_value(lines, position, match["value"], len(match["indent"])))
        indent = len(line) - len(line.lstrip(" -"))
        if match["key"] == "args" and pending.get(indent):
            yield [*pending.pop(indent), *words], _service(lines, position, indent)
            continue
        ahead = "\n".join(lines[position + 1 : position + 40])
        if match["key"] in ("command", "entrypoint") and re.search(
            rf"^ {{{indent}}}args:", ahead, re.MULTILINE
        ):
            pending[indent] = words
            continue
        yield words, _service(lines, position, indent)


def _yaml_value(lines: Sequence[str], position: int, value: str, indent: int) -> Iterator[Word]:
    inline = re.sub(r"^[>|][+-]?\d*$", "", value.partition(" #")[0].strip())
    if inline:
        yield from _shell(inline, position + 1)
    for number in range(position + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        deep = len(line) - len(line.lstrip())
        is_item = line.lstrip().startswith("- ")
        if (
            deep < indent
            or (deep == indent and not is_item)
            or _KEYS.match(line)
            or (inline and deep <= indent)
        ):
            return
        if inline and not inline.startswith("[") and not inline.endswith(("\\", "&&")):
            return
        content = line.strip()
        if content.startswith("#"):
            continue
        if is_item:
            content = content[2:].strip()
            if re.match(r"^[\w-]+:\s", content):
                return  # the next container
        elif re.match(r"^[\w-]+:(\s|$)", content):
            return
        yield from _shell(content.rstrip("\\"), number + 1)


def _service(lines: Sequence[str], position: int, indent: int) -> str:
    """The key that the command hangs under: the compose service."""
    for number in range(position - 1, -1, -1):
        line = lines[number]
        deep = len(line) - len(line.lstrip())
        if line.strip() and deep < indent and not line.lstrip().startswith("#"):
            return line.strip().rstrip(":").removeprefix("- ").strip()
    return ""


def _shell(text: str, line: int) -> list[Word]:
    """The words of a command, in shell or JSON form; what is handed to `sh -c` is taken apart."""
    words: list[Word] = []
    json = text.lstrip().startswith("[")
    for match in _TOKEN.finditer(text):
        at = line + text.count("\n", 0, match.start())
        content = next(group for group in match.groups() if group is not None)
        if json and match[3] is not None:
            content = content.strip("[],")
            if not content:
                continue
        if match[3] is None and " " in content.strip() and words and re.fullmatch(r"-\w*c", words[-1].text):
            words.extend(Word(word.text, word.line + at - 1) for word in _shell(content, 1))
        elif match[3] is not None and content.startswith("#"):
            break
        else:
            words.append(Word(content, at))
    return words


def _servers(words: Sequence[Word]) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """The parts of a command line that start a server."""
    start = 0
    for end in range(len(words) + 1):
        if end < len(words) and words[end].text not in _SEPARATORS and not words[end].text.endswith(";"):
            continue
        found = _server(words[start : end + 1 if end < len(words) and words[end].text.endswith(";") else end])
        if found is not None:
            yield found
        start = end + 1


def _server(words: Sequence[Word]) -> tuple[str, tuple[Word, ...]] | None:
    for position, word in enumerate(words):
        name = word.text.rpartition("/")[2]
        if name not in _SERVERS or (position and words[position - 1].text in ("install", "add", "which")):
            continue
        rest = words[position + 1 :]
        if name == "fastapi":
            if not rest or rest[0].text not in ("run", "dev"):
                continue
        elif not any(_APPLICATION.match(other.text) for other in rest) and not (
            name == "gunicorn" and any(other.text in ("-c", "--config") for other in rest)
        ):
            continue
        return name, tuple(words[position:])
    return None


def _started_by_images(commands: Sequence[Command], documents: Mapping[str, str]) -> list[Command]:
    """A script that a production image runs is production."""
    started = [
        text
        for path, text in documents.items()
        if kind_of(path) == "dockerfile" and _is_production(path, "dockerfile")
    ]
    found = []
    for command in commands:
        name = command.path.rpartition("/")[2]
        if (
            command.kind == "script"
            and command.production is None
            and any(
                re.search(rf"^\s*(?:CMD|ENTRYPOINT)\b.*{re.escape(name)}", text, re.MULTILINE)
                and not _copies_another(command.path, text, documents)
                for text in started
            )
        ):
            command = Command(
                command.path,
                command.kind,
                command.server,
                command.words,
                True,
                command.service,
                command.folder,
            )
        found.append(command)
    return found


def _copies_another(path: str, text: str, documents: Mapping[str, str]) -> bool:
    """`COPY deploy/run.sh ./`: the image's `run.sh` is that one, not the `run.sh` beside the Dockerfile."""
    name = path.rpartition("/")[2]
    copied = {
        source.removeprefix("./").lstrip("/")
        for source in re.findall(rf"(?:^|\s)([\w./-]*/{re.escape(name)})(?=\s+\S)", _copies(text))
    }
    return bool(copied) and not any(path == each or path.endswith(f"/{each}") for each in copied)


def _copies(text: str) -> str:
    """What follows `COPY` and `ADD`, line by line."""
    return "\n".join(re.findall(r"^\s*(?:COPY|ADD)\b(.*)$", text, re.MULTILINE))


# Settings


def _gunicorn(path: str, text: str) -> Iterator[Setting]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for statement in tree.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        if value is None:
            continue
        known = str(value.value) if isinstance(value, ast.Constant) else None
        for name in sorted(names_bound(statement)):
            yield Setting(path, statement.lineno, name, known)


def _environment(path: str, text: str) -> Iterator[Setting]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for match in _ENVIRONMENT.finditer(line):
            yield Setting(path, number, match["name"], _plain(match["value"]))


def _plain(text: str) -> str | None:
    return None if re.search(r"[$`{(]", text) else text


def _named(settings: Sequence[Setting], name: str) -> Setting | None:
    return next((setting for setting in settings if setting.name == name), None)


_SERVICE = regex(r"^([ \t]+)([\w.-]+):\s*$")
_BESIDE = regex(
    r"worker|celery|beat|scheduler|consumer|queue|cron|job|frontend|client|nginx|traefik|proxy|redis|postgres|mongo|mysql|db$"
    r"|database|rabbit|kafka|minio|elastic|qdrant|ollama",
    re.IGNORECASE,
)
"""Services beside the one that answers requests, by their names."""


def _replicas(path: str, kind: str, text: str) -> Iterator[Setting]:
    key = r"min_machines_running\s*=" if kind == "fly" else r"(?:replicas|minReplicas|scale):"
    pattern = re.compile(rf"^\s*{key}\s*(\S+)")
    if kind == "compose" and _is_production(path, kind) is False:
        return
    lines = text.splitlines()
    service = indent = ""
    for number, line in enumerate(lines, 1):
        named = _SERVICE.match(line) if kind == "compose" else None
        if named is not None and (not indent or named[1] == indent):
            indent, service = named[1], named[2]
        match = pattern.match(line)
        if match is not None and not _BESIDE.search(service) and (kind != "kubernetes" or _serves_http(text)):
            yield Setting(path, number, "replicas", _plain(match[1]))


def _serves_http(text: str) -> bool:
    """Whether a manifest runs one of the servers we know: `replicas` of anything else says nothing."""
    return re.search(r"\b(?:uvicorn|gunicorn|fastapi|hypercorn|granian)\b", text) is not None


def _images(path: str, text: str) -> Iterator[Setting]:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*FROM\s+(?:--\S+\s+)*(\S+)", line, re.IGNORECASE)
        if match is not None:
            yield Setting(path, number, "FROM", match[1])


_DATABASE = re.compile(r"mysql|mariadb|percona|postg|pgvector|timescale|cockroach|oracle|mssql|yugabyte")


def _databases(text: str) -> Iterator[str]:
    """`image: mysql:8.0`, also from a registry and with a prefix or an extension in its name (`timescale/timescaledb`)."""
    for match in re.finditer(r"^[ \t-]*image:[ \t]*[\"']?(\S+)", text, re.MULTILINE):
        name = match[1].lower()
        found = _DATABASE.search(name)
        if found is not None and "exporter" not in name and "admin" not in name:
            yield "mysql" if found[0] in ("mysql", "mariadb", "percona") else found[0]


def _proxies(path: str, text: str) -> Iterator[Proxy]:
    """nginx keeps idle connections to an upstream for 60 s once `keepalive` is on; Caddy for what it is told."""
    if path.lower().endswith("caddyfile"):
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r"\s*keepalive\s+(\d{1,9})(s|m)\b", line)
            if match is not None:
                yield Proxy(path, number, "Caddy", int(match[1]) * (60 if match[2] == "m" else 1))
        return
    for block in re.finditer(r"^\s*upstream\s+\S+\s*\{(.*?)\}", text, re.MULTILINE | re.DOTALL):
        body = re.sub(r"#.*", lambda comment: " " * len(comment[0]), block[1])
        kept = re.search(r"^[ \t]*keepalive\s+\d+\s*;", body, re.MULTILINE)
        if kept is None:
            continue
        told = re.search(r"^[ \t]*keepalive_timeout\s+(\d{1,9})(s|m)?\s*;", body, re.MULTILINE)
        at = text.count("\n", 0, block.start(1) + (told or kept).start()) + 1
        yield Proxy(path, at, "nginx", int(told[1]) * (60 if told[2] == "m" else 1) if told else 60)


def _balancers(path: str, text: str) -> Iterator[Proxy]:
    for number, line in enumerate(text.splitlines(), 1):
        match = re.search(r"idle_timeout\.timeout_seconds=(\d{1,9})", line)
        if match is not None:
            yield Proxy(path, number, "the load balancer", int(match[1]))

"""Threats 11 to 15, 19 and 30: what strangers' files may do to whoever reads them."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import app
import rules
from app.analysis import Analysis, Request, pool
from app.review.config import Config
from rules import Options
from rules.engine import registry
from rules.engine.reading.regexes import Uncompiled
from tests.app.analysis.archives import packed
from tests.app.analysis.hostile_sources import HOSTILE
from tests.app.service import FILES, SLOW, Service
from tests.test_rules_contract import with_prelude

SLEEPS = b"import time\n\n\nasync def report():\n    time.sleep(1)\n"
ANSWERS = (
    b"import time\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get('/report')\n"
    + SLEEPS[13:]
)
"""As `SLEEPS`, in an endpoint."""

# 11: nothing of a repository is executed

GUARD = """
import os, sys
_here, _mode = sys.argv[1], {mode!r}
_armed = False
_writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_never = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.fork", "os.system", "os.remove", "os.rename",
          "os.mkdir", "os.symlink", "os.link", "os.chmod", "os.truncate", "shutil.", "ctypes.", "pickle.", "code.", "cpython.run")

def _watch(event, arguments):
    if not _armed:
        return
    bad = event.startswith(_never)
    if event == "exec":
        name = getattr(arguments[0], "co_filename", "?")
        ours = ("<frozen", sys.prefix, sys.base_prefix, sys.exec_prefix, _here, *sys.path[1:])
        maker = sys._getframe(1).f_code.co_filename  # named tuples and data classes are made of generated text
        bad = not (name if name != "<string>" else maker).startswith(ours)
        bad = bad or (name == "<string>" and not maker.endswith(("collections/__init__.py", "dataclasses.py")))
    elif event == "import":
        bad = arguments[0].split(".")[0] in ("shop", "evil", "conftest", "setup", "sitecustomize")
    elif event == "open":
        path, mode, flags = arguments
        bad = bool((isinstance(flags, int) and flags & _writing) or (isinstance(mode, str) and set(mode) & set("wax+")))
        bad = bad or "shop" in str(path).rsplit("/", 2)[-2:]
    elif event == "compile":
        bad = _mode == "no parsing"
    if bad:
        os._exit(77)

sys.addaudithook(_watch)
"""
ARM = """
import app.analysis.worker as _worker
_receive = _worker.Connection.receive
def _armed_receive(self):
    global _armed
    task = _receive(self)
    _armed = True
    return task
_worker.Connection.receive = _armed_receive
"""
CANARY = Path("/tmp/fastperf-was-executed")
EVIL = f"""\
open({str(CANARY)!r}, "w").write("executed")
import os, socket, subprocess
os.system("touch {CANARY}")
subprocess.run(["touch", {str(CANARY)!r}])
"""
REPOSITORY: dict[str, bytes] = {
    "shop/__init__.py": EVIL.encode(),
    "shop/api.py": (EVIL + SLEEPS.decode() + f"X: __import__('os').system('touch {CANARY}')\n").encode(),
    "conftest.py": EVIL.encode(),
    "setup.py": EVIL.encode(),
    "sitecustomize.py": EVIL.encode(),
    "msgspec.py": EVIL.encode(),
    "libcst/__init__.py": EVIL.encode(),
    "sqlglot/__init__.py": EVIL.encode(),
    "rules/__init__.py": EVIL.encode(),
    "rules/event_loop/evil.py": EVIL.encode(),
    "app/__init__.py": EVIL.encode(),
}
DOCUMENTS = {
    "pyproject.toml": "[project]\nname = 'shop'\n[tool.fastperf]\nplugins = ['evil']\nextends = './evil.py'\n"
    "[tool.ruff]\nextend = 'evil.toml'\n[build-system]\nbuild-backend = 'setup'\nbackend-path = ['.']\n",
    "requirements.txt": "-e .\n--index-url https://evil.example/\nfastapi\n",
    "Dockerfile": 'FROM x\nCMD ["uvicorn", "shop.api:app"]\n',
}


@pytest.mark.parametrize("mode", ["guarded", "no parsing"])
async def test_11_a_worker_executes_imports_writes_and_connects_nothing(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit hook in the worker ends it at once. That the hook sees is shown by forbidding it to parse."""
    boot = pool.BOOT.replace("main(int", ARM + "main(int")
    monkeypatch.setattr(pool, "BOOT", GUARD.format(mode=mode) + boot)
    request = Request(before={}, after=REPOSITORY, documents_after=DOCUMENTS)

    async with Analysis(1) as analysis:
        if mode == "guarded":
            comparison = await analysis.compare(request)
            unpacked = await analysis.unpack(packed(REPOSITORY | {"pyproject.toml": b"[tool]\n"}))
            assert set(unpacked.facts) == set(REPOSITORY)
        else:
            some = {path: REPOSITORY[path] for path in ("shop/api.py", "setup.py")}  # each ends processes
            facts, skipped = await analysis.extract(some)
            assert not facts
            assert {skip.path for skip in skipped} == set(some)
            return

    assert comparison.after.skipped == ()
    assert any(found.path == "shop/api.py" and found.fix for found in comparison.after.findings)
    assert not await asyncio.to_thread(CANARY.exists)


def _parse(text: str) -> Config:
    return Config.parse({".github/fastperf.toml": text})


def test_11_no_key_of_the_configuration_names_code() -> None:
    text = "\n".join(
        f'{key} = ["evil"]' for key in ("plugins", "extends", "rules", "import", "command", "exec")
    )

    config = _parse(text)

    assert len(config.errors) == 6
    assert config.options() == Config().options()


# 12: files that are made to break a parser


async def test_12_bombs_neither_stop_nor_spoil_what_others_wait_for() -> None:
    names = (
        "parentheses-3000",
        "sum-50000",
        "elif-10000",
        "lambda-20000",
        "case-class-60",
        "f-strings-nested",
    )
    bombs = {f"{name}.py": HOSTILE[name] for name in names}
    async with Analysis(2, file_deadline=1.0, deadline=20.0) as analysis:
        attacked = asyncio.create_task(
            analysis.compare(Request(before={}, after={**bombs, "good.py": SLEEPS}))
        )
        for _ in range(5):
            other = await asyncio.wait_for(analysis.compare(Request(before={}, after={"b.py": SLEEPS})), 15)
            assert [found.path for found in other.after.findings] == ["b.py"]
        comparison = await asyncio.wait_for(attacked, 60)

    assert any(found.path == "good.py" for found in comparison.after.findings)
    assert {skip.path for skip in comparison.after.skipped} <= set(bombs)
    assert all(skip.reason for skip in comparison.after.skipped)


async def test_12_the_check_completes_and_names_what_was_skipped(service: Service) -> None:
    repo = service.shop()
    bombs = {
        "shop/deep.py": "x = " + "(" * 3000 + "1" + ")" * 3000 + "\n",
        "shop/large.py": f"# {'x' * 40_000}\n" * 40,
    }

    half = {
        "shop/half.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
        '@router.get("/half/\\ud800")\nasync def half() -> str:\n    return "\\ud800"\n'
    }

    pull = await service.reviewed(repo, "bombs", SLOW | bombs | half)

    run = service.run(repo, pull)
    assert (run.status, run.conclusion) == ("completed", "failure")
    assert [comment.path for comment in service.github.review_comments(repo, pull.number)] == ["shop/main.py"]
    for path in bombs:
        assert path in run.output["summary"]


# 13: time that grows faster than the text

UNITS = (
    " ", "\t", "a", "_", "(", "[", "{", "`", "*", "<", ">", "/", "\\", ".", "-", "#", "@", "0", '"', "'", "\n", "a.",
    "a ", " a", "a,", "SELECT ", "select a from b ", "<!-- ", "fastperf:", "%s", "{x}", "# noqa ", "a=", "\r\n", "é",
    "/fastperf ", "- ", "a-", "1,", "x(", "ORDER BY ", "LIMIT ", "import ", "ignore[", "#fastperf:ignore[", ".mount(", "FP101,", "https://",
)  # fmt: skip


def _patterns() -> Iterator[tuple[str, re.Pattern[str], frozenset[str]]]:
    """Every compiled expression that our modules keep, and what is done with it: `match`, `search`, `sub` …"""
    modules = [
        importlib.import_module(info.name)
        for package in (rules, app)
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not info.name.endswith("__main__")
    ]
    used: dict[tuple[str, str], set[str]] = {}
    for module in modules:
        text = Path(module.__file__ or "").read_text()
        for name, method in re.findall(r"\b([A-Z_][A-Z0-9_]+)\.(\w+)\(", text):
            owner = module.__name__ if name.startswith("_") else ""  # others may use it too
            used.setdefault((owner, name), set()).add(method)
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern | Uncompiled) and isinstance(value.pattern, str):
                owner = module.__name__ if name.startswith("_") else ""
                yield f"{module.__name__}.{name}", value, frozenset(used.get((owner, name), {"search"}))


def test_13_no_expression_backtracks() -> None:
    """A quadratic search of this length takes seconds; a linear one is not noticed."""
    seen: set[str] = set()
    slow: list[tuple[str, str, float]] = []
    for name, pattern, methods in _patterns():
        if pattern.pattern in seen:
            continue
        seen.add(pattern.pattern)
        for unit in UNITS:
            text = unit * (12_000 // len(unit)) + "!"
            took = _timed(pattern, methods, text)
            if took > 0.1 and (took := min(took, _timed(pattern, methods, text))) > 0.1:
                slow.append((name, unit, round(took, 2)))

    assert len(seen) > 30
    assert slow == []


def _timed(pattern: re.Pattern[str], methods: frozenset[str], text: str) -> float:
    began = time.process_time()
    if methods & {"search", "finditer", "findall", "sub", "subn", "split"}:
        pattern.findall(text)
    pattern.match(text)
    if "fullmatch" in methods:
        pattern.fullmatch(text)
    return time.process_time() - began


def _many(examples: Sequence[str], times: int) -> str:
    """The examples so many times, each with names of its own, as a long file has."""
    before = dict.fromkeys(line for each in examples for line in with_prelude(each)[0].splitlines())
    copies = (
        _renamed(_dedented(each), f"{number}_{turn}")
        for turn in range(times)
        for number, each in enumerate(examples)
    )
    return "\n".join(before) + "\n\n\n" + "\n\n\n".join(copies) + "\n"


def _renamed(example: str, mark: str) -> str:
    bound = re.findall(r"^(?:async def|def|class) (\w+)|^(\w+)(?:: [^=\n]+)? = ", example, re.MULTILINE)
    for name in {defined or assigned for defined, assigned in bound} - {"app", "router"}:
        example = re.sub(rf"\b{name}\b", f"{name}_{mark}", example)
    return example


@pytest.mark.parametrize("family", sorted({rule.__module__.split(".")[1] for rule in registry.rules()}))
def test_13_no_rule_is_quadratic_in_the_length_of_a_file(family: str) -> None:
    """Four times the text takes at most 2.5² times as long, for all rules of a family on what they look for."""
    chosen = [rule for rule in registry.rules() if rule.__module__.split(".")[1] == family]
    examples = [invalid.code for rule in chosen for invalid in rule.invalid if not invalid.path]
    options = Options(select=tuple(rule.code for rule in chosen))

    def once(times: int) -> tuple[float, int]:
        text = _many(examples, times).encode()
        began = time.process_time()
        result = rules.analyze({"app/__init__.py": b"", "app/main.py": text}, options=options).result
        return time.process_time() - began, len({found.code for found in (*result.findings, *result.advice)})

    _, found = once(1)
    assert found > len(chosen) / 2, "the text is not what the rules look for"
    ratios = []
    for _ in range(3):
        ratios.append(once(16)[0] / once(4)[0])
        if ratios[-1] < 2.5**2:
            return
    pytest.fail(f"{family}: {ratios}")


def _dedented(code: str) -> str:
    return textwrap.dedent(code).strip("\n")


# 14: the pull request's own configuration

GATE_OFF = 'fail_on = "never"\nignore = ["FP"]\nexclude = ["**"]\nmode = "observe"\n'
IGNORED = {
    "shop/main.py": SLOW["shop/main.py"].replace(
        "status_of(number)}", "status_of(number)}  # fastperf: ignore[FP103,FP104] it is fine"
    )
}


async def test_14_a_fork_s_configuration_opens_no_gate(service: Service) -> None:
    repo = service.shop()
    fork = service.github.fork(repo, "maria")
    files = SLOW | {
        ".github/fastperf.toml": GATE_OFF,
        "fastperf.toml": GATE_OFF,
        ".gitattributes": "*.py linguist-generated\n",
        "pyproject.toml": FILES["pyproject.toml"] + "[tool.fastperf]\n" + GATE_OFF,
        "ruff.toml": '[lint]\nselect = ["ASYNC"]\n',  # whose lines are left to it where it is in force
        "shop/report.py": ANSWERS,
        "shop/.gitattributes": "*.py linguist-generated\n",
        "shop/fastperf.toml": GATE_OFF,
        "shop/pyproject.toml": "[tool.fastperf]\n" + GATE_OFF,
    }
    fork.git.commit("slow", files, parent=fork.git.ref("main"))

    pull = await service.github.open_pr(repo, fork, branch="slow", author="maria")
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"
    assert not service.github.may_merge(repo, pull.number)
    said = {comment.path for comment in service.github.review_comments(repo, pull.number)}
    assert said == {"shop/main.py", "shop/report.py"}


async def test_14_ignores_that_a_change_adds_are_listed_and_can_be_made_not_to_count(
    service: Service,
) -> None:
    repo = service.shop()
    pull = await service.reviewed(repo, "ignored", IGNORED)
    summary = service.run(repo, pull).output["summary"]
    assert "it is fine" in summary
    assert "shop/main.py" in summary

    await service.github.push_base(repo, {".github/fastperf.toml": "allow_inline_ignores = false\n"})
    await service.github.push(repo, pull.number, {"README.md": "A shop that sells.\n"})
    await service.idle()

    assert service.run(repo, pull).conclusion == "failure"


# 15: TOML that is made to cost something


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"k{number} = 1" for number in range(100_000)),
        "a = " + "[" * 200_000,
        "a" + ".a" * 30_000 + " = 1",
        "max_comments = " + "9" * 60_000,
        "[context]\nrows = "
        + "9" * 40
        + "\nrps = inf\np95_ms = nan\ndb_round_trip_ms = 1e308\nhttp_latency_ms = 1e-320\n",
        "[[budget]]\nmatch = '/'\nqueries = " + "9" * 40 + "\n",
        'ſelect = ["FP101"]\n"sеlect" = ["FP1"]\n',
        "&a = 1\n*a = 2\n<<: *a\n",
        "exclude = ['" + "*" * 5_000 + "']\n",
        "exclude = ['" + "**/" * 3_000 + "x']\n",
        "fail_on = 'critical'\nfail_on = 'never'\n",
        "\ufeff\x00\ud800",
    ],
    ids=[
        "many keys",
        "depth",
        "dotted",
        "number",
        "beyond use",
        "budget",
        "look-alikes",
        "anchors",
        "stars",
        "globs",
        "twice",
        "odd",
    ],
)
def test_15_a_hostile_configuration_costs_little_and_leaves_the_defaults(text: str) -> None:
    began = time.process_time()
    config = _parse(text)
    for path in ("a/" * 200 + "b.py", "x" * 4_000):
        config.select_paths([path])

    assert time.process_time() - began < 2.0
    assert config.fail_on == Config().fail_on
    assert (config.select, config.ignore) == (Config().select, Config().ignore)
    assert config.options() == Config().options()


async def test_15_a_configuration_beyond_its_size_is_not_read_and_the_gate_stays(service: Service) -> None:
    repo = service.shop()
    large = "# " + "x" * 70_000 + "\n" + GATE_OFF
    await service.github.push_base(repo, {".github/fastperf.toml": large})

    pull = await service.reviewed(repo, "slow", SLOW)

    assert service.run(repo, pull).conclusion == "failure"


# 19: replacements that read otherwise than they run

BIDI = "\u202e"
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    "extra",
    [f'    level = "user{BIDI} \u2066# admin\u2069 \u2066"\n', "    \u2067x = 1\n"],
    ids=["trojan string", "isolate"],
)
async def test_19_a_file_with_direction_changing_characters_gets_no_suggestion(
    service: Service, extra: str
) -> None:
    repo = service.shop()
    code = (
        "import asyncio\nimport time\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get('/report')\n"
        f"async def report() -> None:\n    await asyncio.sleep(0)\n{extra}    time.sleep(1)\n"
    )

    pull = await service.reviewed(repo, "slow", {"shop/report.py": code})

    said = "\n".join(comment.body for comment in service.github.review_comments(repo, pull.number))
    texts = said + str(service.run(repo, pull).output)
    assert "```suggestion" not in said
    assert ("time.sleep" in said) == ("level" in extra), "the other file does not parse"
    assert not _TURNING.search(texts)


def test_19_our_own_files_hold_no_such_characters() -> None:
    ours = [Path(__file__).parents[2] / name for name in ("app", "rules", "examples")]
    odd = [path for folder in ours for path in folder.rglob("*.py") if _TURNING.search(path.read_text())]

    assert odd == []


# 30: files that are not what they seem


async def test_30_links_submodules_pointers_and_encodings_are_read_for_what_they_are(
    service: Service,
) -> None:
    repo = service.shop()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"
    pull = await service.reviewed(
        repo,
        "odd",
        {
            "shop/link.py": ("120000", "/etc/passwd"),
            "shop/main_link.py": ("120000", "../../../outside.py"),
            "shop/vendored.py": ("160000", "a" * 40),
            "shop/large.py": pointer,
            "shop/latin.py": "# coding: latin-1\n# é\n".encode("latin-1") + ANSWERS,
            "shop/bytes.py": ANSWERS + b'x = "\xff\xfe"\n',
            "shop/crlf.py": ANSWERS.replace(b"\n", b"\r\n"),
            "shop/bom.py": b"\xef\xbb\xbf" + ANSWERS,
            "shop/cookie.py": b"# coding: rot13\n" + ANSWERS,
        },
    )

    run = service.run(repo, pull)
    assert run.status == "completed"
    said = {comment.path for comment in service.github.review_comments(repo, pull.number)}
    assert {"shop/crlf.py", "shop/bom.py", "shop/latin.py"} <= said
    assert said.isdisjoint({"shop/link.py", "shop/main_link.py", "shop/vendored.py", "shop/large.py"})
    assert "root:" not in run.output["summary"]
    service.github.assert_clean()

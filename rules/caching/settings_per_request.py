from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.engine.costs import kept_estimates
from rules.engine.kept_answers import once_for_node
from rules.engine.linking.values import Sort
from rules.engine.reading.loop_shapes import spelled
from rules.engine.reading.origins import assigned, origins
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS
from rules.engine.reading.spelling import last_name
from rules.engine.reading.walking import walk
from rules.engine.rule import Confidence, Effort, Fix, Hop, Invalid, Match, Rule, Safety, Severity, Valid
from rules.engine.service.creation import made_again
from rules.engine.service.first_time import is_first_time
from rules.engine.service.remembering import is_remembered
from rules.engine.service.traffic import is_seldom

if TYPE_CHECKING:
    import libcst as cst

    from rules.engine.costs.summaries import Leaf, Summary
    from rules.engine.linking.callees import Callee
    from rules.engine.module import Module

_SETTINGS = ("pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic_settings.main.BaseSettings")
_READERS = frozenset(
    {"dotenv.load_dotenv", "dotenv.dotenv_values", "dotenv.main.load_dotenv", "dotenv.main.dotenv_values"}
)
_FILES = regex(r"\b(?:env_file|secrets_dir|\w+_file)\s*=|ConfigSettingsSource\b")
_PARSERS = frozenset(
    {
        "json.load",
        "json.loads",
        "yaml.safe_load",
        "yaml.load",
        "yaml.full_load",
        "yaml.unsafe_load",
        "tomllib.load",
        "tomllib.loads",
        "tomli.load",
        "tomli.loads",
        "toml.load",
        "toml.loads",
        "configparser.ConfigParser.read",
        "configparser.RawConfigParser.read",
    }
)
_TABLES = frozenset(
    {
        *(f"pandas.read_{kind}" for kind in ("csv", "excel", "json", "parquet")),
        *(f"polars.read_{kind}" for kind in ("csv", "excel", "json", "parquet")),
        "geopandas.read_file",
    }
)
_PARSERS |= _TABLES
_TAKE_PATHS = _TABLES | {"toml.load", "configparser.ConfigParser.read", "configparser.RawConfigParser.read"}
_READS = frozenset({"read", "read_text", "read_bytes"})
_SAME_PATH = frozenset(
    {
        "absolute",
        "as_posix",
        "expanduser",
        "joinpath",
        "resolve",
        "with_name",
        "with_suffix",
    }
)
_JOINS = frozenset(
    {
        "builtins.str",
        "os.fspath",
        "os.getcwd",
        "os.getenv",
        "os.environ.get",
        "os.path.abspath",
        "os.path.dirname",
        "os.path.expanduser",
        "os.path.join",
        "os.path.normpath",
        "os.path.realpath",
        "pathlib.Path",
        "pathlib.Path.cwd",
        "pathlib.Path.home",
        "importlib.resources.files",
    }
)
"""What makes a path of others, or finds the place where the process runs."""
_VALIDATE = frozenset({"validator", "field_validator", "model_validator", "root_validator", "computed_field"})
_WRITES = regex(r"\bdump\(|\bwrite_(?:text|bytes)\(|open\([^)\n]*,\s*(?:mode=)?[\"'][wax]|\.write\(")
_OF_PROCESS = {
    **dict.fromkeys(
        (
            *(
                f"importlib.metadata.{name}"
                for name in ("version", "distribution", "distributions", "metadata", "packages_distributions")
            ),
            *(f"pkg_resources.{name}" for name in ("get_distribution", "iter_entry_points", "working_set")),
            "importlib.metadata.entry_points",
        ),
        "reads the metadata of installed packages",
    ),
    **dict.fromkeys(("pkgutil.iter_modules", "pkgutil.walk_packages"), "lists the modules of a package"),
    "shutil.which": "looks for a program in all folders of `PATH`",
    "inspect.getsource": "reads source code",
    "zoneinfo.available_timezones": "reads all files of the time zones",
    "nltk.download": "asks a server whether its copy of the data is the latest",
    "cpuinfo.get_cpu_info": "starts programs to find out about the processor",
}
"""What asks something that is the same as long as the process runs, and takes a millisecond or more."""
_OPENS = frozenset(
    {"builtins.open", "pathlib.Path.open", "pathlib.Path.read_text", "pathlib.Path.read_bytes"}
)
_LOADS = frozenset({"joblib.load", "torch.load", "torch.jit.load", "lightgbm.Booster"}) | _TABLES
_WRITING = (
    *(
        ".dump",
        ".write",
        ".write_text",
        ".write_bytes",
        ".writerow",
        ".writerows",
        ".to_csv",
        ".to_json",
        ".to_parquet",
    ),
    *(".save", ".to_excel", ".write_csv", ".write_parquet", ".write_json"),
)
_STATE = regex(
    r"cache|state|store|session|histor|progress|result|status|output|report|upload|tmp|temp|queue|lock|log|db\b|database|token",
    re.IGNORECASE,
)
"""What a file is called that the service itself writes."""
_PATH = regex(r"\bPath\(| / ")
_DEEP = 8


class SettingsPerRequest(Rule):
    """Settings made for each request read the environment and their files again, and validate all of it.

    They cannot have changed: a process keeps the environment it was started with, and the packages that it imported. The file is read on the event loop or
    in one of 40 worker threads, for each request.

    ## Instead
    Make them once: `@lru_cache` on the function that builds them, or one object in a module. FastAPI's
    `dependency_overrides` still replaces the function in tests.

    ## Trade-offs
    A test that changes the environment must call `get_settings.cache_clear()`, or override the dependency.

    ## Monitor
    p50 of the lightest endpoint.
    """

    code = "FP302"
    severity = Severity.LOW
    said_from = Severity.HIGH
    effort = Effort.MINUTES
    watch = "p50 of the lightest endpoint"
    guards = ("lru_cache", "cache")

    invalid = (
        Invalid(
            """
            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """,
            fixed="""
            import functools

            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            @functools.lru_cache
            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """,
        ),
    )
    valid = (
        Valid(
            """
            from fastapi import Depends, FastAPI
            from pydantic_settings import BaseSettings

            app = FastAPI()

            class Settings(BaseSettings):
                currency: str = "EUR"

            @lru_cache
            def get_settings() -> Settings:
                return Settings()

            @app.get("/currency")
            def currency(settings: Settings = Depends(get_settings)) -> str:
                return settings.currency
            """
        ),
    )

    def concerns(self, callee: Callee) -> bool:
        return (
            callee.name in _READERS
            or callee.name in _OF_PROCESS
            or (callee.enters and callee.sort == Sort.FUNCTION)
            or callee.name in _PARSERS
            or callee.sort == Sort.CLASS
            or (callee.is_method and callee.spelled in _READS)
        )

    def check(self, node: ast.Call, module: Module) -> Iterator[Match]:
        name = module.qualified_name(node.func) or ""
        if name in _OF_PROCESS:
            yield from _of_process(node, _OF_PROCESS[name], module)
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr in _READS and name not in _PARSERS:
            yield from _text_of_file(node, module)
            return
        yield from _through_helper(node, module)
        what = _what(node, module)
        if not what and name in _PARSERS and node.args and made_again(node, module) is not None:
            path = _opened(node.args[0], module, _DEEP)
            if (
                path is not None
                and _is_one_of_folder(path, module)
                and not is_remembered(node, module)
                and not _writes(module.tree, module)
            ):
                yield _of_folder(node, path, module)
                return
        if not what:
            yield from _loaded_elsewhere(node, module)
            return
        if is_first_time(node, module):
            return
        if made_again(node, module) is None:
            yield from _in_validator(node, what, module)
            return
        yield Match(
            node,
            f"`{spelled(node.func)}` {what} for each request, though it cannot have changed.",
            confidence=Confidence.POSSIBLE
            if is_seldom(node, module)
            or _stands_in(node, module)
            or _may_be_edited(node, module)
            or not _reads_file(node, module)
            else Confidence.CERTAIN,
            fix=_fix(node, module),
            impact=kept_estimates.settings_read(module.options),
        )


@once_for_node
def _writes(_: ast.Module, module: Module) -> bool:
    """Whether a file writes others."""
    return _WRITES.search(module.source.text) is not None


@once_for_node
def _parses(function: ast.AST, module: Module) -> bool:
    return any(
        isinstance(each, ast.Call) and (module.qualified_name(each.func) or "") in _PARSERS
        for each in walk(function)
    )


def _of_process(call: ast.Call, what: str, module: Module) -> Iterator[Match]:
    """`importlib.metadata.version("shop")` in an endpoint: it cannot be another one before the next start."""
    if made_again(call, module) is None or is_first_time(call, module) or is_remembered(call, module):
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if is_seldom(call, module) or not all(_is_fixed(each, module, _DEEP) for each in given):
        return
    yield Match(
        call,
        f"`{spelled(call.func)}` {what} for each request, though it gives the same until the process ends.",
        confidence=Confidence.POSSIBLE,
        impact=kept_estimates.settings_read(module.options),
        instead="Ask once: a constant of the module, or `@lru_cache(maxsize=1)` on a function that returns it.",
    )


def _loaded_elsewhere(call: ast.Call, module: Module) -> Iterator[Match]:
    """`SearchIndex("index.json")`, `load_model()` of a path by default: what it reads is the same file each time."""
    value = module.value(call.func)
    if value is None or value.sort not in (Sort.CLASS, Sort.FUNCTION) or module.is_repeated(call):
        return
    summary = module.summary(call)
    if summary is None or (value.sort == Sort.FUNCTION and not _takes_something(call, module)):
        return
    leaf = _loading(summary)
    if leaf is None or summary.writes or summary.external or made_again(call, module) is None:
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not all(_is_fixed(each, module, _DEEP) for each in given) or is_first_time(call, module):
        return
    if is_seldom(call, module) or is_remembered(call, module) or _stands_in(call, module):
        return
    texts = " ".join((spelled(call.func), *(_written_out(each, module) for each in given)))
    if _STATE.search(texts) or _writes_files(leaf.path[-1].path, module):
        return
    last = last_name(call.func)
    path = (Hop(module.path, call.lineno, last), *leaf.path)
    if any(hop.path == module.path and leaf.callable in _PARSERS for hop in leaf.path[-1:]):
        return  # said as reading and parsing
    yield Match(
        call,
        f"`{spelled(call.func)}` loads the same with `{leaf.callable}` for each request: nothing that it is given changes.",
        confidence=Confidence.POSSIBLE,  # the file may be replaced while the service runs
        call_path=path,
        impact=kept_estimates.settings_read(module.options),
        instead="Load it once: in the lifespan, or behind `@lru_cache(maxsize=1)` on a function that returns it.",
    )


def _loading(summary: Summary) -> Leaf | None:
    """What of a function loads a model or a table, or reads a file and makes objects of it, each time it is called."""
    always = [
        each
        for each in (*summary.cpu, *summary.blocking)
        if not (
            each.cached or each.on_miss or each.sometimes or each.rarely or each.by_choice or each.kept_by
        )
    ]
    opens = any(each.callable in _OPENS for each in always)
    return next(
        (
            each
            for each in always
            if each.callable in _LOADS
            or (opens and (each.callable in _PARSERS or each.callable == "pickle.load"))
        ),
        None,
    )


def _takes_something(call: ast.Call, module: Module) -> bool:
    """Whether the function that is called is told what to read, if only by default."""
    callee = module.callee(call)
    if callee is None:
        return False
    taken = {each.name for each in callee.function.parameters} | {*callee.function.order}
    taken.update(callee.function.takes.split(","))
    return bool(taken - {"self", "cls", ""})


def _writes_files(path: str, module: Module) -> bool:
    """Whether a file of the project writes files too: what it reads may be what it wrote."""
    linked = module.project.resolver.modules.get(path)
    return linked is None or any(
        each.ref.endswith(_WRITING) for function in linked.facts.functions for each in function.calls
    )


def _text_of_file(call: ast.Call, module: Module) -> Iterator[Match]:
    """`(PROMPTS / "system.md").read_text()`: the same text for each request; one that is parsed is said where that happens."""
    if (
        call.args
        or made_again(call, module) is None
        or is_first_time(call, module)
        or module.is_repeated(call)
    ):
        return
    path = _opened(call, module, _DEEP)
    function = module.function_of(call)
    if path is None or function is None or _writes(module.tree, module):
        return
    if _is_one_of_folder(path, module):
        if not is_remembered(call, module):
            yield _of_folder(call, path, module)
        return
    if _parses(function.node, module):
        return
    if _is_fixed(path, module, _DEEP) and not _STATE.search(_written_out(path, module)):
        yield Match(
            call,
            f"`{spelled(call.func)}` reads the same file for each request.",
            confidence=Confidence.POSSIBLE,  # it may be edited while the service runs
            impact=kept_estimates.settings_read(module.options),
            instead="Read it once: `@lru_cache(maxsize=1)` on a function that returns its text, or a constant of the module.",
        )


_SHIPPED = (
    ".txt",
    ".md",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".sql",
    ".html",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".xml",
    ".prompt",
)
"""How files end that come with the code: prompts, templates, schemas, statements."""
_FOLDERS = regex(
    r"prompt|templat|schema|sql|quer(?:y|ies)|static|asset|locale|i18n|fixture|resource|content|mapping|rules?\b|config",
    re.IGNORECASE,
)


def _is_one_of_folder(path: ast.expr, module: Module) -> bool:
    """Whether a path names one of the files of a folder that comes with the code: `PROMPTS / f"{name}.md"`."""
    made = origins(path, module)
    if len(made) != 1:
        return False
    whole = made[0]
    if isinstance(whole, ast.Call) and module.qualified_name(whole.func) == "os.path.join":
        parts: list[ast.expr] = whole.args
    elif isinstance(whole, ast.BinOp) and isinstance(whole.op, ast.Div):
        parts = [whole.left, whole.right]
    elif isinstance(whole, ast.JoinedStr):
        parts = [whole]
    else:
        return False
    ends = parts[-1]
    match ends:
        case ast.JoinedStr(values=[*before, ast.Constant(value=str(end))]):
            pass
        case _:
            return False
    chosen = [each for each in before if isinstance(each, ast.FormattedValue)]
    text = _written_out(whole, module)
    return (
        end.endswith(_SHIPPED)
        and len(chosen) == 1
        and isinstance(chosen[0].value, ast.Name | ast.Attribute)
        and not any(_is_fixed(each, module, _DEEP) for each in chosen)
        and all(_is_fixed(each, module, _DEEP) for each in parts[:-1])
        and bool(_FOLDERS.search(text))
        and not _STATE.search(text)
    )


def _of_folder(call: ast.Call, path: ast.expr, module: Module) -> Match:
    return Match(
        call,
        f"`{spelled(call.func)}` reads `{module.segment(path)}` for each request: one of a few files that come with the code.",
        confidence=Confidence.POSSIBLE,  # how many there are is not known, and one may be edited
        impact=kept_estimates.settings_read(module.options),
        instead="Read each once: `@lru_cache(maxsize=64)` on a function of the name that returns what the file holds.",
    )


def _in_validator(call: ast.Call, what: str, module: Module) -> Iterator[Match]:
    """`Settings()` in a validator of a model: made anew for each object that a request brings, or that is answered."""
    function = module.function_of(call)
    if function is None or isinstance(function.node, ast.Lambda):
        return
    names = {
        last_name(each.func if isinstance(each, ast.Call) else each) for each in function.node.decorator_list
    }
    owner = module.parent(function.node)
    if names.isdisjoint(_VALIDATE) or not isinstance(owner, ast.ClassDef):
        return
    if any(module.is_subclass(base, settings) for base in owner.bases for settings in _SETTINGS):
        return  # settings that check themselves
    yield Match(
        call,
        f"`{spelled(call.func)}` {what} for each `{owner.name}` that is validated, though it cannot have changed.",
        confidence=Confidence.POSSIBLE,
        impact=kept_estimates.settings_read(module.options),
    )


def _stands_in(call: ast.Call, module: Module) -> bool:
    """Whether it is read only where none is at hand: after `if current is not None: return current.settings`."""
    statement = module.statement(call)
    body = getattr(module.parent(statement), "body", None) if statement is not None else None
    if not isinstance(body, list) or statement not in body:
        return False
    return any(
        isinstance(each, ast.If)
        and isinstance(each.test, ast.Compare | ast.Name | ast.Attribute)
        and isinstance(each.body[-1], ast.Return)
        and each.body[-1].value is not None
        for each in body[: body.index(statement)]
    )


def _reads_file(call: ast.Call, module: Module) -> bool:
    """Whether a file is read each time; the environment alone is in memory, and validated in some microseconds."""
    value = module.value(call.func)
    if value is None or value.sort != Sort.CLASS:
        return True
    for each in module.project.resolver.ancestry(value):
        if each.module is None:
            continue
        if each.module.path == module.path and any(
            _FILES.search(ast.unparse(node))
            for node in module.tree.body
            if isinstance(node, ast.ClassDef) and node.name == each.symbol
        ):
            return True
        cls = each.module.classes.get(each.symbol)
        if each.module.path != module.path and (
            f"{each.symbol}.Config" in each.module.classes
            or (cls is not None and "model_config" in cls.attributes)
        ):
            return True  # what it says there is not known here
    return False


def _may_be_edited(call: ast.Call, module: Module) -> bool:
    """A file that is parsed may be edited while the service runs; environment and settings classes are not."""
    return (module.qualified_name(call.func) or "") in _PARSERS


def _what(call: ast.Call, module: Module) -> str:
    """What the call reads again; empty when it is no settings."""
    name = module.qualified_name(call.func) or ""
    if name in _READERS:
        if any(keyword.arg == "override" for keyword in call.keywords):
            return ""  # it is read again on purpose
        return "reads the `.env` file"
    if name in _PARSERS:
        return "reads and parses the same file" if _is_fixed_file(call, module) else ""
    if call.args or any(not isinstance(keyword.value, ast.Constant) for keyword in call.keywords):
        return ""
    value = module.value(call.func)
    if value is None or value.sort not in (Sort.CLASS, Sort.EXTERNAL):
        return ""
    if value.sort == Sort.CLASS and any(module.is_subclass(call.func, base) for base in _SETTINGS):
        return "reads and validates all settings"
    return ""


def _is_fixed_file(call: ast.Call, module: Module) -> bool:
    """Whether what is parsed comes from a file that is the same each time, and that this module does not write."""
    if not call.args:
        return False
    path = _opened(call.args[0], module, _DEEP)
    if path is None and module.qualified_name(call.func) in _TAKE_PATHS:
        path = call.args[0]
    if path is None or _writes(module.tree, module):
        return False
    return _is_fixed(path, module, _DEEP) and not _STATE.search(_written_out(path, module))


def _through_helper(call: ast.Call, module: Module) -> Iterator[Match]:
    """`load_yaml("prices.yaml")`: the function around parses the file that it is told, and is told a fixed one."""
    function = module.function_of(call)
    if (module.qualified_name(call.func) or "") not in _PARSERS or not call.args or function is None:
        return
    path = _opened(call.args[0], module, _DEEP)
    if not isinstance(path, ast.Name) or not isinstance(function.node, FUNCTIONS):
        return
    arguments = [each.arg for each in (*function.node.args.posonlyargs, *function.node.args.args)]
    if path.id not in arguments or origins(path, module) != [path] or _writes(module.tree, module):
        return
    around = module.graph_node(call)
    for given in walk(module.tree):
        if (
            isinstance(given, ast.Call)
            and last_name(given.func) == function.name
            and module.callee(given) is around
            and made_again(given, module) is not None
            and not is_first_time(given, module)
        ):
            place = arguments.index(path.id) - (arguments[0] in ("self", "cls"))
            named = next((each.value for each in given.keywords if each.arg == path.id), None)
            value = named or (given.args[place] if place < len(given.args) else None)
            if (
                value is not None
                and _is_fixed(value, module, _DEEP)
                and not _STATE.search(_written_out(value, module))
            ):
                yield Match(
                    given,
                    f"`{spelled(given.func)}` reads and parses the same file for each request, though it cannot have changed.",
                    confidence=Confidence.POSSIBLE,
                    call_path=(
                        Hop(module.path, given.lineno, function.name),
                        Hop(module.path, call.lineno, spelled(call.func)),
                    ),
                    impact=kept_estimates.settings_read(module.options),
                )


def _opened(source: ast.expr, module: Module, deep: int) -> ast.expr | None:
    """The path whose file `source` is, or is the text of: of `open(path)`, `path.read_text()`, and a name for these."""
    if not deep:
        return None
    match source:
        case ast.Call(func=ast.Name(id="open"), args=[path, *_]):
            return path
        case ast.Call(func=ast.Attribute(attr="open", value=ast.Name(id="io" | "codecs")), args=[path, *_]):
            return path
        case ast.Call(func=ast.Attribute(attr="open", value=path), args=args) if _is_path(path, module):
            return path if all(isinstance(each, ast.Constant) for each in args) else None
        case ast.Call(func=ast.Attribute(attr=name, value=owner)) if name in _READS:
            opened = _opened(owner, module, deep - 1)
            if opened is not None or name == "read":
                return opened
            return owner if _is_path(owner, module) else None
        case ast.Name(id=bound):
            current = module.parent(source)
            while current is not None and not isinstance(current, FUNCTIONS):
                if isinstance(current, ast.With):
                    for item in current.items:
                        if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == bound:
                            return _opened(item.context_expr, module, deep - 1)
                current = module.parent(current)
            made = assigned(source, module)
            return _opened(made, module, deep - 1) if made is not None else None
    return None


def _is_path(expression: ast.expr, module: Module) -> bool:
    """Whether it is a `pathlib.Path`, also of a module-level name that says so."""
    return module.type_of(expression) == "pathlib.Path" or bool(
        _PATH.search(_written_out(expression, module))
    )


def _is_fixed(path: ast.expr, module: Module, deep: int) -> bool:
    """Whether a path is made of constants, of where the code lies and of what the environment said at the start."""
    if not deep:
        return False
    match path:
        case ast.Constant():
            return True
        case ast.Name():
            made = origins(path, module)
            if made != [path]:
                return all(_is_fixed(each, module, deep - 1) for each in made)
            return _is_of_module(path, module)
        case ast.Attribute(value=ast.Name(id="settings" | "config" | "conf" | "cfg" | "constants") as owner):
            return _is_of_module(owner, module)
        case ast.Attribute(attr=name, value=ast.Name() as owner) if name.isupper():
            return _is_of_module(owner, module)
        case ast.Attribute(attr="parent" | "parents", value=inner):
            return _is_fixed(inner, module, deep - 1)
        case ast.Subscript(value=ast.Attribute(attr="parents" | "environ") as inner, slice=ast.Constant()):
            return inner.attr == "environ" or _is_fixed(inner, module, deep - 1)
        case ast.BinOp(left=left, op=ast.Div() | ast.Add(), right=right) | ast.BoolOp(values=[left, right]):
            return all(_is_fixed(each, module, deep - 1) for each in (left, right))
        case ast.JoinedStr(values=parts):
            return all(_is_fixed(each, module, deep - 1) for each in parts)
        case ast.FormattedValue(value=inner):
            return _is_fixed(inner, module, deep - 1)
        case ast.Call(func=ast.Attribute(attr=name, value=inner), args=args) if name in _SAME_PATH:
            return all(_is_fixed(each, module, deep - 1) for each in (inner, *args))
        case ast.Call(func=called, args=args):
            return module.qualified_name(called) in _JOINS and all(
                _is_fixed(each, module, deep - 1) for each in args
            )
    return False


def _is_of_module(name: ast.Name, module: Module) -> bool:
    """Whether it is the module that gives `name` a value, and no function around: no parameter, local or builtin."""
    return module.index.home_of(name) is module.index.module or name.id == "__file__"


def _written_out(path: ast.expr, module: Module) -> str:
    """A path with what its names stand for, to read what the file is."""
    texts = [ast.unparse(path)]
    for name in walk(path):
        if isinstance(name, ast.Name):
            texts += [ast.unparse(each) for each in origins(name, module)]
            texts += [
                ast.unparse(each.value.value if isinstance(each.value, ast.Assign) else each.value)
                for each in module.index.module.bindings.get(name.id, ())
                if isinstance(each.value, ast.AST)
            ]
    return " ".join(texts)


def _fix(call: ast.Call, module: Module) -> Fix | None:
    """`@lru_cache` on a plain function without parameters that does nothing but return the settings."""
    function = module.function_of(call)
    if function is None or not isinstance(function.node, ast.FunctionDef):
        return None
    node = function.node
    arguments = node.args
    if any((arguments.posonlyargs, arguments.args, arguments.kwonlyargs, arguments.vararg, arguments.kwarg)):
        return None
    if node.decorator_list or isinstance(module.parent(node), ast.ClassDef):
        return None
    body = [
        each
        for each in node.body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is not call:
        return None
    return Fix(_cached, imports=("functools.lru_cache",), target=node, safety=Safety.UNSAFE)


def _cached(function: cst.FunctionDef) -> cst.FunctionDef:
    import libcst as cst

    return function.with_changes(decorators=[cst.Decorator(cst.parse_expression("functools.lru_cache"))])

"""What a project tells its Celery workers, wherever it is written."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from rules.engine.kept_answers import Said, once
from rules.engine.linking.values import Sort
from rules.engine.reading.walking import walk

if TYPE_CHECKING:
    from rules.engine.module import Module
    from rules.engine.project import Project
    from rules.engine.reading.facts import ModuleFacts

_LOADERS = frozenset({"config_from_object", "config_from_envvar", "config_from_cmdline"})


def says(words: re.Pattern[str], call: ast.Call, module: Module) -> bool | None:
    """Whether the configuration of the application that `call` makes has a setting that matches.

    Looks at the file, at what `config_from_object` names, at names of settings anywhere in the project and at how workers
    are started. None when a part of the configuration cannot be seen.
    """
    if _mentions(words, module.source.text) or any(_mentions(words, text) for text in _started(module)):
        return True
    if _is_set(module.project, words):
        return True
    if any(keyword.arg in (None, "config_source", "loader", "task_cls") for keyword in call.keywords):
        return None
    return None if _is_loaded_from_elsewhere(module) else False


@once
def _is_set(project: Project, words: re.Pattern[str]) -> bool:
    """Whether a name in the project is that of such a setting."""
    return bool(_named(words)(project))


@functools.cache  # a handful of patterns, of our own
def _named(words: re.Pattern[str]) -> Said:
    """The names in a project's files that match."""

    def said(path: str, found: ModuleFacts) -> list[str]:
        names = (*found.members, *(name for cls in found.classes for name in cls.attributes))
        return [name for name in names if words.search(name)]

    return Said(said)


@functools.lru_cache(maxsize=32)  # asked once per application of a file, for each setting
def _mentions(words: re.Pattern[str], text: str) -> bool:
    return words.search(text) is not None


def _started(module: Module) -> list[str]:
    return [
        text
        for path, text in module.project.documents.items()
        if "celery" in text and not path.endswith(".lock")
    ]


@functools.lru_cache(maxsize=1)  # asked once per application of a file
def _loads(tree: ast.Module) -> tuple[tuple[ast.Call, str], ...]:
    """The calls that load settings, with the method's name: a loader, or `update` of `conf`."""
    return tuple(
        (node, node.func.attr)
        for node in walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr in _LOADERS
            or (
                node.func.attr == "update"
                and isinstance(node.func.value, ast.Attribute)
                and node.func.value.attr == "conf"
            )
        )
    )


def _is_loaded_from_elsewhere(module: Module) -> bool:
    """Whether settings come from an object that is no module of the project."""
    for node, method in _loads(module.tree):
        if method in _LOADERS:
            argument = node.args[0] if node.args else None
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                path = argument.value.partition(":")[0].replace(".", "/")
                if not any(
                    f"/{known}".endswith((f"/{path}.py", f"/{path}/__init__.py"))
                    for known in module.project.files
                ):
                    return True
            else:
                value = module.value(argument) if argument is not None else None
                if (
                    value is None
                    or value.sort not in (Sort.MODULE, Sort.CLASS, Sort.OBJECT)
                    or value.module is None
                ):
                    return True
        else:
            if node.args and not isinstance(node.args[0], ast.Dict):
                return True
            if any(keyword.arg is None for keyword in node.keywords):
                return True
    return False

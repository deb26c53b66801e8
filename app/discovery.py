"""Finding a project on disk: its root, its Python files, and the documents beside them."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_python, text_of
from app.analysis.filenames import NAMELESS, is_utf8, shown
from app.localgit import GitError, LocalRepository
from app.review import parts
from app.review.config import Config
from rules.engine.finding import Skipped

MARKERS = ("pyproject.toml", ".git", "setup.py", "setup.cfg")
_PASSED_OVER = frozenset(
    {"__pycache__", "node_modules", "site-packages", "dist-packages", "__pypackages__", "venv", "env"}
)


class DiscoveryError(Exception):
    """What the user named is not there or cannot be analysed. One line, fit to be shown."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Paths are relative to `root`, with `/`. `chosen` is the part of `files` that the user asked about."""

    root: Path
    files: tuple[str, ...]
    chosen: frozenset[str]
    documents: tuple[str, ...]
    asked: frozenset[str] = frozenset()
    """The documents in the folders that the user asked about."""
    nameless: tuple[str, ...] = ()
    """The Python files there whose names are not UTF-8, as they can be shown."""

    def read(self) -> dict[str, bytes]:
        """The content of all files. One that vanished or may not be read is left out."""
        return dict(_contents(self.root, self.files))

    def unread(self, sources: Mapping[str, bytes]) -> Iterator[Skipped]:
        """The files that are there and not among the `sources`, each with its reason."""
        for path in self.files:
            place = self.root / path
            if path in sources or place.is_symlink() or not place.is_file():
                continue
            size = place.stat().st_size
            reason = f"larger than {LARGEST_DOCUMENT // 1_000_000} MB" if size > LARGEST_DOCUMENT else ""
            yield Skipped(path, reason or "cannot be read")
        for path in self.nameless:
            yield Skipped(path, NAMELESS)

    def texts(self) -> dict[str, str]:
        """The text of all documents."""
        return {path: text_of(path, content) for path, content in _contents(self.root, self.documents)}


def find(paths: Sequence[Path], excludes: Callable[[str], bool] = lambda path: False) -> Project:
    """The project around `paths` (files or folders), without what `excludes`; a file named by hand stays.

    Raises DiscoveryError for a path that is not there and for a file that is no Python file.
    """
    resolved = _resolved(paths)
    root = _around(resolved)
    named = {path.relative_to(root).as_posix() for path in resolved if path.is_file()}
    listed = sorted(set(_listed(root)) | named)
    found = [path for path in listed if is_utf8(path)]  # no output can hold the others
    files = tuple(path for path in found if is_python(path) and (path in named or not excludes(path)))
    folders = [path.relative_to(root).as_posix() for path in resolved if path.is_dir()]
    return Project(
        root=root,
        files=files,
        chosen=frozenset(
            path for path in files if path in named or any(_below(path, folder) for folder in folders)
        ),
        documents=tuple(path for path in found if is_document(path)),
        asked=frozenset(
            path
            for path in found
            if is_document(path) and not excludes(path) and any(_below(path, folder) for folder in folders)
        ),
        nameless=tuple(
            shown(path)
            for path in listed
            if not is_utf8(path) and is_python(path) and any(_below(path, folder) for folder in folders)
        ),
    )


def root_of(paths: Sequence[Path]) -> Path:
    """The nearest folder around all `paths` that holds a project file. Raises DiscoveryError."""
    return _around(_resolved(paths))


def configuration(root: Path) -> Config:
    """The configuration of the project at `root`. Its mistakes are in `errors`; defaults hold for them.

    Without one of its own, that of the nearest folder around it in the same repository.
    """
    own = _configuring(root)
    if not parts.has_table(own) and (outer := _configured_above(root)) is not None:
        return Config.parse(_configuring(outer)).inside(root.relative_to(outer).as_posix(), own)
    return Config.parse(own)


def configured(paths: Sequence[Path], config: Config) -> tuple[Config, Project]:
    """The project around `paths`, and its configuration with those that stand in its folders."""
    project = find(paths, config.excludes)
    nested = tuple(path for path in project.documents if parts.folder_of(path))
    texts = {path: text_of(path, text) for path, text in _contents(project.root, nested)}
    whole = config.with_parts(texts)
    return whole, find(paths, whole.excludes) if whole.parts else project


def _configuring(folder: Path) -> dict[str, str]:
    return {
        name: text_of(name, (folder / name).read_bytes()) for name in parts.NAMES if (folder / name).is_file()
    }


def _configured_above(root: Path) -> Path | None:
    """The nearest folder around a project that configures us, up to the repository's own."""
    if (root / ".git").exists():
        return None
    nearest = None
    for folder in root.parents:
        if nearest is None and parts.has_table(_configuring(folder)):
            nearest = folder
        if (folder / ".git").exists():
            return nearest
    return None


def _resolved(paths: Sequence[Path]) -> list[Path]:
    resolved = []
    for path in paths:
        if not path.exists():
            raise DiscoveryError(f"{path}: no such file or directory")
        if path.is_file() and not is_python(path.name):
            raise DiscoveryError(f"{path}: not a Python file")
        resolved.append(path.resolve())
    return resolved


def _around(resolved: Sequence[Path]) -> Path:
    common = Path(os.path.commonpath(resolved))
    start = common if common.is_dir() else common.parent
    for folder in (start, *start.parents):
        if any((folder / marker).exists() for marker in MARKERS):
            return folder
    return start


def _below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(folder + "/")


def _listed(root: Path) -> Iterator[str]:
    """Files below the root: as git sees them where it does, else by walking."""
    listed = None
    if any(
        (folder / ".git").exists() for folder in (root, *root.parents)
    ):  # elsewhere git need not be started
        with contextlib.suppress(GitError):
            listed = LocalRepository(root).listed(root)
    if listed is None:
        yield from _walked(root)
        return
    for path in listed:
        if not _PASSED_OVER.intersection(path.split("/")[:-1]):
            yield path


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in sorted(folders)
            if name not in _PASSED_OVER
            and (not name.startswith(".") or name == ".github")
            and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        inside = Path(folder).relative_to(root).as_posix()
        for name in names:
            yield name if inside == "." else f"{inside}/{name}"


def _contents(root: Path, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        place = root / path
        try:
            found = place.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST_DOCUMENT:
                yield path, place.read_bytes()
        except OSError:
            continue

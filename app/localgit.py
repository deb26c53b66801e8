"""Reading a local repository, bare or not, object by object: nothing is checked out, no hook or filter runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from app.github.models import ChangedFile

SECONDS = 120
OBJECTS_AT_ONCE = 1_000
MOST_ABSENT = 500
"""Changed files whose content a partial clone may lack before a comparison is given up."""
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Git knows this tree in every repository."""

_STATUS: dict[str, Literal["added", "removed", "modified", "renamed", "copied", "changed"]] = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}
# As GitHub compares: renames at 50 % likeness, three lines of context, whatever the user's configuration says.
_DIFF = (
    "diff-tree", "-r", "-z", "--raw", "--patch", "--no-abbrev", "--full-index", "--find-renames=50%", "-l0",
    "--unified=3", "--diff-algorithm=myers", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative",
    "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none",
)  # fmt: skip


class GitError(Exception):
    """What the user asked for cannot be read. One line, fit to be shown."""


class Entry(NamedTuple):
    """A file of a tree. `mode` as git writes it: 100644, 100755, 120000 (link), 160000 (submodule)."""

    mode: str
    sha: str

    @property
    def is_file(self) -> bool:
        return self.mode.startswith("100")


class Commit(NamedTuple):
    """A change of the main line. `parent` is the empty tree for the first one; `date` is ISO 8601."""

    id: str
    parent: str
    date: str
    subject: str


class LocalRepository:
    """A repository on disk. Raises GitError when `directory` is in none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if not directory.is_dir():
            raise GitError(f"{directory} is not a directory")
        self._git("rev-parse", "--git-dir")

    @property
    def top(self) -> Path | None:
        """The work tree's top folder; None in a bare repository."""
        if self._git("rev-parse", "--is-inside-work-tree").strip() != b"true":
            return None
        return Path(os.fsdecode(self._git("rev-parse", "--show-toplevel").rstrip(b"\n")))

    def commit(self, revision: str) -> str:
        """The full id of a commit, or of a tree where `revision` names a bare tree (the empty one, say)."""
        for kind in ("commit", "tree"):
            try:
                return (
                    self._git(
                        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{{kind}}}"
                    )
                    .decode()
                    .strip()
                )
            except GitError:
                continue
        raise GitError(f"no revision {revision!r} in {self._directory}")

    def merge_base(self, base: str, head: str) -> str:
        """Where `head` left `base`, both full ids; `base` itself when it is a tree."""
        if self._git("cat-file", "-t", base).strip() == b"tree":
            return base
        try:
            return self._git("merge-base", base, head).decode().strip()
        except GitError:
            hint = "; fetch the whole history first" if self._is_shallow() else ""
            raise GitError(f"{base[:12]} and {head[:12]} have no common ancestor{hint}") from None

    def tree(self, commit: str) -> dict[str, Entry]:
        """All files of a commit by path."""
        entries = {}
        for line in self._git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if line:
                about, _, path = line.partition(b"\t")
                mode, _, sha = about.decode().split()
                entries[_text(path)] = Entry(mode, sha)
        return entries

    def read(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Contents by blob id. Ids that are not there are left out."""
        wanted = list(dict.fromkeys(blobs))
        contents: dict[str, bytes] = {}
        for first in range(0, len(wanted), OBJECTS_AT_ONCE):
            portion = wanted[first : first + OBJECTS_AT_ONCE]
            contents.update(
                _batch(self._git("cat-file", "--batch", input="\n".join(portion).encode() + b"\n"))
            )
        return contents

    def changes(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        """What changed from one commit or tree to another, as GitHub lists the files of a pull request.

        A file whose content a partial clone lacks has no patch, as files that are too large for GitHub.
        """
        trees = (f"{base}^{{tree}}", f"{head}^{{tree}}")
        try:
            return _changes(self._git(*_DIFF, *trees))
        except GitError:
            absent = self._absent(*trees)
            if not 0 < len(absent) <= MOST_ABSENT:
                raise
        left_out = [b":(top,exclude,literal)" + change.path for change in absent]
        present = self._git(*_DIFF, *trees, "--", ":(top)", *(os.fsdecode(path) for path in left_out))
        changed = (*_changes(present), *(_changed(change, b"") for change in absent))
        return tuple(sorted(changed, key=lambda file: file.path))

    def _absent(self, *trees: str) -> list[_Change]:
        """The changed files of which one version's content is not in this repository."""
        changes, _ = _split(
            self._git("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", *trees)
        )
        blobs = {sha for change in changes if change.mode != "160000" for sha in (change.old, change.sha)}
        blobs -= {"0" * len(sha) for sha in blobs}
        told = self._git("cat-file", "--batch-check", input="".join(f"{sha}\n" for sha in blobs).encode())
        missing = {line.split()[0] for line in told.decode().splitlines() if line.endswith(" missing")}
        return [change for change in changes if missing & {change.old, change.sha}]

    def history(self, head: str, most: int) -> list[Commit]:
        """The last `most` commits of the main line (first parents) that changed a Python file, newest first."""
        output = self._git(
            "log", "--first-parent", f"--max-count={most}", "-z", "--format=%H%x01%P%x01%cI%x01%s",
            "--end-of-options", head, "--", "*.py",
        )  # fmt: skip
        commits = []
        for record in output.split(b"\0"):
            if record:
                commit, parents, date, subject = _text(record).split("\1", 3)
                parent = parents.split()[0] if parents else EMPTY_TREE
                commits.append(Commit(commit, parent, date, subject))
        return commits

    def listed(self, folder: Path) -> list[str] | None:
        """Files below `folder`, relative to it, that git tracks or would track; None without a work tree."""
        if not any((above / ".git").exists() for above in (folder, *folder.absolute().parents)):
            return None  # which git would take its time to say
        try:
            output = self._git(
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--deduplicate",
                directory=folder,
            )
        except GitError:
            return None
        return [os.fsdecode(path) for path in output.split(b"\0") if path]

    def _is_shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def _git(self, *arguments: str, input: bytes | None = None, directory: Path | None = None) -> bytes:  # noqa: A002 - subprocess's name for it
        import subprocess  # only here: most trees that are checked are read without git

        command = ["git", "-C", str(directory or self._directory), "--no-pager", *arguments]
        try:
            done = subprocess.run(  # noqa: S603 - fixed program, arguments are never options (see --end-of-options)
                command, input=input, capture_output=True, env=_environment(), timeout=SECONDS, check=False
            )
        except FileNotFoundError:
            raise GitError("git is not installed") from None
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} took longer than {SECONDS} s") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            told = said[0].removeprefix("fatal: ") if said else f"git {arguments[0]} failed"
            if told.startswith("not a git repository"):
                told = f"{directory or self._directory} is in no git repository"
            raise GitError(told)
        return done.stdout


class _Change(NamedTuple):
    status: str
    mode: str
    sha: str
    path: bytes
    previous: bytes | None
    old: str


def _environment() -> dict[str, str]:
    """Ours, without what would point git at another repository or make it fetch or ask."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name == "GIT_EXEC_PATH"
    }
    return kept | {
        "LC_ALL": "C",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _text(path: bytes) -> str:
    """A path as text. Files are read by id, so a name that is not UTF-8 need only be shown."""
    return path.decode(errors="replace")


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        header = output[position:end].split()
        position = end + 1
        if header[-1] == b"missing":
            continue
        size = int(header[2])
        yield header[0].decode(), output[position : position + size]
        position += size + 1


def _split(output: bytes) -> tuple[list[_Change], Sequence[bytes]]:
    """The raw records of a diff and, in the same order, each file's part of the patch."""
    changes: list[_Change] = []
    position = 0
    while output.startswith(b":", position):
        end = output.index(b"\0", position)
        old_mode, new_mode, old_sha, new_sha, status = output[position + 1 : end].decode().split()
        paths = []
        position = end + 1
        for _ in range(2 if status[0] in "RC" else 1):
            end = output.index(b"\0", position)
            paths.append(output[position:end])
            position = end + 1
        removed = status[0] == "D"
        changes.append(
            _Change(
                status[0],
                old_mode if removed else new_mode,
                old_sha if removed else new_sha,
                paths[-1],
                paths[0] if len(paths) == 2 else None,
                old_sha,
            )
        )
    text = output[position:].removeprefix(b"\0")
    # Every line of a hunk begins with a space, a sign, a backslash or an at sign: this can only be a header.
    parts = re.split(rb"^diff --git ", text, flags=re.MULTILINE)[1:]
    if len(parts) == len(changes):
        return changes, parts
    # A change of type (file to link) is one record and two parts: a removal and an addition.
    joined: list[bytes] = []
    rest = iter(parts)
    for change in changes:
        part = next(rest, b"")
        joined.append(part)
        if change.status == "T" and b"\ndeleted file mode " in part:
            next(rest, b"")
    return changes, joined


def _changes(output: bytes) -> tuple[ChangedFile, ...]:
    changes, patches = _split(output)
    return tuple(_changed(change, patch) for change, patch in zip(changes, patches, strict=True))


def _changed(change: _Change, patch: bytes) -> ChangedFile:
    hunks = re.search(rb"^@@ ", patch, flags=re.MULTILINE)
    text = patch[hunks.start() :].decode(errors="replace").removesuffix("\n") if hunks else None
    lines = text.split("\n") if text else []
    return ChangedFile(
        path=_text(change.path),
        status=_STATUS.get(change.status, "changed"),
        sha=change.sha,
        patch=text if change.mode != "160000" else None,
        previous_path=_text(change.previous) if change.previous is not None else None,
        additions=sum(line.startswith("+") for line in lines),
        deletions=sum(line.startswith("-") for line in lines),
    )

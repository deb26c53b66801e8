"""A real bare git repository, driven by the `git` command: commits without a work tree, diffs as GitHub shows them.

All repositories of one fork network share one object store, as on GitHub: a commit of a fork is reachable by its
sha through the base repository.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import re
import shutil
import subprocess
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

Content = str | bytes | tuple[str, str | bytes] | None
"""A file's text or bytes, a pair of git mode and content (`("120000", "target")`), or None to remove it."""

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_LINE = 200
"""As many commits are followed without a process; tests' histories are shorter."""
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@github.invalid",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.invalid",
    "LC_ALL": "C.UTF-8",
}


class GitError(Exception):
    """A git command failed; the message is what it said."""


class Entry(NamedTuple):
    mode: str
    kind: str
    sha: str
    size: int | None


@dataclass(frozen=True)
class Commit:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored: int
    committer_name: str
    committer_email: str
    committed: int
    message: str


@dataclass(frozen=True)
class Hunk:
    old_start: int
    new_start: int
    lines: tuple[str, ...]
    """With their marker: blank, plus, minus or backslash."""

    @functools.cached_property
    def right(self) -> tuple[int, ...]:
        """Line numbers of the head that can carry a comment: added and context lines."""
        count = sum(line[:1] in (" ", "+", "") for line in self.lines)
        return tuple(range(self.new_start, self.new_start + count))

    @functools.cached_property
    def left(self) -> tuple[int, ...]:
        """Line numbers of the base that can carry a comment: deleted lines."""
        found, number = [], self.old_start
        for line in self.lines:
            if line.startswith("-"):
                found.append(number)
            if line[:1] in (" ", "-", ""):
                number += 1
        return tuple(found)


@dataclass(frozen=True)
class FileDiff:
    """One file of a comparison. `patch` is None for binary and huge files and for pure renames."""

    path: str
    status: str
    old_path: str
    old_sha: str | None
    new_sha: str | None
    additions: int
    deletions: int
    patch: str | None
    hunks: tuple[Hunk, ...]

    @property
    def previous(self) -> str | None:
        return self.old_path if self.old_path != self.path else None

    def hunk(self, line: int, side: str) -> int | None:
        """Index of the hunk in which this line can be commented."""
        for index, hunk in enumerate(self.hunks):
            if line in (hunk.left if side == "LEFT" else hunk.right):
                return index
        return None

    def position(self, line: int, side: str) -> int | None:
        """GitHub's older way to name a line: lines below the first hunk header, headers counted."""
        position = -1
        for hunk in self.hunks:
            position += 1
            old, new = hunk.old_start, hunk.new_start
            for text in hunk.lines:
                position += 1
                mark = text[:1]
                if side == "LEFT" and mark == "-" and old == line:
                    return position
                if side != "LEFT" and mark in (" ", "+", "") and new == line:
                    return position
                old += mark in (" ", "-", "")
                new += mark in (" ", "+", "")
        return None

    def at_position(self, position: int) -> tuple[int, str] | None:
        """The line and side at a position."""
        current = -1
        for hunk in self.hunks:
            current += 1
            old, new = hunk.old_start, hunk.new_start
            for text in hunk.lines:
                current += 1
                mark = text[:1]
                if current == position:
                    return (old, "LEFT") if mark == "-" else (new, "RIGHT")
                old += mark in (" ", "-", "")
                new += mark in (" ", "+", "")
        return None

    def excerpt(self, line: int, side: str) -> str:
        """`diff_hunk` of a comment: the hunk from its header down to the line."""
        index = self.hunk(line, side)
        if index is None or self.patch is None:
            return ""
        hunk = self.hunks[index]
        headers = [text for text in self.patch.split("\n") if _HUNK.match(text)]
        shown, old, new = [headers[index]], hunk.old_start, hunk.new_start
        for text in hunk.lines:
            shown.append(text)
            mark = text[:1]
            if (side == "LEFT" and mark == "-" and old == line) or (
                side != "LEFT" and mark in (" ", "+", "") and new == line
            ):
                break
            old += mark in (" ", "-", "")
            new += mark in (" ", "+", "")
        return "\n".join(shown)


class GitRepo:
    """Refs of one repository over the object store of its network.

    Thread-safe; objects are cached by sha because they never change.
    """

    patch_lines = 20_000
    patch_bytes = 500_000

    def __init__(self, path: Path, *, shared: GitRepo | None = None, source: Path | None = None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._batch: subprocess.Popen[bytes] | None = None
        self._objects: dict[str, tuple[str, bytes]] = {}
        self._diffs: dict[tuple[str, str], tuple[FileDiff, ...]] = {}
        self._bases: dict[tuple[str, str], str | None] = {}
        self._logs: dict[tuple[str, str | None, str | None, int], list[str]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if source is not None:
            _run(["git", "clone", "-q", "--bare", "--no-hardlinks", str(source), str(path)], None)
            heads = self.git("for-each-ref", "--format=%(refname)", "refs/remotes").split()
            for ref in heads:
                self.git("update-ref", "-d", ref)
        else:
            _run(["git", "init", "-q", "--bare", "--initial-branch=main", str(path)], None)
        self.git("config", "gc.auto", "0")
        self.git("config", "core.quotePath", "false")
        self.git("config", "fastimport.unpackLimit", "1")
        if shared is not None:
            shutil.rmtree(path / "objects")
            (path / "objects").symlink_to(shared.path / "objects", target_is_directory=True)
            self._objects, self._diffs, self._bases = shared._objects, shared._diffs, shared._bases

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Output of a git command, without its last newline."""
        return self.git_bytes(*arguments, stdin=stdin).decode("utf-8", "surrogateescape").removesuffix("\n")

    def git_bytes(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return _run(["git", "-C", str(self.path), *arguments], stdin)

    def close(self) -> None:
        with self._lock:
            if self._batch is not None:
                assert self._batch.stdin is not None
                assert self._batch.stdout is not None
                self._batch.stdin.close()
                self._batch.wait()
                self._batch.stdout.close()
                self._batch = None

    # Writing

    def commit(
        self,
        branch: str,
        files: Mapping[str, Content],
        message: str = "Change",
        *,
        parent: str | None = None,
        parents: tuple[str, ...] = (),
        author: str = "octocat",
        when: int | None = None,
    ) -> str:
        """Commit on top of a branch (or of `parent`), moving the branch there; the sha.

        A branch that does not exist starts from `parent`, or from nothing.
        """
        tip = parent or self.resolve(f"refs/heads/{branch}")
        stamp = when if when is not None else self._next_time(tip)
        person = f"{author} <{author}@users.noreply.github.invalid> {stamp} +0000".encode()
        text = message.encode()
        ref = f"refs/heads/{branch}".encode()
        stream = [b"feature done\ncommit " + ref + b"\nmark :1\nauthor " + person + b"\ncommitter " + person]
        stream.append(b"\ndata %d\n" % len(text) + text + b"\n")
        if tip is not None:
            stream.append(b"from " + tip.encode() + b"\n")
        stream += [b"merge " + other.encode() + b"\n" for other in parents]
        for path, content in files.items():
            name = _quoted(path)
            if content is None:
                stream.append(b"D " + name + b"\n")
                continue
            mode, data = content if isinstance(content, tuple) else ("100644", content)
            raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
            if mode == "160000":
                stream.append(b"M 160000 " + raw + b" " + name + b"\n")
                continue
            stream.append(
                b"M " + mode.encode() + b" inline " + name + b"\ndata %d\n" % len(raw) + raw + b"\n"
            )
        stream.append(b"\nget-mark :1\ndone\n")
        with self._lock:
            output = self.git(
                "fast-import", "--quiet", "--force", "--date-format=raw", stdin=b"".join(stream)
            )
        return output.split()[-1]

    def set_ref(self, ref: str, sha: str | None) -> None:
        """Point a full ref name at a commit, or delete it."""
        if sha is None:
            self.git("update-ref", "-d", ref)
        elif not self._write_ref(ref, sha):
            self.git("update-ref", ref, sha)

    def _write_ref(self, ref: str, sha: str) -> bool:
        """As git does, without a process; False when that is not as simple as it looks."""
        plain = re.fullmatch(r"refs(/[A-Za-z0-9_-]+)+", ref) and re.fullmatch(r"[0-9a-f]{40}", sha)
        if not plain or (self.path / "packed-refs").exists() or self.object(sha) is None:
            return False
        file = self.path / ref
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            written = file.with_name(f".{file.name}.new")
            written.write_text(f"{sha}\n")
            written.replace(file)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            return False
        return True

    def merge(self, base: str, head: str, message: str, *, squash: bool = False) -> str | None:
        """A merge commit of two commits, without moving any branch; None when they conflict. With `squash` its only
        parent is the base."""
        commit = self.commit_info(head)
        assert commit is not None
        if self.merge_base(base, head) == base:
            tree = commit.tree
        else:
            try:
                output = self.git("merge-tree", "--write-tree", "--allow-unrelated-histories", base, head)
            except GitError:
                return None
            tree = output.split("\n")[0]
        person = f"GitHub <noreply@github.invalid> {commit.committed} +0000"
        return self._write_object(
            "commit",
            f"tree {tree}\nparent {base}\n"
            + ("" if squash else f"parent {head}\n")
            + f"author {person}\ncommitter {person}\n\n{message}\n",
        )

    def _write_object(self, kind: str, text: str) -> str:
        content = text.encode()
        whole = b"%s %d\0%s" % (kind.encode(), len(content), content)
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self.path / "objects" / sha[:2] / sha[2:]
        file.parent.mkdir(exist_ok=True)
        written = file.with_name(f"tmp_obj_{threading.get_ident()}")
        written.write_bytes(zlib.compress(whole))
        written.replace(file)
        return sha

    def _next_time(self, tip: str | None) -> int:
        previous = self.commit_info(tip) if tip else None
        return previous.committed + 60 if previous else 1_767_225_600

    # Reading

    def resolve(self, name: str) -> str | None:
        """The commit, tag or object that a revision names; None when there is none."""
        if re.fullmatch(r"[0-9a-f]{40}", name) and self.object(name) is not None:
            return name
        if not name or name.startswith(("-", "/")) or ".." in name or any(c in name for c in "\0\n"):
            return None
        if name.startswith("refs/"):
            return self._read_ref(name)
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name) or None
        except GitError:
            return None

    def _read_ref(self, name: str) -> str | None:
        """A ref from its file or from git's list of packed ones: no process needed."""
        file = self.path / name
        if file.is_file():
            return file.read_text().strip()
        packed = self.path / "packed-refs"
        lines = packed.read_text().splitlines() if packed.is_file() else []
        return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), None)

    def ref(self, name: str) -> str | None:
        """A branch, tag, full ref or sha, as the REST API's `ref` parameters take it: the commit's sha."""
        if re.fullmatch(r"[0-9a-f]{40}", name):
            return self.peel(name)
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            if candidate == name and not re.fullmatch(r"[0-9a-f]{7,40}|refs/.+|HEAD", name):
                continue
            found = self.resolve(candidate)
            if found:
                return self.peel(found)
        return None

    def peel(self, sha: str) -> str | None:
        found = self.object(sha)
        while found and found[0] == "tag":
            sha = found[1].split(b"\n", 1)[0].split(b" ")[1].decode()
            found = self.object(sha)
        return sha if found and found[0] == "commit" else None

    def refs(self, prefix: str = "refs/heads/") -> dict[str, str]:
        if not (self.path / "packed-refs").exists():  # then each is a file
            top = self.path / prefix
            files = [top] if top.is_file() else sorted(path for path in top.rglob("[!.]*") if path.is_file())
            return {str(path.relative_to(self.path)): path.read_text().strip() for path in files}
        lines = self.git("for-each-ref", "--format=%(objectname) %(refname)", prefix).splitlines()
        return {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in lines}

    def _line(self, tip: str) -> list[str]:
        """The commits from `tip` down, as far as each has one parent; no process needed. Ends with a root or a merge."""
        found = []
        at: str | None = tip
        while at is not None and (commit := self.commit_info(at)) is not None and len(found) < _LINE:
            found.append(at)
            at = commit.parents[0] if len(commit.parents) == 1 else None
        return found

    def object(self, sha: str) -> tuple[str, bytes] | None:
        """Kind and content of an object."""
        with self._lock:
            if sha in self._objects:
                return self._objects[sha]
            batch = self._batch
            if batch is None:
                batch = self._batch = subprocess.Popen(
                    ["git", "-C", str(self.path), "cat-file", "--batch"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=_ENVIRONMENT,
                )
            assert batch.stdin is not None
            assert batch.stdout is not None
            batch.stdin.write(sha.encode() + b"\n")
            batch.stdin.flush()
            header = batch.stdout.readline().split()
            if len(header) < 3:
                return None
            content = _exactly(batch.stdout, int(header[2]))
            batch.stdout.read(1)
            self._objects[sha] = (header[1].decode(), content)
            return self._objects[sha]

    def blob(self, sha: str) -> bytes | None:
        found = self.object(sha)
        return found[1] if found and found[0] == "blob" else None

    def commit_info(self, sha: str) -> Commit | None:
        found = self.object(sha)
        if not found or found[0] != "commit":
            return None
        head, _, message = found[1].decode("utf-8", "replace").partition("\n\n")
        parents: list[str] = []
        values: dict[str, str] = {}
        for line in head.split("\n"):
            key, _, value = line.partition(" ")
            if key == "parent":
                parents.append(value)
            else:
                values.setdefault(key, value)
        author, committer = (_person(values[key]) for key in ("author", "committer"))
        return Commit(sha, values["tree"], tuple(parents), *author, *committer, message.rstrip("\n"))

    def tree(self, sha: str) -> list[tuple[str, str, str]] | None:
        """(mode, name, sha) of a tree's own entries, from a commit or a tree."""
        found = self.object(sha)
        if found and found[0] == "commit":
            commit = self.commit_info(sha)
            assert commit is not None
            found = self.object(commit.tree)
        if not found or found[0] != "tree":
            return None
        entries, raw, at = [], found[1], 0
        while at < len(raw):
            end = raw.index(b"\0", at)
            mode, name = raw[at:end].split(b" ", 1)
            entries.append(
                (
                    mode.decode().zfill(6),
                    name.decode("utf-8", "surrogateescape"),
                    raw[end + 1 : end + 21].hex(),
                )
            )
            at = end + 21
        return entries

    def entry(self, commit: str, path: str) -> tuple[str, str] | None:
        """(mode, sha) at a path of a commit or tree; the empty path is the root."""
        current, mode = commit, "040000"
        if not path.strip("/"):
            info = self.commit_info(commit)
            return mode, info.tree if info else commit
        for part in path.strip("/").split("/"):
            found = next((entry for entry in self.tree(current) or () if entry[1] == part), None)
            if found is None:
                return None
            mode, _, current = found
        return mode, current

    def file(self, commit: str, path: str) -> bytes | None:
        found = self.entry(commit, path)
        return self.blob(found[1]) if found else None

    def walk(self, sha: str, prefix: str = "") -> list[tuple[str, Entry]]:
        """Every entry below a tree, as `git ls-tree -r -t -l` has them."""
        rows = self.git_bytes("ls-tree", "-r", "-t", "-l", "-z", sha).split(b"\0")
        found = []
        for row in rows:
            if row:
                left, path = row.split(b"\t", 1)
                mode, kind, identity, size = left.split()
                entry = Entry(
                    mode.decode(), kind.decode(), identity.decode(), None if size == b"-" else int(size)
                )
                found.append((path.decode("utf-8", "surrogateescape"), entry))
        return found

    def log(
        self, tip: str, *, exclude: str | None = None, path: str | None = None, limit: int = 1000
    ) -> list[str]:
        key = (tip, exclude, path, limit)
        if key not in self._logs:
            self._logs[key] = self._log(tip, exclude, path, limit)
        return self._logs[key]

    def _log(self, tip: str, exclude: str | None, path: str | None, limit: int) -> list[str]:
        if exclude and not path:
            if tip in self._line(exclude):
                return []
            if exclude in (line := self._line(tip)):
                return line[: line.index(exclude)][:limit]
        arguments = ["rev-list", f"--max-count={limit}", tip]
        if exclude:
            arguments.append(f"^{exclude}")
        if path:
            arguments += ["--", path]
        return self.git(*arguments).split()

    def is_ancestor(self, commit: str, tip: str) -> bool:
        return self.merge_base(commit, tip) == commit

    def merge_base(self, one: str, other: str) -> str | None:
        key = (one, other)
        if key not in self._bases:
            if one in self._line(other):
                self._bases[key] = one
                return one
            if other in self._line(one):
                self._bases[key] = other
                return other
            try:
                self._bases[key] = self.git("merge-base", one, other) or None
            except GitError:
                self._bases[key] = None
        return self._bases[key]

    def archive(self, commit: str, prefix: str) -> bytes:
        return self.git_bytes("archive", "--format=tar.gz", f"--prefix={prefix}/", commit)

    # Comparing

    def diff(self, base: str, head: str) -> tuple[FileDiff, ...]:
        """What changed from one commit to another (two-dot), with renames."""
        key = (base, head)
        if key not in self._diffs:
            output = self.git_bytes(
                "diff-tree", "-r", "-M", "-l1000", "-z", "--no-textconv", "--no-ext-diff", "--no-color",
                "--full-index", "--patch-with-raw", "-U3", base, head,
            )  # fmt: skip
            self._diffs[key] = tuple(self._limited(file) for file in _parse(output))
        return self._diffs[key]

    def three_dot(self, base: str, head: str) -> tuple[FileDiff, ...]:
        """What a pull request shows: changes since the merge base."""
        start = self.merge_base(base, head) or EMPTY_TREE
        return self.diff(start, head)

    def moved_line(self, old_blob: str, new_blob: str, line: int) -> int | None:
        """Where a line of one blob is in another; None when it was changed or deleted."""
        if old_blob == new_blob:
            return line
        output = self.git_bytes("diff", "--no-color", "--no-ext-diff", "-U0", old_blob, new_blob).decode(
            "utf-8", "replace"
        )
        shift = 0
        for match in re.finditer(_HUNK.pattern, output, re.MULTILINE):
            old_start, old_count = int(match[1]), int(match[2] or 1)
            new_count = int(match[4] or 1)
            first = old_start if old_count else old_start + 1
            if line < first:
                break
            if line < first + old_count:
                return None
            shift += new_count - old_count
        return line + shift

    def _limited(self, file: FileDiff) -> FileDiff:
        patch = file.patch
        if patch is None:
            return file
        if len(patch) > self.patch_bytes or patch.count("\n") > self.patch_lines:
            return dataclasses.replace(file, patch=None, hunks=())
        return file


def _parse(output: bytes) -> list[FileDiff]:
    """Parse `git diff-tree -z --patch-with-raw`: raw records, an empty record, then patches in the same order."""
    fields = output.split(b"\0")
    at = 0
    raw: list[tuple[str, str, str, str, str, str, str]] = []
    while at < len(fields) and fields[at].startswith(b":"):
        old_mode, new_mode, old_sha, new_sha, status = fields[at][1:].decode().split(" ")
        path = fields[at + 1].decode("utf-8", "surrogateescape")
        at += 2
        new_path = path
        if status[0] in "RC":
            new_path = fields[at].decode("utf-8", "surrogateescape")
            at += 1
        raw.append((status[0], old_mode, new_mode, old_sha, new_sha, path, new_path))
    text = b"\0".join(fields[at:]).lstrip(b"\0").decode("utf-8", "replace")
    sections = re.split(r"^(?=diff --git )", text, flags=re.MULTILINE)[1:]
    files = []
    for status, old_mode, new_mode, old_sha, new_sha, old_path, new_path in raw:
        count = 2 if status == "T" else 1
        body, sections = sections[:count], sections[count:]
        patch = "\n".join(part for part in (_patch(section) for section in body) if part) or None
        hunks = tuple(_hunks(patch)) if patch else ()
        marks = [line[:1] for hunk in hunks for line in hunk.lines]
        name = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}[
            status
        ]
        if status == "M" and old_sha == new_sha and old_mode != new_mode:
            name = "changed"
        files.append(
            FileDiff(
                path=new_path,
                status=name,
                old_path=old_path,
                old_sha=None if status == "A" else old_sha,
                new_sha=None if status == "D" else new_sha,
                additions=marks.count("+"),
                deletions=marks.count("-"),
                patch=patch,
                hunks=hunks,
            )
        )
    return files


def _patch(section: str) -> str | None:
    match = re.search(r"^@@ ", section, flags=re.MULTILINE)
    return section[match.start() :].removesuffix("\n") if match else None


def _hunks(patch: str) -> list[Hunk]:
    hunks: list[Hunk] = []
    lines: list[str] = []
    for line in patch.split("\n"):
        match = _HUNK.match(line)
        if match:
            lines = []
            hunks.append(Hunk(int(match[1]), int(match[3]), ()))
        elif not hunks:
            continue
        else:
            lines.append(line)
            hunks[-1] = Hunk(hunks[-1].old_start, hunks[-1].new_start, tuple(lines))
    return hunks


def _person(value: str) -> tuple[str, str, int]:
    match = re.match(r"(.*) <(.*)> (\d+) ", value)
    return (match[1], match[2], int(match[3])) if match else (value, "", 0)


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise GitError("git cat-file ended early")
    return data


def _run(arguments: list[str], stdin: bytes | None) -> bytes:
    done = subprocess.run(arguments, input=stdin, capture_output=True, check=False, env=_ENVIRONMENT)
    if done.returncode:
        raise GitError(f"{' '.join(arguments)}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout

"""What `fastperf check` found before, kept beside the project, so that what did not change costs nothing again.

The folder holds facts by the digest of their file and whole results by the digest of everything that went into them.
It belongs to whoever runs the program: what is damaged, of another build or of another user is as good as not there.
Files are written beside their place and moved into it, so that runs at the same time do not disturb each other, and
nothing is read or written through a symbolic link.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

import rules
from app.analysis.blobs import blob_sha
from rules import ModuleFacts
from rules.engine.finding import Options, Result

NAME = ".fastperf_cache"
MOST_RESULTS = 8
MOST_BYTES = 200_000_000
"""Of one file of the folder: what would be larger is not kept."""
_DIGEST = 16
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of fastperf. It may be deleted at any time.\n"
)


@functools.cache
def build() -> str:
    """A digest of the program and of the Python that runs it: others may say other things about the same files."""
    digest = hashlib.blake2b(repr(sys.version_info).encode(), digest_size=_DIGEST)
    top = Path(rules.__file__).parent
    for path in sorted((*top.rglob("*.py"), *Path(__file__).parent.glob("*.py"))):
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()


class FolderCache:
    """Never raises for what the disk does: then there is just nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def facts(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """The facts that are known of these files, encoded, by path."""
        kept = self._facts()
        found = {path: kept.get(blob_sha(source)) for path, source in sources.items()} if kept else {}
        return {path: facts for path, facts in found.items() if facts is not None}

    def keep_facts(self, sources: Mapping[str, bytes], facts: Mapping[str, bytes]) -> None:
        """Keep these facts, and none of files that are no longer there."""
        now = {blob_sha(sources[path]): encoded for path, encoded in facts.items() if path in sources}
        if now.keys() != self._facts().keys():
            self._write("facts", msgspec.msgpack.encode(now))

    def result(self, key: str) -> Result | None:
        content = self._read(f"result-{key}")
        if content is None:
            return None
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.msgpack.decode(content, type=Result)
        return None

    def keep_result(self, key: str, result: Result) -> None:
        with contextlib.suppress(UnicodeEncodeError, OverflowError):
            self._write(f"result-{key}", msgspec.msgpack.encode(result))

    def _facts(self) -> dict[str, bytes]:
        content = self._read("facts")
        if content is not None:
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                return msgspec.msgpack.decode(content, type=dict[str, bytes])
        return {}

    def _read(self, name: str) -> bytes | None:
        with contextlib.suppress(OSError), self._opened(create=False) as folder:
            place = os.open(f"{name}.bin", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(place, "rb") as file:
                state = os.fstat(place)
                if (
                    not stat.S_ISREG(state.st_mode)
                    or state.st_uid != os.geteuid()
                    or state.st_size > MOST_BYTES
                ):
                    return None
                content = file.read()
            digest, body = content[:_DIGEST], content[_DIGEST:]
            if digest == self._digest(name, body):
                os.utime(f"{name}.bin", dir_fd=folder, follow_symlinks=False)
                return body
        return None

    def _write(self, name: str, body: bytes) -> None:
        if len(body) > MOST_BYTES:
            return
        with contextlib.suppress(OSError), self._opened(create=True) as folder:
            self._replace(folder, f"{name}.bin", self._digest(name, body) + body)
            self._forget_old(folder)

    def _digest(self, name: str, body: bytes) -> bytes:
        digest = hashlib.blake2b(f"{build()} {name}\0".encode(), digest_size=_DIGEST)
        digest.update(body)
        return digest.digest()

    @contextlib.contextmanager
    def _opened(self, *, create: bool) -> Iterator[int]:
        """The folder, which must be one and no link to one. Raises OSError."""
        if create and not self.folder.is_symlink():
            self.folder.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if create:
                names = set(_names(folder))
                for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
                    if name not in names:
                        self._replace(folder, name, text.encode())
            yield folder
        finally:
            os.close(folder)

    def _replace(self, folder: int, name: str, content: bytes) -> None:
        beside = f"{name}.{os.urandom(8).hex()}.new"
        place = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
        try:
            with os.fdopen(place, "wb") as file:
                file.write(content)
            os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(beside, dir_fd=folder)
            raise

    def _forget_old(self, folder: int) -> None:
        """The results that were not asked for longest, and what a run that was ended left behind."""
        ages: list[tuple[float, str]] = []
        for name in _names(folder):
            if name.startswith("result-") or name.endswith(".new"):
                with contextlib.suppress(OSError):
                    ages.append((os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime, name))
        ages.sort(reverse=True)
        for _, name in ages[MOST_RESULTS:]:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def key(
    sources: Mapping[str, bytes],
    chosen: frozenset[str],
    documents: Mapping[str, str],
    options: Options,
) -> str:
    """What a result depends on, but for which fixes are in it."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    digest.update(f"{build()}\0".encode() + msgspec.json.encode(options, order="deterministic"))
    for path, source in sorted(sources.items()):
        digest.update(f"\0{path}\0{path in chosen}\0".encode(errors="surrogatepass"))
        digest.update(hashlib.blake2b(source, digest_size=_DIGEST).digest())
    for path, text in sorted(documents.items()):
        digest.update(f"\0{path}\0".encode(errors="surrogatepass"))
        digest.update(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST).digest())
    return digest.hexdigest()


def decoded(facts: Mapping[str, bytes]) -> dict[str, ModuleFacts]:
    """The facts that can be read."""
    decoder = msgspec.msgpack.Decoder(ModuleFacts)
    found: dict[str, ModuleFacts] = {}
    for path, encoded in facts.items():
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            found[path] = decoder.decode(encoded)
    return found

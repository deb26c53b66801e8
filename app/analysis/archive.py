"""Reading a source archive that somebody else filled."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.analysis.documents import LARGEST_DOCUMENT, is_document, is_python
from app.analysis.filenames import NAMELESS, is_utf8, shown

LARGEST_FILE = 4_000_000
MOST_FILES = 60_000
MOST_MEMBERS = 400_000
MOST_BYTES = 4_000_000_000
"""Of the unpacked archive, whatever it holds: a bomb ends here."""
LONGEST_PATH = 1_000


class Member(NamedTuple):
    path: str
    content: bytes | None
    """None for a file that is not read."""
    reason: str = ""
    """Why it is not."""


class ArchiveError(Exception):
    """The archive is broken or no gzipped tar file. Its text is fit for the summary."""


class ArchiveLimitError(Exception):
    """The archive holds more than we are willing to read; what came before stands."""


def members(archive: bytes | Path) -> Iterator[Member]:
    """Python files and documents of a `.tar.gz` as GitHub makes it, without its top folder.

    Links, devices and submodules are passed over; so are paths that leave the project or are absurdly
    long. Nothing is written. Raises ArchiveError and, after the last member it gives, ArchiveLimitError.
    """
    read = count = kept = 0
    try:
        with (
            archive.open("rb") if isinstance(archive, Path) else io.BytesIO(archive) as raw,
            tarfile.open(fileobj=raw, mode="r|gz") as tar,
        ):
            for info in tar:
                tar.members = []  # type: ignore[attr-defined] # read once; tarfile would keep every header
                count += 1
                read += info.size if info.isreg() else 0
                if count > MOST_MEMBERS or read > MOST_BYTES or kept >= MOST_FILES:
                    raise ArchiveLimitError
                path = _path(info.name)
                if path is None or not info.isreg() or not (is_python(path) or is_document(path)):
                    continue
                kept += 1
                if info.size > (LARGEST_FILE if is_python(path) else LARGEST_DOCUMENT):
                    yield Member(path, None, "the file is too large")
                    continue
                if not is_utf8(path):
                    yield Member(shown(path), None, NAMELESS)
                    continue
                content = tar.extractfile(info)
                assert content is not None, "regular files have content"  # noqa: S101 - tells mypy what isreg() said
                yield Member(path, content.read())
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ArchiveError(f"the source archive cannot be read ({type(error).__name__})") from error


def _path(name: str) -> str | None:
    """The path inside the project, or None when it is none."""
    parts = name.split("/")[1:]
    if not parts or len(name) > LONGEST_PATH or "\0" in name or name.startswith("/"):
        return None
    if any(part in {"", ".", "..", ".git"} for part in parts):
        return None
    return "/".join(parts)

"""Archives as GitHub makes them, and as it never would."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping


def member(name: str, *, type: bytes = tarfile.REGTYPE, linkname: str = "") -> tarfile.TarInfo:  # noqa: A002 - tarfile's name
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type, linkname
    return info


def packed(files: Mapping[str, bytes], *odd: tarfile.TarInfo) -> bytes:
    """A `.tar.gz` with the files in one top folder, after the odd members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for info in odd:
            tar.addfile(info)
        for path, content in files.items():
            info = tarfile.TarInfo(f"shop-4f2a9c1/{path}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()

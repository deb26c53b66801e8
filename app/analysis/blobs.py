"""Files by the name that git gives their content."""

from __future__ import annotations

import hashlib


def blob_sha(content: bytes) -> str:
    """The name git gives to this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

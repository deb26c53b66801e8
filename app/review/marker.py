"""The hidden line that ends each of our texts: what was said, about which commit.

Only the last line of a text counts, and only the caller knows the author: a marker in somebody else's
comment means nothing, whatever it says.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

_MARKER = re.compile(
    r"(?:\A|\n)<!-- fastperf:(?P<kind>f=(?P<f>[\w.:/,-]+)|review) sha=(?P<sha>[0-9a-f]{4,64})"
    r"(?: fixed=(?P<fixed>[0-9a-f]{4,64}))? -->\s*\Z"
)
_SAFE = re.compile(r"[\w.:/-]{1,128}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{4,64}")
MAX_FINGERPRINTS = 200


class Marker(msgspec.Struct, frozen=True):
    """What a marker says. A review's own marker has no fingerprints."""

    fingerprints: tuple[str, ...]
    sha: str
    fixed: str = ""
    """The commit in which we marked it fixed."""


def token(fingerprint: str) -> str:
    """The fingerprint as markers write it: unchanged when it is harmless, otherwise its digest."""
    if _SAFE.fullmatch(fingerprint) and "--" not in fingerprint:
        return fingerprint
    return hashlib.sha256(fingerprint.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write(fingerprints: tuple[str, ...], sha: str, fixed: str = "") -> str:
    """The marker of a comment on these findings (the first 200 of them)."""
    tokens = ",".join(token(fingerprint) for fingerprint in fingerprints[:MAX_FINGERPRINTS])
    end = f" fixed={_sha(fixed)}" if fixed else ""
    return f"<!-- fastperf:f={tokens} sha={_sha(sha)}{end} -->"


def review(sha: str) -> str:
    """The marker of the one review on a head commit: look for it before posting another."""
    return f"<!-- fastperf:review sha={_sha(sha)} -->"


def read(body: str) -> Marker | None:
    """The marker at the very end of a text of ours, none when there is none."""
    found = _MARKER.search(body.replace("\r\n", "\n")[-MAX_FINGERPRINTS * 140 :])
    if found is None:
        return None
    fingerprints = tuple(found["f"].split(",")) if found["f"] else ()
    return Marker(fingerprints, found["sha"], found["fixed"] or "")


def without(body: str) -> str:
    """The text before its marker."""
    return _MARKER.sub("", body.replace("\r\n", "\n")).rstrip()


def _sha(sha: str) -> str:
    return sha if _SHA.fullmatch(sha) else hashlib.sha256(sha.encode()).hexdigest()[:40]

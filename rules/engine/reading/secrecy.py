"""Facts are kept in a database: keys and passwords that somebody wrote into the code do not go there with them."""

from __future__ import annotations

import re

HIDDEN = "…"
_SHORTEST = 12
_TOKEN = re.compile(
    r"\b(?:gh[a-z]_|github_pat_|glpat-|[prs]k_(?:live|test)_|sk-|xox[a-z]-|AIza|eyJ)[\w.-]{8,}"
    r"|\bA[KS]IA[0-9A-Z]{12,}|-----BEGIN [\w ]*KEY.*",
    re.DOTALL,
)
_PASSWORD = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)")


def kept(text: str) -> str:
    """A constant of the code without what has the form of a key, and without the password of an address."""
    if len(text) < _SHORTEST:
        return text
    if "://" in text:
        text = _PASSWORD.sub(rf"\1:{HIDDEN}", text)
    return _TOKEN.sub(HIDDEN, text)

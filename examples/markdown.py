"""GitHub's markdown for a terminal: its HTML corners become what a terminal can show."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_CODE = re.compile(r"</?code>")
_TAG = re.compile(r"</?(?:details|sub|br|b)[^>]*>")


def shown(text: str) -> str:
    """The same text without HTML: folded parts unfolded under their title, small print as plain text."""
    text = _COMMENT.sub("", text)
    text = _SUMMARY.sub(lambda match: f"\n**{match[1].strip()}**\n", text)
    text = _CODE.sub("`", text)
    return _TAG.sub("", text).strip()

"""What a failing merge group tells the pull requests in it: alone each may be clean, together they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from app.review.comments import BADGES
from app.review.links import Links
from app.review.markdown import plural, prose, shorten
from app.review.report import Report

_MOST = 10


def failing_group(report: Report, others: Sequence[int], links: Links) -> str:
    """The comment on one pull request of the group; `others` are the rest of it."""
    blocking = [finding for finding in report.new if finding.fingerprint in report.blocking]
    beside = f" together with {', '.join(f'#{number}' for number in others)}" if others else ""
    count = plural(len(blocking), "new problem")
    lines = [
        f"**The merge queue stopped here**: merged{beside}, this change has {count} that fail the check.",
        "",
    ]
    for finding in blocking[:_MOST]:
        place = links.place(finding.path, finding.line)
        lines.append(f"- {BADGES[finding.severity]} {place} {prose(shorten(finding.message, 300))}")
    if len(blocking) > _MOST:
        lines.append(f"- {len(blocking) - _MOST} more")
    lines.append(f"\n<sub>The `fastperf` check on {links.head_sha[:7]} has the whole review.</sub>")
    return "\n".join(lines)


def identity(report: Report) -> str:
    """The same problems have the same one, whichever group they failed: they are told once."""
    text = " ".join(sorted(report.blocking))
    return hashlib.sha256(text.encode()).hexdigest()[:20]

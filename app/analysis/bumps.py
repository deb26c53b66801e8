"""What other versions of libraries make of code that stands as it stood: nobody's new problem."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from app.analysis.messages import Comparison, Request
from app.analysis.pool import Analysis
from rules.engine.finding import Bumped
from rules.engine.linking import versions


async def bumped(analysis: Analysis, request: Request, comparison: Comparison) -> Bumped:
    """What the merge base would say under the versions that the change declares, and does not say under its own.

    Costs an analysis more, and only when a change that moves versions has news.
    """
    if not comparison.is_worse or request.documents_before == request.documents_after:
        return Bumped()
    names, documents = await asyncio.to_thread(_moved, request)
    if not names:
        return Bumped()
    would = await analysis.compare(
        msgspec.structs.replace(
            request, after=request.before, documents_after=dict(documents), removed=[], renamed={}
        ),
        fixes=False,
    )
    old = {(finding.fingerprint, finding.severity) for finding in would.before.findings}
    findings = tuple(each for each in would.after.findings if (each.fingerprint, each.severity) not in old)
    return Bumped(names, findings)


def _moved(request: Request) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The distributions that have another version, and the old documents with what declares the new ones."""
    before, after = request.documents_before, request.documents_after
    declaring = {
        path: text
        for path, text in after.items()
        if before.get(path) != text and versions.declared({path: text})
    }
    if not declaring:
        return (), before
    old, new = versions.declared(before), versions.declared(after)
    return tuple(sorted(name for name in old.keys() & new.keys() if old[name] != new[name])), {
        **before,
        **declaring,
    }

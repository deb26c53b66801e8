"""What is said in the place of an answer that cannot be said: half a character, or a number beyond all use, in what a
file leads to costs that file, which is named, and never the others' answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import chain

import msgspec

from app.analysis.filenames import shown
from app.analysis.messages import Comparison, Done, Failed, Frame, Refused, Told
from rules.engine.finding import Finding, Result, Skipped, Suppressed


def instead(frame: Frame, error: Exception) -> Frame | None:
    """What can be sent of a frame whose encoding raised `error`; None when nothing is to be said yet."""
    reason = f"what it leads to cannot be told ({type(error).__name__})"
    match frame:
        case Told():
            return None  # the answer itself names the file
        case Refused():
            return Refused(shown(frame.path), reason, frame.blob)
        case Done(comparison=Comparison() as comparison):
            told = _compared(comparison, reason)
            return failed(error) if told is comparison else Done(comparison=told, peak_bytes=frame.peak_bytes)
        case Done(result=Result() as result):
            guilty = frozenset(_guilty(result))
            told_alone = _without(result, guilty, reason)
            return Done(result=told_alone, peak_bytes=frame.peak_bytes) if guilty else failed(error)
        case _:
            return failed(error)


def failed(error: Exception) -> Failed:
    return Failed(f"the answer cannot be told ({type(error).__name__})")


def _compared(comparison: Comparison, reason: str) -> Comparison:
    """Both versions without the files that make one of them untellable; itself when no file does."""
    guilty = {
        *chain(_guilty(comparison.before), _guilty(comparison.after)),
        *(path for path, lines in comparison.excerpts.items() if not _tellable((path, lines))),
        *(path for path in chain(comparison.facts, comparison.wanted) if not _tellable(path)),
    }
    if not guilty:
        return comparison
    return msgspec.structs.replace(
        comparison,
        before=_without(comparison.before, guilty, reason),
        after=_without(comparison.after, guilty, reason),
        facts={path: facts for path, facts in comparison.facts.items() if path not in guilty},
        wanted=[path for path in comparison.wanted if path not in guilty],
        excerpts={path: lines for path, lines in comparison.excerpts.items() if path not in guilty},
    )


def _without(result: Result, guilty: Set[str], reason: str) -> Result:
    """What is said of the other files, and that these are skipped."""
    return msgspec.structs.replace(
        result,
        findings=tuple(finding for finding in result.findings if finding.path not in guilty),
        endpoints=tuple(endpoint for endpoint in result.endpoints if endpoint.file not in guilty),
        skipped=(
            *(skip for skip in result.skipped if skip.path not in guilty),
            *(Skipped(shown(path), reason) for path in sorted(guilty)),
        ),
        suppressed=tuple(each for each in result.suppressed if each.path not in guilty),
        advice=tuple(finding for finding in result.advice if finding.path not in guilty),
    )


def _guilty(result: Result) -> Iterator[str]:
    pieces: Iterable[Finding | Skipped | Suppressed] = chain(
        result.findings, result.advice, result.skipped, result.suppressed
    )
    yield from (piece.path for piece in pieces if not _tellable(piece))
    yield from (endpoint.file for endpoint in result.endpoints if not _tellable(endpoint))


def _tellable(piece: object) -> bool:
    try:
        msgspec.msgpack.encode(piece)
    except Exception:  # whatever it is: the answer with it cannot be sent
        return False
    return True

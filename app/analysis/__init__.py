"""Analysis of other people's code, in processes that may die: see `Analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.analysis.messages import Comparison, Request, Unpacked

if TYPE_CHECKING:
    from app.analysis.pool import Analysis, AnalysisError

__all__ = ["Analysis", "AnalysisError", "Comparison", "Request", "Unpacked"]


def __getattr__(name: str) -> Any:
    # The pool needs asyncio; the worker, which passes through this file too, does not.
    if name in {"Analysis", "AnalysisError"}:
        from app.analysis import pool

        return getattr(pool, name)
    raise AttributeError(name)

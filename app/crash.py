"""For tests of recovery: the process kills itself at a named point, as a power cut would.

Nothing happens unless `FASTPERF_CRASH_AT` names one of `app.settings.CRASH_POINTS`.
"""

from __future__ import annotations

import asyncio
import os
import signal


class Crash:
    """Armed for one point at most."""

    def __init__(self, point: str = "") -> None:
        self._point = point

    def at(self, point: str) -> None:
        if self._point == point:
            os.kill(os.getpid(), signal.SIGKILL)

    async def hold_for(self, point: str) -> None:
        """Wait for the end that is due at another point, which runs at the same time."""
        if self._point == point:
            await asyncio.Event().wait()

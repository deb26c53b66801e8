"""`python -m app` in a checkout: the same as `fastperf`."""

from __future__ import annotations

from app.cli import main

main()

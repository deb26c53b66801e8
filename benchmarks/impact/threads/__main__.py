"""`python -m benchmarks.impact.threads RESULT MODULE … [NAME …]`: drives the calls, in the environment that has them."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from benchmarks.impact.threads import gaps


def main() -> None:
    result, *arguments = sys.argv[1:]
    modules = [each for each in arguments if "." not in each]
    wanted = frozenset(each for each in arguments if "." in each)
    read = [importlib.import_module(f"benchmarks.impact.threads.{name}") for name in modules]
    groups = [group for module in read for group in module.GROUPS]
    without = {name: why for module in read for name, why in getattr(module, "WITHOUT", {}).items()}
    gaps.everything(groups, wanted, without, lambda seen: Path(result).write_text(json.dumps(seen)))


if __name__ == "__main__":
    main()

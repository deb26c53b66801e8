"""Which fastperf this is."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """The version of the installed distribution; in a checkout, that of its `pyproject.toml`."""
    import tomllib
    from importlib import metadata  # it takes a mail parser along

    try:
        return metadata.version("fastperf")
    except metadata.PackageNotFoundError:
        document = Path(__file__).resolve().parent.parent / "pyproject.toml"
        return str(tomllib.loads(document.read_text(encoding="utf-8"))["project"]["version"])

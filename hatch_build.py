"""What building needs beside `pyproject.toml`: an editable install is the checkout itself, with nothing copied."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Nothing(dict[str, str]):
    """No file. Hatchling takes an empty mapping for none given, and copies what `force-include` names: that copy would be
    imported before the checkout, and go stale with the next edit."""

    def __bool__(self) -> bool:
        return True


class EditableHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["force_include_editable"] = Nothing()

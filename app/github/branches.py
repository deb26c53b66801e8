"""Branches: which checks they require, and of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from app.github.api import API
from app.github.errors import Forbidden, NotFound
from app.github.models import Repository


class Required(NamedTuple):
    """A check without which nothing is merged. `app_id` is the one app it must come from; None: anybody's will do."""

    name: str
    app_id: int | None


class Branches:
    def __init__(self, api: API, repository: Repository) -> None:
        self._api = api
        self._names = {"owner": repository.owner, "repo": repository.name}

    async def required(self, branch: str) -> list[Required]:
        """By rulesets, the organisation's too, and by branch protection, as far as an app may see them."""
        where = {**self._names, "branch": branch}
        try:
            rules = await self._api.getitem(
                "/repos/{owner}/{repo}/rules/branches/{branch}{?per_page}", {**where, "per_page": "100"}
            )
        except (NotFound, Forbidden):  # an older server of one's own, or a plan without rulesets
            rules = []
        seen = await self._api.getitem("/repos/{owner}/{repo}/branches/{branch}", where)
        return [*_of_rules(rules), *_of_protection(seen)]


def _of_rules(rules: list[Mapping[str, Any]]) -> list[Required]:
    return [
        _required(check, "integration_id")
        for rule in rules
        if rule.get("type") == "required_status_checks"
        for check in (rule.get("parameters") or {}).get("required_status_checks") or ()
    ]


def _of_protection(branch: Mapping[str, Any]) -> list[Required]:
    required = (branch.get("protection") or {}).get("required_status_checks") or {}
    checks = [_required(check, "app_id") for check in required.get("checks") or ()]
    named = {check.name for check in checks}
    return [
        *checks,
        *(Required(str(name), None) for name in required.get("contexts") or () if name not in named),
    ]


def _required(check: Mapping[str, Any], key: str) -> Required:
    app_id = check.get(key)
    return Required(
        str(check["context"]), None if app_id in (None, -1) else int(app_id)
    )  # -1: any, said aloud

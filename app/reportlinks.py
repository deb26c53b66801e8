"""Addresses of report pages: an unguessable name for each report, and a signature that ends."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Final
from urllib.parse import urlencode

DAY: Final = 86_400
_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_UNTIL: Final = re.compile(r"[0-9]{1,12}\Z")


class ReportLinks:
    """Made with a key of the app's own, so that every machine signs alike. Without a public address there are none."""

    def __init__(self, public_url: str, secret: str, *, days: int) -> None:
        self._public_url = public_url
        self._key = hashlib.blake2b(secret.encode(), digest_size=32, person=b"fastperf-reports").digest()
        self._seconds = days * DAY

    def __repr__(self) -> str:
        return f"ReportLinks({self._public_url!r})"

    def id(self, repository_id: int, number: int, head_sha: str) -> str:
        """The same report keeps its name when it is written again."""
        return self._sign(f"{repository_id}#{number}@{head_sha}")

    def url(self, report_id: str, below: str = "") -> str:
        """The address for whoever may see the check run; empty when there is no public address.

        What lies `below` a report opens with the same key.
        """
        if not self._public_url:
            return ""
        until = str(int(time.time()) // DAY * DAY + self._seconds + DAY)
        query = urlencode({"until": until, "key": self._sign(f"{report_id} until {until}")})
        return f"{self._public_url}/reviews/{report_id}{below}?{query}"

    def allows(self, report_id: str, until: str, key: str) -> bool:
        """Whether the address is one of ours and has not ended."""
        if not (_ID.match(report_id) and _UNTIL.match(until) and _ID.match(key)):
            return False
        genuine = hmac.compare_digest(self._sign(f"{report_id} until {until}"), key)
        return genuine and int(until) > time.time()

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]

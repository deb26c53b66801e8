"""The app's credentials on disk, as the setup page stores them: one JSON file that only its owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

import msgspec

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
FILE: Final = "fastperf-credentials.json"


class CredentialsError(Exception):
    """The file cannot be used; the message is one line without anything secret."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What GitHub hands out when it makes an app of a manifest."""

    app_id: str
    slug: str
    html_url: str
    private_key: str
    webhook_secret: str
    client_id: str = ""
    client_secret: str = ""

    def __repr__(self) -> str:
        return f"Credentials(app_id={self.app_id!r}, slug={self.slug!r})"


def load(path: Path) -> Credentials | None:
    """None when there is no such file. Raises CredentialsError when others may read it or it is damaged."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(1_000_000)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}") from None
    if mode & _OTHERS:
        raise CredentialsError(f"{path} can be read by others: chmod 600 {path}")
    try:
        return msgspec.json.decode(content, type=Credentials)
    except msgspec.MsgspecError:
        raise CredentialsError(f"{path} is damaged: restore it, or remove it to set up anew") from None


def save(path: Path, credentials: Credentials) -> None:
    """Write the file whole and durably, never over one that is there. Raises CredentialsError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(credentials), indent=1))
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)  # fails when the file is there, unlike a rename
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise CredentialsError(f"{path} is there already") from None
    except OSError as error:
        raise CredentialsError(f"{path} cannot be written: {error.strerror}") from None

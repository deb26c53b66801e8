"""The environment, read once into one frozen value. A wrong or missing variable is one line that names it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, TypeVar
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app import credentials

Number = TypeVar("Number", int, float)

SHORTEST_SECRET: Final = 16
KNOWN_SECRETS: Final = frozenset(
    {
        "development",
        "changeme",
        "change-me-please",
        "webhook-secret",
        "your-webhook-secret",
        "mysecretmysecret",
        "its a secret to everybody",
    }
)
"""Secrets that stand in tutorials: whoever knows them could sign deliveries."""

APP_VARIABLES: Final = (
    "FASTPERF_APP_ID",
    "FASTPERF_PRIVATE_KEY",
    "FASTPERF_PRIVATE_KEY_FILE",
    "FASTPERF_WEBHOOK_SECRET",
)
"""Without any of these the credentials file speaks, or the setup page does."""

LOG_LEVELS: Final = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A variable of the environment is missing or wrong; the message is one line that names it."""


class NotConfiguredError(SettingsError):
    """There is no app yet: neither the environment nor the credentials file names one."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this process runs. Secrets never show in its representation."""

    app_id: str
    private_key: str = field(repr=False)
    """PEM text of an RSA key, already proven to parse."""
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """All that are live at the moment: more than one while rotating."""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    api_url: str = "https://api.github.com"
    graphql_url: str | None = None
    database_url: str = field(default="sqlite:///fastperf.db", repr=False)
    """A SQLAlchemy URL; it may hold a password."""
    public_url: str = ""
    machine_id: str = "local"
    workers: int = 1
    retention_days: int = 30
    log_level: str = "info"
    host: str = "0.0.0.0"  # noqa: S104 - a web service in a container listens on all its addresses
    port: int = 8080
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """Where `/metrics` listens; without it and without a token there is no such page."""
    metrics_token: str = field(default="", repr=False)
    operator_token: str = field(default="", repr=False)
    """Opens the operator's part of the status page; without it nobody has one."""
    drain_seconds: float = 20.0

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Another process, or a file, is no place for them."""
        raise TypeError("settings hold secrets: they are not copied into another process")

    @property
    def secrets(self) -> frozenset[str]:
        """Everything that must not appear in a log line."""
        values = {
            self.private_key,
            self.client_secret,
            self.metrics_token,
            self.operator_token,
            *self.webhook_secrets,
        }
        password = make_url(self.database_url).password
        values.add(str(password) if password else "")
        return frozenset(value for value in values if value)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingsError at the first variable that is missing or wrong. Reads the key file.

        When the environment says nothing of the app, the credentials file does that the setup page wrote;
        without one, NotConfiguredError.
        """
        if not any(environment.get(name, "").strip() for name in APP_VARIABLES):
            environment = {**environment, **_stored(environment)}
        reader = _Reader(environment)
        database_url = _database_url(reader)
        return cls(
            app_id=reader.digits("FASTPERF_APP_ID"),
            private_key=_private_key(reader),
            webhook_secrets=_webhook_secrets(reader),
            client_id=reader.text("FASTPERF_CLIENT_ID"),
            client_secret=reader.text("FASTPERF_CLIENT_SECRET"),
            api_url=reader.url("FASTPERF_GITHUB_API_URL", "https://api.github.com"),
            graphql_url=reader.url("FASTPERF_GITHUB_GRAPHQL_URL", "") or None,
            database_url=database_url,
            public_url=reader.url("FASTPERF_PUBLIC_URL", ""),
            machine_id=reader.text("FASTPERF_MACHINE_ID")
            or reader.text("FLY_MACHINE_ID")
            or _machine(database_url),
            workers=reader.number("FASTPERF_WORKERS", 1, int, 1, 64),
            retention_days=reader.number("FASTPERF_RETENTION_DAYS", 30, int, 3, 3650),
            log_level=reader.choice("FASTPERF_LOG_LEVEL", "info", LOG_LEVELS),
            host=reader.text("HOST") or "0.0.0.0",  # noqa: S104 - as above
            port=reader.number("PORT", 8080, int, 0, 65535),
            metrics_host=reader.text("FASTPERF_METRICS_HOST") or "127.0.0.1",
            metrics_port=reader.number("FASTPERF_METRICS_PORT", None, int, 0, 65535),
            metrics_token=reader.secret("FASTPERF_METRICS_TOKEN"),
            operator_token=reader.secret("FASTPERF_OPERATOR_TOKEN"),
            drain_seconds=reader.number("FASTPERF_DRAIN_SECONDS", 20.0, float, 0, 3600),
        )


@dataclass(frozen=True, kw_only=True)
class SetupSettings:
    """What the server needs to know while there is no app yet."""

    credentials_file: Path
    api_url: str
    public_url: str
    host: str
    port: int
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> SetupSettings:
        """Raises SettingsError at the first variable that is wrong."""
        reader = _Reader(environment)
        return cls(
            credentials_file=credentials_file(environment),
            api_url=reader.url("FASTPERF_GITHUB_API_URL", "https://api.github.com"),
            public_url=reader.url("FASTPERF_PUBLIC_URL", ""),
            host=reader.text("HOST") or "0.0.0.0",  # noqa: S104 - as above
            port=reader.number("PORT", 8080, int, 0, 65535),
            log_level=reader.choice("FASTPERF_LOG_LEVEL", "info", LOG_LEVELS),
        )


def database_url(environment: Mapping[str, str]) -> str:
    """The database alone, for tools that need nothing else. Raises SettingsError."""
    return _database_url(_Reader(environment))


def credentials_file(environment: Mapping[str, str]) -> Path:
    """Where the setup page keeps the app's credentials: named, else beside the SQLite file, else here."""
    reader = _Reader(environment)
    if named := reader.text("FASTPERF_CREDENTIALS_FILE"):
        return Path(named)
    url = make_url(_database_url(reader))
    beside = Path(url.database).parent if url.drivername == "sqlite" and url.database else Path()
    return beside / credentials.FILE


def _stored(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that the credentials file stands for."""
    path = credentials_file(environment)
    try:
        stored = credentials.load(path)
    except credentials.CredentialsError as error:
        raise SettingsError(str(error)) from None
    if stored is None:
        raise NotConfiguredError(f"{APP_VARIABLES[0]} is not set, and there is no {path}")
    return {
        "FASTPERF_APP_ID": stored.app_id,
        "FASTPERF_PRIVATE_KEY": stored.private_key,
        "FASTPERF_WEBHOOK_SECRET": stored.webhook_secret,
        "FASTPERF_CLIENT_ID": stored.client_id,
        "FASTPERF_CLIENT_SECRET": stored.client_secret,
    }


@dataclass(frozen=True)
class _Reader:
    environment: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.environment.get(name, "").strip()

    def required(self, name: str) -> str:
        if not (value := self.text(name)):
            raise SettingsError(f"{name} is not set")
        return value

    def digits(self, name: str) -> str:
        value = self.required(name)
        if not (value.isascii() and value.isdigit()):
            raise SettingsError(f"{name} must be the number that GitHub shows on the app's page")
        return value

    def number(
        self, name: str, default: Number | None, kind: Callable[[str], Number], least: float, most: float
    ) -> Number:
        if not (value := self.text(name)):
            return default  # type: ignore[return-value]  # None only where the field allows it
        complaint = f"{name} must be a number from {least:g} to {most:g}, not {value!r}"
        try:
            number = kind(value)
        except ValueError:
            raise SettingsError(complaint) from None
        if not least <= number <= most:
            raise SettingsError(complaint)
        return number

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name).lower() or default
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(filter(None, choices))}, not {value!r}")
        return value

    def url(self, name: str, default: str) -> str:
        value = (self.text(name) or default).rstrip("/")
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            host = parts.hostname
        except ValueError:
            raise SettingsError(f"{name} is not a URL") from None
        if (
            parts.scheme not in ("https", "http")
            or not host
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise SettingsError(f"{name} must look like https://host/path")
        if parts.scheme == "http" and not is_loopback(host):
            raise SettingsError(f"{name} must use https (http only on this machine)")
        return value

    def secret(self, name: str) -> str:
        value = self.text(name)
        if value:
            refuse_weak_secret(name, value)
        return value


def refuse_weak_secret(name: str, value: str) -> None:
    """Raises SettingsError, without the secret in it, when `value` could be guessed."""
    if len(value) < SHORTEST_SECRET:
        raise SettingsError(f"{name} is too short: at least {SHORTEST_SECRET} characters")
    plain = "".join(character for character in value.lower() if character not in "'\"")
    if plain in KNOWN_SECRETS or len(set(value)) < 4:
        raise SettingsError(f"{name} is a well-known example: make one with `openssl rand -hex 32`")


def _webhook_secrets(reader: _Reader) -> tuple[str, ...]:
    name = "FASTPERF_WEBHOOK_SECRET"
    secrets = tuple(part.strip() for part in reader.required(name).split(",") if part.strip())
    if not secrets:
        raise SettingsError(f"{name} is not set")
    for secret in secrets:
        refuse_weak_secret(name, secret)
    return secrets


def _private_key(reader: _Reader) -> str:
    name = "FASTPERF_PRIVATE_KEY"
    # One-line environments carry the line ends of the PEM as \n.
    value = reader.text(name).replace("\\n", "\n")
    if not value:
        if not (file := reader.text("FASTPERF_PRIVATE_KEY_FILE")):
            raise SettingsError("FASTPERF_PRIVATE_KEY is not set (nor FASTPERF_PRIVATE_KEY_FILE)")
        name = "FASTPERF_PRIVATE_KEY_FILE"
        try:
            value = Path(file).read_text("ascii").strip()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a PEM file"
            raise SettingsError(f"{name}: {file} cannot be read: {reason}") from None
    try:
        key = load_pem_private_key(value.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{name} is not an unencrypted private key in PEM form") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SettingsError(f"{name} is not an RSA key, which GitHub apps have")
    return value + "\n"


def _database_url(reader: _Reader) -> str:
    name = "FASTPERF_DATABASE_URL"
    value = reader.text(name) or "sqlite:///fastperf.db"
    if value.startswith("postgres://"):
        value = "postgresql://" + value.removeprefix("postgres://")
    try:
        url = make_url(value)
    except ArgumentError:
        raise SettingsError(f"{name} is not a database URL") from None
    match url.drivername:
        case "sqlite" if url.database and url.database != ":memory:":
            return value
        case "postgresql" | "postgresql+psycopg" if url.database:
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    raise SettingsError(f"{name} must be sqlite:///file.db or postgresql://user@host/database")


def is_loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _machine(database_url: str) -> str:
    """A machine without a name of its own. A file has one machine, whose next container is called otherwise."""
    return "local" if database_url.startswith("sqlite") else socket.gethostname() or "local"

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.settings import Settings, SettingsError


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


RSA = _pem(rsa.generate_private_key(65537, 2048))
GOOD = {
    "FASTPERF_APP_ID": "12",
    "FASTPERF_PRIVATE_KEY": RSA,
    "FASTPERF_WEBHOOK_SECRET": "0f9d1c2b3a4e5f60718293",
}


def test_defaults_are_those_of_the_documentation() -> None:
    settings = Settings.from_environment(GOOD)

    assert settings.api_url == "https://api.github.com"
    assert settings.graphql_url is None
    assert settings.database_url == "sqlite:///fastperf.db"
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 8080, 1)
    assert settings.metrics_port is None


def test_a_one_line_key_and_two_secrets_are_understood() -> None:
    environment = GOOD | {
        "FASTPERF_PRIVATE_KEY": RSA.replace("\n", "\\n"),
        "FASTPERF_WEBHOOK_SECRET": "old-secret-of-last-year, new-secret-of-this-year",
    }
    settings = Settings.from_environment(environment)

    assert settings.private_key.strip() == RSA.strip()
    assert settings.webhook_secrets == ("old-secret-of-last-year", "new-secret-of-this-year")


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(RSA)
    environment = {name: value for name, value in GOOD.items() if name != "FASTPERF_PRIVATE_KEY"}

    settings = Settings.from_environment(environment | {"FASTPERF_PRIVATE_KEY_FILE": str(file)})

    assert settings.private_key.strip() == RSA.strip()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgres://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgresql://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("sqlite:////data/fastperf.db", "sqlite:////data/fastperf.db"),
    ],
)
def test_database_urls_name_the_driver(given: str, kept: str) -> None:
    assert Settings.from_environment(GOOD | {"FASTPERF_DATABASE_URL": given}).database_url == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FASTPERF_APP_ID", ""),
        ("FASTPERF_APP_ID", "Iv1.abc"),
        ("FASTPERF_PRIVATE_KEY", ""),
        ("FASTPERF_PRIVATE_KEY", "not a key"),
        ("FASTPERF_PRIVATE_KEY", _pem(ec.generate_private_key(ec.SECP256R1()))),
        ("FASTPERF_WEBHOOK_SECRET", ""),
        ("FASTPERF_WEBHOOK_SECRET", " , "),
        ("FASTPERF_WEBHOOK_SECRET", "short"),
        ("FASTPERF_WEBHOOK_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaa"),
        ("FASTPERF_WEBHOOK_SECRET", "It's a Secret to Everybody"),
        ("FASTPERF_WEBHOOK_SECRET", "0f9d1c2b3a4e5f60718293,short"),
        ("FASTPERF_GITHUB_API_URL", "http://api.github.com"),
        ("FASTPERF_GITHUB_API_URL", "https://user@api.github.com"),
        ("FASTPERF_GITHUB_API_URL", "ftp://x"),
        ("FASTPERF_GITHUB_API_URL", "https://[x"),
        ("FASTPERF_PUBLIC_URL", "fastperf.example"),
        ("FASTPERF_DATABASE_URL", "mysql://host/db"),
        ("FASTPERF_DATABASE_URL", "sqlite://"),
        ("FASTPERF_DATABASE_URL", "::"),
        ("FASTPERF_WORKERS", "0"),
        ("FASTPERF_WORKERS", "many"),
        ("FASTPERF_RETENTION_DAYS", "1"),
        ("FASTPERF_LOG_LEVEL", "loud"),
        ("FASTPERF_METRICS_TOKEN", "short"),
        ("PORT", "99999"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(GOOD | {name: value})

    assert str(refused.value).startswith(name)
    assert "\n" not in str(refused.value)
    if len(value) > 8 and "SECRET" in name:
        assert value not in str(refused.value)


def test_a_machine_keeps_its_name_over_restarts() -> None:
    fly = {"FLY_MACHINE_ID": "148e"}
    postgres = {"FASTPERF_DATABASE_URL": "postgresql://host/db"}

    assert Settings.from_environment(GOOD).machine_id == "local"
    assert Settings.from_environment(GOOD | fly).machine_id == "148e"
    assert Settings.from_environment(GOOD | fly | {"FASTPERF_MACHINE_ID": "one"}).machine_id == "one"
    assert Settings.from_environment(GOOD | postgres).machine_id == socket.gethostname()


def test_an_unreadable_key_file_is_named(tmp_path: Path) -> None:
    environment = {name: value for name, value in GOOD.items() if name != "FASTPERF_PRIVATE_KEY"}

    with pytest.raises(SettingsError, match=r"FASTPERF_PRIVATE_KEY_FILE.*No such file"):
        Settings.from_environment(environment | {"FASTPERF_PRIVATE_KEY_FILE": str(tmp_path / "none")})


def test_the_representation_shows_no_secret() -> None:
    settings = Settings.from_environment(
        GOOD
        | {
            "FASTPERF_CLIENT_SECRET": "client-secret-1234",
            "FASTPERF_DATABASE_URL": "postgresql://u:database-password@host/db",
            "FASTPERF_METRICS_TOKEN": "metrics-token-12345",
        }
    )
    shown = f"{settings!r} {settings}"

    assert settings.secrets >= {"client-secret-1234", "database-password", "metrics-token-12345"}
    for secret in settings.secrets:
        assert secret.strip() not in shown

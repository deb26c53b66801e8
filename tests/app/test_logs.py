from __future__ import annotations

import io
import json
import logging

import structlog

from app import logs

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAcanary0123456789\n-----END RSA PRIVATE KEY-----\n"


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_a_constant_event_and_fields() -> None:
    stream = io.StringIO()
    logs.configure("info", stream=stream)

    with structlog.contextvars.bound_contextvars(delivery="d-1"):
        structlog.get_logger("x").info("review_done", head_sha="f" * 40)

    (line,) = _lines(stream)
    assert line["event"] == "review_done"
    assert line["delivery"] == "d-1"
    assert line["head_sha"] == "f" * 40
    assert line["level"] == "info"


def test_secrets_are_redacted_wherever_they_stand() -> None:
    stream = io.StringIO()
    logs.configure("info", ["webhook-secret-value", KEY], stream=stream)
    log = structlog.get_logger("x")

    log.info("a", text="the webhook-secret-value", inner={"k": ["webhook-secret-value"]}, url=KEY)
    try:
        raise RuntimeError("failed with MIIEowIBAAKCAQEAcanary0123456789 and webhook-secret-value")
    except RuntimeError:
        log.exception("b")
    log.info("c", header="Authorization: token ghs_16C7e42F292c6912E7710c838347Ae178B4a")
    log.info("d", stateless="ghs_1234_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl")
    logging.getLogger("some.library").error("said %s", "webhook-secret-value")

    assert len(_lines(stream)) == 5
    assert "ghs_" not in stream.getvalue()
    assert "canary" not in stream.getvalue()
    assert "webhook-secret-value" not in stream.getvalue()


def test_libraries_are_lines_of_ours_and_the_engine_is_quiet() -> None:
    stream = io.StringIO()
    logs.configure("info", stream=stream)

    logging.getLogger("dbos").info("To view and manage workflows, connect to …")
    logging.getLogger("dbos").error("Awaited workflow x was cancelled")
    logging.getLogger("dbos").warning(
        "Exception in background job delayed: (sqlite3.OperationalError) disk I/O error"
    )
    logging.getLogger("dbos").warning("Database connection failed: x")

    (line,) = _lines(stream)
    assert line["event"] == "library_message"
    assert line["logger"] == "dbos"
    assert line["message"] == "Database connection failed: x"


def test_levels_hold() -> None:
    stream = io.StringIO()
    logs.configure("warning", stream=stream)

    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")

    assert [line["event"] for line in _lines(stream)] == ["loud"]

"""The service and its stand-in GitHub, as the tests of the service have them."""

from tests.app.conftest import _logs, blockbuster, database, migrated, service

__all__ = ["_logs", "blockbuster", "database", "migrated", "service"]

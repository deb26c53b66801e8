"""The project names a driver of PostgreSQL, and one of SQLite that only asynchronous engines take."""

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop.settings import settings

engine = create_engine(settings.database_url.get_secret_value())  # FP606 (summary)


class Database:
    """What is handed on to connect tells the driver."""

    engines: dict[str, AsyncEngine] = {}

    def engine(self, url: str, timeout: float | None, size: int | None) -> AsyncEngine:
        if url not in self.engines:
            kwargs = dict()
            connect_args = dict()
            if timeout is not None:
                connect_args["command_timeout"] = timeout
            if connect_args:
                connect_args["server_settings"] = {"jit": "off"}
                kwargs["connect_args"] = connect_args
            if size is not None:
                kwargs["pool_size"] = size
            self.engines[url] = create_async_engine(url, **kwargs)  # FP606 (summary)
        return self.engines[url]


# Near misses


class Checked:
    engines: dict[str, AsyncEngine] = {}

    def engine(self, url: str, timeout: float | None, size: int | None) -> AsyncEngine:
        if url not in self.engines:
            kwargs = dict(pool_pre_ping=True)
            if timeout is not None:
                kwargs["connect_args"] = {"command_timeout": timeout}
            if size is not None:
                kwargs["pool_size"] = size
            self.engines[url] = create_async_engine(url, **kwargs)
        return self.engines[url]


class Embedded:
    engines: dict[str, AsyncEngine] = {}

    def engine(self, url: str, timeout: float | None, size: int | None) -> AsyncEngine:
        if url not in self.engines:
            kwargs = dict()
            if timeout is not None:
                kwargs["connect_args"] = {"timeout": timeout}
            if size is not None:
                kwargs["pool_size"] = size
            self.engines[url] = create_async_engine(url, **kwargs)
        return self.engines[url]


either = create_async_engine(settings.any_database_url)
configured = create_engine(settings.database_url.get_secret_value(), pool_size=10, pool_pre_ping=True)

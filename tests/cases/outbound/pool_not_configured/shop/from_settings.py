"""The project names a driver of PostgreSQL, and one of SQLite that only asynchronous engines take."""

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from shop.settings import settings

engine = create_engine(settings.database_url.get_secret_value())  # FP606 (summary)


# Near misses

either = create_async_engine(settings.any_database_url)
configured = create_engine(settings.database_url.get_secret_value(), pool_size=10, pool_pre_ping=True)

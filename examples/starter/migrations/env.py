"""Runs the migrations with the application's own settings."""

from alembic import context
from backend.models import Base
from backend.settings import settings
from sqlalchemy import create_engine

engine = create_engine(settings().database_url)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

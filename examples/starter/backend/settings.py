"""Settings, read once."""

from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str = "postgresql+psycopg://localhost/backend"
    carrier_url: str = "https://carrier.example"


@lru_cache(maxsize=1)
def settings() -> Settings:
    return Settings()

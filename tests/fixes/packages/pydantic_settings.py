"""As much of pydantic-settings as the apps use: settings without an environment."""

from pydantic import BaseModel


class BaseSettings(BaseModel):
    pass

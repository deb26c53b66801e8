from fastapi import Depends, FastAPI
from pydantic_settings import BaseSettings

app = FastAPI()


class Settings(BaseSettings):
    currency: str = "EUR"
    countries: list[str] = ["DE", "FR"]


def get_settings() -> Settings:
    return Settings()


@app.get("/currency")
def currency(settings: Settings = Depends(get_settings)) -> dict[str, object]:
    return {"currency": settings.currency, "countries": settings.countries}

from datetime import date

from fastapi import Body, FastAPI, HTTPException
from pydantic import TypeAdapter, ValidationError

app = FastAPI()


@app.post("/days")
def days(text: str = Body()) -> list[date]:
    try:
        return TypeAdapter(list[date]).validate_json(text)
    except ValidationError as error:
        raise HTTPException(400, str(error.error_count())) from error

from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, status

from shop import errors
from shop.errors import Errors, Refused, too_early, too_late

app = FastAPI()
credentials_exception = HTTPException(  # FP722
    status_code=status.HTTP_401_UNAUTHORIZED, detail="Could not validate credentials"
)
refused: Refused = Refused("refused")  # FP722
never_raised = HTTPException(404)
Problem = Refused
made_anew = HTTPException(404)
made_anew = HTTPException(410)


def current_user(token: Annotated[str, Header()]) -> str:
    if token == "":
        raise credentials_exception
    try:
        return token.removeprefix("Bearer ")
    except ValueError:
        raise credentials_exception from None


@app.get("/orders")
def orders(user: Annotated[str, Depends(current_user)]) -> list[str]:
    if user == "nobody":
        raise refused
    return []


@app.get("/offers")
async def offers(day: int) -> None:
    if day > 10:
        raise too_late  # FP722
    if day > 9:
        raise errors.too_late  # FP722
    if day > 8:
        raise Errors.sold_out  # FP722
    if day == 7:
        raise too_late


# Near misses


@app.get("/other")
async def other(day: int) -> None:
    if day > 9:
        raise HTTPException(404)
    if day > 8:
        raise Problem
    if day > 7:
        raise too_early()
    if day > 6:
        raise errors.too_early()
    if day > 5:
        raise Refused("no")
    if day > 4:
        raise Refused
    if day > 3:
        raise made_anew
    print(never_raised.detail)


@app.get("/local")
async def local(day: int) -> None:
    refused = Refused("today")
    if day > 9:
        raise refused
    failure = None
    try:
        print(day)
    except ValueError as error:
        failure = error
    if failure is not None:
        raise failure


@app.get("/given")
async def given(credentials_exception: Annotated[Exception, Depends(too_early)]) -> None:
    raise credentials_exception

"""Where the endpoints of `api.py` take their page sizes from."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field, field_validator


class PaginationRequest(BaseModel):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 100  # FP223 (change)


PaginationQuery = Annotated[PaginationRequest, Depends(PaginationRequest)]


class PageParams(BaseModel):
    offset: int = 0
    limit: int = Field(50, ge=1)  # FP223 (summary)


@dataclass
class Window:
    cursor: str | None = None
    size: int = 20  # FP223 (summary)


class Pagination:
    def __init__(
        self,
        page: int = Query(1),
        size: int = Query(20, ge=1),  # FP223 (summary)
    ) -> None:
        self.page = page
        self.size = size


def paging(skip: int = 0, limit: int = 100) -> dict[str, int]:  # FP223 (summary)
    return {"skip": skip, "limit": limit}


Commons = Annotated[dict[str, int], Depends(paging)]
Limit = Annotated[int, Query(ge=1)]  # FP223 (summary)


# Near misses


class BoundedParams(BaseModel):
    offset: int = 0
    limit: int = Field(50, ge=1, le=100)


class CheckedParams(BaseModel):
    offset: int = 0
    limit: int = 50

    @field_validator("limit")
    @classmethod
    def not_too_many(cls, value: int) -> int:
        return min(value, 100)


class CutParams(BaseModel):
    offset: int = 0
    limit: int = 50

    @property
    def rows(self) -> int:
        return min(self.limit, 100)


class Made(BaseModel):
    page: int
    limit: int


def made(page: int = 1, limit: int = Query(10, le=100)) -> Made:
    return Made(page=page, limit=limit)


MadeQuery = Annotated[Made, Depends(made)]


class SizeOfShirt(BaseModel):
    colour: str = ""
    size: int = 40


class PageOfOrders(BaseModel):
    """An answer."""

    page: int
    page_size: int


class NobodyAsks(BaseModel):
    page: int = 1
    page_size: int = 10


def cut_paging(skip: int = 0, limit: int = 100) -> dict[str, int]:
    return {"skip": skip, "limit": min(limit, 100)}


PerPage = Annotated[int, Query(ge=1, le=100)]
Size = Annotated[float, Query(ge=1)]

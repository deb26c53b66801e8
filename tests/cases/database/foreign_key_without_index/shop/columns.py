from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import mapped_column


def foreign_key(target: str, **options: Any):
    return mapped_column(ForeignKey(target), **options)

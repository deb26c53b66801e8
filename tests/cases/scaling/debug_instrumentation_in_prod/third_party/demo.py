"""A copy of another project's demo."""

from sqlalchemy import create_engine

engine = create_engine("postgresql://db/shop", echo=True)

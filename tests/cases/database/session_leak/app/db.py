from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

engine = create_engine("postgresql://db/shop")
SessionLocal = sessionmaker(engine)
session = SessionLocal()  # FP220 (inline)
own = scoped_session(SessionLocal)
unused = SessionLocal()

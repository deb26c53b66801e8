from fastapi import FastAPI

from directory import bounded, unbounded

app = FastAPI()
app.include_router(bounded.router)
app.include_router(unbounded.router)

from fastapi import FastAPI

from app import several

app = FastAPI()
app.include_router(several.router)

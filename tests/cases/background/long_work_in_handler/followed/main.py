from fastapi import FastAPI

from .channels import router

app = FastAPI()
app.include_router(router)

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
app.mount("/media", StaticFiles(directory="media"), name="media")  # FP515
app.mount("/user/uploads", StaticFiles(directory="uploads"))  # FP515

# Near misses

app.mount("/static", StaticFiles(directory="static"), name="static")
app.mount("/assets", StaticFiles(directory="dist/assets"))
app.mount("/media-api", FastAPI())


class Disk:
    def mount(self, path: str, target: object) -> None:
        raise NotImplementedError


Disk().mount("/media", object())

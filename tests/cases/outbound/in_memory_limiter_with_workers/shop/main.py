import os

from fastapi import FastAPI
from slowapi import Limiter
from slowapi.util import get_remote_address

app = FastAPI()
limiter = Limiter(key_func=get_remote_address, default_limits=["100/minute"])  # FP616 (inline)
per_route = Limiter(key_func=get_remote_address)  # FP616 (summary)

# Near misses

OPTIONS = {"storage_uri": "redis://cache"}
shared = Limiter(key_func=get_remote_address, storage_uri=os.environ["REDIS_URL"])
from_options = Limiter(key_func=get_remote_address, **OPTIONS)


class Limits:
    def __init__(self, key_func: object) -> None:
        self.key_func = key_func


own = Limits(get_remote_address)

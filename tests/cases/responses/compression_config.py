from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from starlette.middleware import Middleware

OPTIONS = {"compresslevel": 5}

app = FastAPI(middleware=[Middleware(GZipMiddleware, minimum_size=1000)])  # FP511
app.add_middleware(GZipMiddleware)  # FP511
app.add_middleware(GZipMiddleware, compresslevel=9)  # FP511
app.add_middleware(GZipMiddleware, minimum_size=0, compresslevel=4)  # FP511

# Near misses

app.add_middleware(GZipMiddleware, compresslevel=5)
app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
app.add_middleware(GZipMiddleware, **OPTIONS)
app.add_middleware(CORSMiddleware, allow_origins=["*"])
other = FastAPI(middleware=[Middleware(GZipMiddleware, compresslevel=6)])

inner = FastAPI()
inner.add_middleware(GZipMiddleware, minimum_size=500)  # FP511
outer = FastAPI()
outer.add_middleware(GZipMiddleware, minimum_size=500)  # FP511 (summary)
outer.mount("/api", app=inner)

plain = FastAPI()
answering = FastAPI()
answering.add_middleware(GZipMiddleware, minimum_size=500)  # FP511
answering.mount("/plain", plain)

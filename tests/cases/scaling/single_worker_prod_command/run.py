import os

import uvicorn

DEBUG = os.environ.get("DEBUG") == "1"

if __name__ == "__main__":
    uvicorn.run("shop.main:app", host="0.0.0.0", reload=True)  # FP711
    uvicorn.run("shop.main:app", host="0.0.0.0", reload=DEBUG)
    uvicorn.run("shop.main:app", host="0.0.0.0", reload=False)
    uvicorn.run("shop.main:app", host="0.0.0.0")

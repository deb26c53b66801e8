from fastapi import FastAPI

app = FastAPI()  # FP721
other = FastAPI()


@app.get("/1")
def endpoint_1() -> int:
    return 1


@app.get("/2")
def endpoint_2() -> int:
    return 2


@app.get("/3")
def endpoint_3() -> int:
    return 3


@app.get("/4")
def endpoint_4() -> int:
    return 4


@app.get("/5")
def endpoint_5() -> int:
    return 5

import time

from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/parcels/{number}")
async def parcel(number: int) -> dict[str, int]:
    time.sleep(0.001)  # the carrier allows one question a millisecond
    if number > 3:
        raise HTTPException(404, "no such parcel")
    return {"number": number}

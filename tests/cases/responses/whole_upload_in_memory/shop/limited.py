from fastapi import APIRouter, HTTPException, Request, UploadFile

router = APIRouter()


@router.post("/limited")
async def limited(request: Request, file: UploadFile) -> int:
    if int(request.headers.get("content-length", 0)) > 5_000_000:
        raise HTTPException(413)
    return hash(await file.read())

from fastapi import APIRouter, UploadFile

router = APIRouter()


@router.post("/plain")
async def plain(file: UploadFile) -> int:
    return hash(await file.read())  # FP505

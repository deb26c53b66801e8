from fastapi import APIRouter, UploadFile

router = APIRouter()


@router.post("/uncounted")
async def uncounted(file: UploadFile) -> int:
    return hash(await file.read())  # FP505

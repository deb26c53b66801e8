import requests
from fastapi import APIRouter

router = APIRouter()


@router.get("/first")
def first() -> str:
    return requests.get("https://rates.example/first", timeout=5).text  # FP603 (summary)


@router.get("/second")
def second() -> str:
    return requests.get("https://rates.example/second", timeout=5).text  # FP603 (summary)


@router.post("/third")
def third(name: str) -> str:
    return requests.post("https://rates.example/third", json=name, timeout=5).text  # FP603 (summary)

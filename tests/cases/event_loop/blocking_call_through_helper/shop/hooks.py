"""Methods that do nothing in the base class, where heirs have something to do."""

import asyncio
import subprocess

from fastapi import APIRouter

from shop.elsewhere import chosen

router = APIRouter()


class Provider:
    def metadata(self, path: str) -> dict[str, str] | None:
        """What is known of a file; nothing, where a provider knows nothing."""
        return None

    @classmethod
    def kinds(cls, path: str) -> list[str] | None:
        return None

    def closed(self, path: str) -> None:
        pass

    def told(self, path: str) -> str:
        return path

    def described(self, path: str) -> str:
        self.opened(path)
        return path

    def opened(self, path: str) -> None: ...


class Video(Provider):
    def metadata(self, path: str) -> dict[str, str] | None:
        return {"told": subprocess.run(["ffprobe", path], capture_output=True, timeout=60, check=True).stdout.decode()}

    @classmethod
    def kinds(cls, path: str) -> list[str] | None:
        return [subprocess.run(["ffprobe", path], capture_output=True, timeout=60, check=True).stdout.decode()]

    def opened(self, path: str) -> None:
        subprocess.run(["ffprobe", path], timeout=60, check=True)

    def told(self, path: str) -> str:
        return subprocess.run(["ffprobe", path], capture_output=True, timeout=60, check=True).stdout.decode()


class Image(Provider):
    def metadata(self, path: str) -> dict[str, str] | None:
        return {"path": path}

    def closed(self, path: str) -> None:
        print(path)


class Text(Provider):
    pass


def provider_of(path: str) -> Provider:
    return chosen(path)


def class_of(path: str) -> type[Provider]:
    return chosen(path)


@router.get("/metadata")
async def metadata(path: str) -> dict[str, str] | None:
    await asyncio.sleep(0)
    return provider_of(path).metadata(path)  # FP103


@router.get("/kinds")
async def kinds(path: str) -> list[str] | None:
    await asyncio.sleep(0)
    return class_of(path).kinds(path)  # FP103


@router.get("/descriptions")
async def descriptions(path: str) -> str:
    await asyncio.sleep(0)
    return provider_of(path).described(path)  # which heir opens it is not seen in the template


@router.get("/videos")
async def videos(path: str) -> dict[str, str] | None:
    await asyncio.sleep(0)
    return Video().metadata(path)  # FP103


@router.get("/images")
async def images(path: str) -> dict[str, str] | None:
    await asyncio.sleep(0)
    Image().closed(path)
    return Image().metadata(path)


@router.get("/texts")
async def texts(path: str) -> dict[str, str] | None:
    await asyncio.sleep(0)
    Text().opened(path)  # none of its heirs does anything
    Text().kinds(path)
    return Text().metadata(path)


@router.get("/closed")
async def closed(path: str) -> None:
    await asyncio.sleep(0)
    provider_of(path).closed(path)


@router.get("/told")
async def told(path: str) -> str:
    await asyncio.sleep(0)
    return provider_of(path).told(path)  # the base class does something itself


@router.get("/threads")
async def threads(path: str) -> dict[str, str] | None:
    return await asyncio.to_thread(provider_of(path).metadata, path)

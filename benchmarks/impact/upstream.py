"""The other service on loopback: `/wait?ms=20` answers after that time, `/hang` never does."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web


async def wait(request: web.Request) -> web.Response:
    milliseconds = float(request.query.get("ms", 20))
    if milliseconds:
        await asyncio.sleep(milliseconds / 1000)
    return web.json_response({"ok": True})


async def hang(_: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def main(port: int) -> None:
    app = web.Application()
    app.router.add_get("/wait", wait)
    app.router.add_get("/hang", hang)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor

import anyio
from asgiref.sync import async_to_sync
from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()


async def fetch(number: int = 0) -> int:
    await asyncio.sleep(number)
    return number


def helper() -> int:
    return asyncio.run(fetch())  # FP108


def only_in_threads() -> int:
    return asyncio.run(fetch())


async def dependency() -> int:
    return asyncio.run(fetch(2))  # FP108


def sync_dependency() -> int:
    return asyncio.run(fetch(2))


@app.get("/a")
async def nested(value: int = Depends(dependency), other: int = Depends(sync_dependency)) -> int:
    asyncio.run(fetch(1))  # FP108
    asyncio.run(fetch(1), debug=True)  # FP108
    asyncio.get_event_loop().run_until_complete(fetch())  # FP108
    anyio.run(fetch, 1)  # FP108
    async_to_sync(fetch)(1)  # FP108
    return helper()


@app.get("/b")
async def awaited() -> int:
    await fetch(1)
    await run_in_threadpool(only_in_threads)
    await asyncio.to_thread(asyncio.run, fetch())
    await asyncio.to_thread(lambda: asyncio.run(fetch()))
    called_later = async_to_sync(fetch)
    await asyncio.to_thread(called_later, 1)
    asyncio.run_coroutine_threadsafe(fetch(), asyncio.get_running_loop())
    return await fetch()


@app.get("/c")
def in_a_thread() -> int:
    asyncio.run(fetch())
    async_to_sync(fetch)(1)
    return anyio.run(fetch, 1)


def main() -> None:
    asyncio.run(fetch())


if __name__ == "__main__":
    main()
    asyncio.run(fetch())


class Remote:
    def search(self) -> int:
        return asyncio.run(fetch())  # FP108 (inline)


class Local:
    def search(self) -> int:
        return 1


STORES = {"remote": Remote(), "local": Local()}


@app.get("/search/{kind}")
async def search_in_one_of_several(kind: str) -> int:
    return STORES[kind].search()


@app.get("/rates/best-effort")
async def what_raises_is_caught() -> int:
    try:
        return asyncio.run(fetch())  # FP108 (summary)
    except Exception:
        return 0


@app.get("/rates/other-errors")
async def only_others_are_caught() -> int:
    try:
        return asyncio.run(fetch())  # FP108 (inline)
    except ValueError:
        return 0


def finished(result: object) -> object:
    if inspect.iscoroutine(result):
        return asyncio.run(result)  # FP108 (summary)
    return result


@app.get("/rates/either")
async def of_either_kind() -> object:
    return finished(helper())


executor = ThreadPoolExecutor()


def in_a_thread_as_a_rule() -> int:
    return asyncio.run(fetch())  # FP108 (summary)


@app.get("/rates/elsewhere")
async def handed_to_a_thread_but_when_it_is_shut_down() -> int:
    if executor is None:
        return in_a_thread_as_a_rule()
    return await asyncio.get_running_loop().run_in_executor(executor, in_a_thread_as_a_rule)


def with_or_without_a_loop() -> int:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is None:
        return asyncio.run(fetch())  # FP108 (summary)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, fetch()).result()


@app.get("/either")
async def either() -> int:
    return with_or_without_a_loop()


def where_the_loop_runs_or_not() -> None:
    try:
        loop = asyncio.get_event_loop()
        if loop.is_running():
            asyncio.ensure_future(fetch())
        else:
            loop.run_until_complete(fetch())  # FP108 (summary)
    except RuntimeError:
        asyncio.run(fetch())  # FP108 (summary)


def where_the_loop_runs() -> None:
    loop = asyncio.get_event_loop()
    if loop.is_running():
        asyncio.run(fetch())  # FP108 (inline)


def whatever_was_asked() -> None:
    print(asyncio.get_event_loop().is_running())
    asyncio.run(fetch())  # FP108 (inline)


@app.get("/cleared")
async def cleared() -> None:
    where_the_loop_runs_or_not()
    where_the_loop_runs()
    whatever_was_asked()

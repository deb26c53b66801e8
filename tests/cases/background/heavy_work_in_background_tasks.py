import cv2
import pandas
import requests
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


def import_prices(path: str) -> None:
    pandas.read_csv(path).groupby("number").sum()


def notify_one(address: str) -> None:
    requests.post("https://mail.example", json=address, timeout=5)


def notify_all(addresses: list[str]) -> None:
    for address in addresses:
        notify_one(address)


def send_approval_request(admins: list[str]) -> None:
    for admin in admins:
        notify_one(admin)


def crawl(urls: list[str]) -> None:
    for url in urls:
        requests.get(url, timeout=5)


@app.post("/imports")
def imports(path: str, addresses: list[str], tasks: BackgroundTasks) -> None:
    tasks.add_task(import_prices, path)  # FP402 (inline)
    tasks.add_task(notify_all, addresses)  # FP402 (inline)
    tasks.add_task(crawl, addresses)  # FP402 (inline)
    tasks.add_task(send_approval_request, addresses)  # FP402 (summary)


# Near misses


def log(path: str) -> None:
    print(path)


def few(address: str) -> None:
    for host in ("a", "b"):
        requests.get(f"https://{host}.example", timeout=5)


@app.post("/light")
def light(path: str, address: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(log, path)
    tasks.add_task(notify_one, address)
    tasks.add_task(few, address)
    tasks.add_task(print, address)


@app.post("/inline")
def inline(path: str) -> None:
    import_prices(path)


def script(addresses: list[str]) -> None:
    notify_all(addresses)


def first_frame(path: str) -> None:
    cv2.imread(path)  # some milliseconds


@app.post("/frames")
def frame(path: str, tasks: BackgroundTasks) -> None:
    tasks.add_task(first_frame, path)

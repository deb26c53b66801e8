import requests


def fetch(url: str) -> str:
    return requests.get(url).text


if __name__ == "__main__":
    print(fetch("https://shop.example"))

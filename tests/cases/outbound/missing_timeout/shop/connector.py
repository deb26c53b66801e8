import requests


class Connector:
    def portal(self, url: str) -> str:
        return requests.get(url).text  # FP601

    def load(self, url: str) -> None:
        self.url = self.portal(url)


if __name__ == "__main__":
    connector = Connector()
    connector.load("https://shop.example")
    print(requests.get("https://shop.example").status_code)

import requests

from kept import bus, checks, exporter, sender, tools


@exporter("pdf")
def export_pdf(text: str) -> bytes:
    return requests.post("https://render.example/pdf", json={"text": text}, timeout=30).content


@exporter("csv")
def export_csv(text: str) -> bytes:
    return text.encode()


@sender("sms")
class Sms:
    def send(self, text: str) -> None:
        requests.post("https://sms.example", json={"text": text}, timeout=5)


def weather(city: str) -> object:
    return requests.get(f"https://weather.example/{city}", timeout=5).json()


def probe(city: str) -> object:
    return requests.get(f"https://probe.example/{city}", timeout=5).json()


@bus.on("ordered")
def tell(text: str) -> None:
    requests.post("https://chat.example", json={"text": text}, timeout=5)


tools.register("weather", weather)
checks.register(probe)

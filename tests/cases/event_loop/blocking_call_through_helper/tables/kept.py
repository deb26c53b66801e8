from collections import defaultdict
from collections.abc import Callable

EXPORTERS: dict[str, Callable[[str], bytes]] = {}
SENDERS = {}


def exporter(kind: str):
    def wrap(function):
        EXPORTERS[kind] = function
        return function

    return wrap


def get_exporter(kind: str) -> Callable[[str], bytes]:
    return EXPORTERS[kind]


class sender:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, cls: type) -> type:
        SENDERS[self.name] = cls()
        return cls


class Tools:
    def __init__(self) -> None:
        self._tools = {}
        self.names = []

    def register(self, name: str, function: Callable[..., object]) -> None:
        self._tools[name] = function
        self.names.append(name)

    def call(self, name: str, city: str) -> object:
        return self._tools[name](city)


class Bus:
    def __init__(self) -> None:
        self.listeners = defaultdict(list)

    def subscribe(self, event: str, listener: Callable[[str], None]) -> None:
        self.listeners[event].append(listener)

    def on(self, event: str):
        def keep(function):
            self.subscribe(event, function)
            return function

        return keep

    def publish(self, event: str, text: str) -> None:
        for listener in self.listeners[event]:
            listener(text)


class Checks:
    """Keeps what it is given in a list of its own call."""

    def register(self, function: Callable[[str], object]) -> list[object]:
        kept = []
        kept.append(function)
        return kept


tools = Tools()
bus = Bus()
checks = Checks()

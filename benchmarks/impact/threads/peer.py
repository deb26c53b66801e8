"""`python -m benchmarks.impact.threads.peer COUNTER FOLDER SECONDS`: whom the calls wait for, in a process of its own.

It prints the ports it listens on, as JSON. Each answer comes after `SECONDS`, and each of these waits adds one to the file
`COUNTER`, so that whoever calls can tell that it was waited for here. `any` is an HTTP service, with TLS and as a proxy too, and
an LDAP and memcached server; to whom it does not understand it says nothing and hangs up. The others speak first, or HTTP/2.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import mmap
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

METHODS = (b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"PATC", b"OPTI", b"CONN")
TLS = b"\x16"
ANSWER = b"{}"
READY = {
    "/.well-known/ready": b"",
    "/v1/meta": b'{"version": "1.30.0"}',
    "/v1/.well-known/ready": b"{}",
    "/json/rpc": b'{"jsonrpc": "2.0", "id": 1, "result": "0x1"}',
}
"""What a client asks for before its first call; it is answered at once."""


class Peer:
    def __init__(self, counter: Path, folder: Path, seconds: float) -> None:
        self._seconds = seconds
        with counter.open("r+b") as file:
            self._count = mmap.mmap(file.fileno(), 8)
        self._lock = threading.Lock()
        self._folder = folder
        self._authority = importlib.import_module("trustme").CA()
        self._authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        self._contexts: dict[str, ssl.SSLContext] = {}

    def wait(self) -> None:
        self.counted()
        time.sleep(self._seconds)

    def counted(self) -> float:
        """How long to wait now; for those that wait in a loop of their own."""
        with self._lock:
            self._count[:] = struct.pack("q", struct.unpack("q", self._count[:])[0] + 1)
        return self._seconds

    def context(self, name: str) -> ssl.SSLContext:
        with self._lock:
            if name not in self._contexts:
                made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(name).configure_cert(made)
                self._contexts[name] = made
        return self._contexts[name]

    def secured(self, connection: socket.socket) -> socket.socket:
        """With a certificate for whatever name is asked for."""
        asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("127.0.0.1", "localhost").configure_cert(asking)

        def named(socket_: ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                socket_.context = self.context(name)

        asking.sni_callback = named
        return asking.wrap_socket(connection, server_side=True)

    def serve(self, connection: socket.socket) -> None:
        """One connection, whatever it speaks."""
        with suppress(OSError, ValueError), connection:
            connection.settimeout(self._seconds)
            try:
                start = connection.recv(4, socket.MSG_PEEK)
            except TimeoutError:
                self.counted()  # it waited all the while for us to begin
                start = b"?"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            connection.settimeout(30)
            if start[:1] == TLS:
                connection = self.secured(connection)
                start = b""
            if not start or start in METHODS:
                self.http(connection)
            elif start[:1] == b"\x30":
                self.ldap(connection)
            elif start in (b"get ", b"gets"):
                self.memcached(connection)
            else:
                self.wait()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def silent(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(1)
            self.wait()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def http(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        with connection, connection.makefile("rb") as asked:
            while line := asked.readline():
                method, path = line.decode("latin-1").split(" ", 2)[:2]
                headers = {}
                while (header := asked.readline().strip()) != b"":
                    name, _, value = header.partition(b":")
                    headers[name.lower()] = value.strip()
                if method == "CONNECT":
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    self.http(self.secured(connection))
                    return
                if headers.get(b"transfer-encoding") == b"chunked":
                    while size := int(asked.readline().partition(b";")[0] or b"0", 16):
                        asked.read(size + 2)
                    asked.readline()
                else:
                    asked.read(int(headers.get(b"content-length", 0)))
                body = READY.get(path.partition("?")[0])
                if body is None:
                    self.wait()
                    body = ANSWER
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + (b"" if method == "HEAD" else body))

    def ldap(self, connection: socket.socket) -> None:
        """To each request the response that says success: of binding, of a search that found nothing."""
        responses = {0x60: 0x61, 0x63: 0x65, 0x66: 0x67, 0x68: 0x69, 0x4A: 0x6B, 0x6E: 0x6F}
        while asked := connection.recv(65_536):
            number = asked[4] if asked[1] < 0x80 else asked[asked[1] - 0x80 + 4]
            kind = asked[5] if asked[1] < 0x80 else asked[asked[1] - 0x80 + 5]
            if kind not in responses:
                return
            self.wait()
            connection.sendall(
                bytes([0x30, 12, 0x02, 1, number, responses[kind], 7, 0x0A, 1, 0, 0x04, 0, 0x04, 0])
            )

    def memcached(self, connection: socket.socket) -> None:
        while connection.recv(65_536):
            self.wait()
            connection.sendall(b"END\r\n")

    def smtp(self, connection: socket.socket) -> None:
        """It takes a mail, and thinks about it."""
        with suppress(OSError), connection, connection.makefile("rb") as asked:
            connection.sendall(b"220 shop\r\n")
            while line := asked.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    connection.sendall(b"354 go\r\n")
                    while asked.readline() != b".\r\n":
                        pass
                    self.wait()
                connection.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")

    def mongo(self, connection: socket.socket) -> None:
        """Who it is at once, everything else late. Both forms of a message are met: the first one is the old one."""
        bson = importlib.import_module("bson")
        hello = {
            "ok": 1,
            "ismaster": True,
            "isWritablePrimary": True,
            "maxWireVersion": 21,
            "minWireVersion": 0,
        }
        hello |= {
            "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
        }
        with suppress(OSError), connection, connection.makefile("rb") as asked:
            while head := asked.read(16):
                length, number, _, kind = struct.unpack("<iiii", head)
                body = asked.read(length - 16)
                if kind == 2004:
                    told = bson.encode(hello)
                    reply = struct.pack("<iqii", 8, 0, 0, 1) + told
                    connection.sendall(struct.pack("<iiii", 16 + len(reply), 1, number, 1) + reply)
                    continue
                document = bson.decode_all(body[5 : 5 + struct.unpack("<i", body[5:9])[0]])[0]
                answer: dict[str, Any] = {"ok": 1, "n": 0}
                if next(iter(document)).lower() in ("hello", "ismaster"):
                    if "topologyVersion" in document:
                        time.sleep(30)
                    answer = hello
                elif "find" in document or "aggregate" in document:
                    answer = {"ok": 1, "cursor": {"id": 0, "ns": "shop.orders", "firstBatch": []}}
                if answer is not hello:
                    self.wait()
                told = b"\0\0\0\0\0" + bson.encode(answer)
                connection.sendall(struct.pack("<iiii", 16 + len(told), 1, number, 2013) + told)

    def mqtt(self, connection: socket.socket) -> None:
        """A broker that is slow to welcome a client, and to acknowledge a message."""
        with suppress(OSError), connection:
            while asked := connection.recv(65_536):
                kind = asked[0] & 0xF0
                if kind == 0x10:
                    self.wait()
                    connection.sendall(b"\x20\x02\x00\x00")
                elif kind == 0x30 and asked[0] & 0x06:
                    self.wait()
                    at = 4 + asked[3]
                    connection.sendall(b"\x40\x02" + asked[at : at + 2])
                elif kind == 0xE0:
                    return

    def whois(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(1_000)
            self.wait()
            connection.sendall(
                b"Domain Name: SHOP.COM\r\nRegistrar: Shop\r\nCreation Date: 2001-01-01T00:00:00Z\r\n"
            )

    def dns(self) -> int:
        """It hears every question and answers none."""
        asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asked.bind(("127.0.0.1", 0))

        def hear() -> None:
            while asked.recv(1_000):
                self.counted()

        threading.Thread(target=hear, daemon=True).start()
        return int(asked.getsockname()[1])

    def grpc(self) -> int:
        """Every method of every service, answered with an empty message."""
        grpc = importlib.import_module("grpc")

        def answer(_: bytes, __: object) -> bytes:
            self.wait()
            return b""

        def service(_: object, __: object) -> Any:
            return grpc.unary_unary_rpc_method_handler(answer)

        everything = type("Everything", (grpc.GenericRpcHandler,), {"service": service})
        server = grpc.server(ThreadPoolExecutor(8), handlers=[everything()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._kept = server
        return int(port)

    def zmq(self) -> int:
        """Whatever it is sent comes back."""
        zmq = importlib.import_module("zmq")
        replying = zmq.Context.instance().socket(zmq.REP)
        port = replying.bind_to_random_port("tcp://127.0.0.1")

        def reply() -> None:
            while True:
                asked = replying.recv()
                self.wait()
                replying.send(asked)

        threading.Thread(target=reply, daemon=True).start()
        return int(port)

    def mysql(self) -> int:
        """A server of MySQL's protocol whose statements take their time; those that a driver begins with do not."""
        mimic = importlib.import_module("mysql_mimic")

        async def query(_: object, __: object, sql: str, ___: object) -> Any:
            if "orders" in sql:
                await asyncio.sleep(self.counted())
            return [(1,)], ["a"]

        slow = type("Slow", (mimic.Session,), {"query": query})
        found: list[int] = []
        ready = threading.Event()

        async def serve() -> None:
            server = mimic.MysqlServer(session_factory=slow)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                found.append(probe.getsockname()[1])
            await server.start_server(host="127.0.0.1", port=found[0])
            ready.set()
            await server.serve_forever()

        threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
        ready.wait(10)
        return found[0]


def listening(serve: Callable[[socket.socket], None]) -> int:
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(server.getsockname()[1])


def main() -> None:
    counter, folder, seconds = sys.argv[1:]
    peer = Peer(Path(counter), Path(folder), float(seconds))
    ports = {
        "any": listening(peer.serve),
        **{name: listening(getattr(peer, name)) for name in ("silent", "smtp", "mongo", "mqtt", "whois")},
    }
    for name in ("dns", "grpc", "zmq", "mysql"):
        with suppress(ImportError):
            ports[name] = getattr(peer, name)()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()  # until whoever started it is gone


if __name__ == "__main__":
    main()

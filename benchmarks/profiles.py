"""Makes `tests/evidence/`: the sample shop's slow branch under real profilers, tracers and metrics, on loopback.

`python -m benchmarks.profiles` runs in the environment of the load tests (`benchmarks/impact/.venv`), to which it adds the
tools. Paths of the machine are taken out of what they wrote.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from benchmarks.impact.surroundings import free_port, wait_for

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
TARGET = ROOT / "tests" / "evidence"
TOOLS = [
    "py-spy",
    "pyinstrument",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-sqlite3",
    "opentelemetry-exporter-otlp-proto-common",
    "protobuf",
    "prometheus-fastapi-instrumentator",
]
SEED = """
from shop.database import SessionLocal, create_schema
from shop.models import Customer, Order, OrderLine, Product
create_schema()
with SessionLocal() as session:
    session.add(Customer(id=1, email="a@example.com"))
    session.add_all([Product(id=number, sku=str(number), name="A", cents=500) for number in range(1, 41)])
    session.add(Order(id=1, customer_id=1, lines=[OrderLine(product_id=n, quantity=1) for n in range(1, 41)]))
    session.commit()
"""
SPANS = """
import base64, json
from google.protobuf.json_format import MessageToDict
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

class Lines(SpanExporter):
    def __init__(self):
        self.file = open("spans.jsonl", "w")
    def export(self, spans):
        document = MessageToDict(encode_spans(spans))
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for key in ("traceId", "spanId", "parentSpanId"):
                        if key in span:  # OTLP's JSON has them in hexadecimal
                            span[key] = base64.b64decode(span[key]).hex()
        self.file.write(json.dumps(document) + "\\n")
        self.file.flush()
        return SpanExportResult.SUCCESS

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Lines()))
trace.set_tracer_provider(provider)
SQLite3Instrumentor().instrument()
from shop.main import app
FastAPIInstrumentor.instrument_app(app)
"""
JAEGER_TOOLS = [
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "requests",
    "httpx2",
    "deprecated",
    "opentelemetry-exporter-jaeger-proto-grpc",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-sqlite3",
]
"""In an environment of their own: Jaeger's exporter is of another age than OTLP's."""
JAEGER = """
import os
os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"  # the exporter's messages are that old
import opentelemetry.sdk.environment_variables as names
for name in ("CERTIFICATE", "ENDPOINT", "GRPC_INSECURE", "TIMEOUT"):
    setattr(names, f"OTEL_EXPORTER_JAEGER_{name}", f"OTEL_EXPORTER_JAEGER_{name}")  # no longer in the SDK
import json
from concurrent import futures
import grpc
from opentelemetry import trace
from opentelemetry.exporter.jaeger.proto.grpc import JaegerExporter
from opentelemetry.exporter.jaeger.proto.grpc.gen import collector_pb2, collector_pb2_grpc
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

TYPES = ("string", "bool", "int64", "float64", "binary")
VALUES = ("v_str", "v_bool", "v_int64", "v_float64", "v_binary")

def tags(found):
    return [{"key": tag.key, "type": TYPES[tag.v_type], "value": getattr(tag, VALUES[tag.v_type])} for tag in found]

def micro(stamp):
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000

class Collector(collector_pb2_grpc.CollectorServiceServicer):
    # What it is sent in Jaeger's model, written as Jaeger's query service answers /api/traces.
    def __init__(self):
        self.traces = {}
    def PostSpans(self, request, context):
        for span in request.batch.spans:
            trace_id = span.trace_id.hex()
            held = self.traces.setdefault(trace_id, {"traceID": trace_id, "spans": [], "processes": {}, "warnings": None})
            process = span.process if span.process.service_name else request.batch.process
            held["processes"]["p1"] = {"serviceName": process.service_name, "tags": tags(process.tags)}
            held["spans"].append({
                "traceID": trace_id,
                "spanID": span.span_id.hex(),
                "operationName": span.operation_name,
                "references": [
                    {"refType": ("CHILD_OF", "FOLLOWS_FROM")[each.ref_type], "traceID": each.trace_id.hex(), "spanID": each.span_id.hex()}
                    for each in span.references
                ],
                "startTime": micro(span.start_time),
                "duration": micro(span.duration),
                "tags": tags(span.tags),
                "logs": [{"timestamp": micro(log.timestamp), "fields": tags(log.fields)} for log in span.logs],
                "processID": "p1",
                "warnings": None,
            })
        whole = [each for each in self.traces.values() if len(each["spans"]) > 1 and not all(span["references"] for span in each["spans"])]
        with open("jaeger.json", "w") as file:
            json.dump({"data": whole[:5], "total": 0, "limit": 0, "offset": 0, "errors": None}, file)
        return collector_pb2.PostSpansResponse()

collector = Collector()
server = grpc.server(futures.ThreadPoolExecutor(1))
collector_pb2_grpc.add_CollectorServiceServicer_to_server(collector, server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(JaegerExporter(collector_endpoint=f"127.0.0.1:{port}", insecure=True), schedule_delay_millis=200))
trace.set_tracer_provider(provider)

SQLite3Instrumentor().instrument()
from shop.main import app
FastAPIInstrumentor.instrument_app(app)
"""
METRICS = """
from prometheus_fastapi_instrumentator import Instrumentator
from shop.main import app
Instrumentator().instrument(app).expose(app)
"""
PATHS = ("/customers/1/favourites",) * 6 + ("/orders", "/products", "/orders/count", "/customers/1/points")


def main() -> int:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *TOOLS], check=True)
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="profiles-") as folder:
        project = Path(folder, "project")
        shutil.copytree(EXAMPLES / "shop", project)
        shutil.copytree(EXAMPLES / "pull_request" / "slow", project, dirs_exist_ok=True)
        (project / "with_spans.py").write_text(SPANS)
        (project / "with_metrics.py").write_text(METRICS)
        (project / "with_jaeger.py").write_text(JAEGER)
        environment = os.environ | {
            "SHOP_DATABASE_URL": f"sqlite:///{folder}/shop.db",
            "PYTHONPATH": str(project),
        }
        subprocess.run([sys.executable, "-c", SEED], cwd=project, env=environment, check=True)
        uvicorn = ["-m", "uvicorn", "--no-access-log", "--log-level", "error"]
        spy = str(Path(sys.executable).with_name("py-spy"))
        for kind, name in (("speedscope", "speedscope.json"), ("raw", "stacks.txt")):
            record = [
                spy,
                "record",
                "--rate",
                "100",
                "--format",
                kind,
                "--output",
                name,
                "--",
                sys.executable,
            ]
            served([*record, *uvicorn, "shop.main:app"], project, environment, 4)
            keep(project / name, project, folder)
        tree = [sys.executable, "-m", "pyinstrument", "-r", "json", "-o", "pyinstrument.json", *uvicorn]
        served([*tree, "shop.main:app"], project, environment, 4)
        keep(project / "pyinstrument.json", project, folder)
        served([sys.executable, *uvicorn, "with_spans:app"], project, environment, 1)
        few = (project / "spans.jsonl").read_text().splitlines()[:240]
        (project / "spans.jsonl").write_text("\n".join(few) + "\n")
        keep(project / "spans.jsonl", project, folder)
        served([jaeger_python(folder), *uvicorn, "with_jaeger:app"], project, environment, 1)
        keep(project / "jaeger.json", project, folder)
        answer = served([sys.executable, *uvicorn, "with_metrics:app"], project, environment, 4, "/metrics")
        (project / "metrics.txt").write_bytes(answer)
        keep(project / "metrics.txt", project, folder)
    return 0


def jaeger_python(folder: str) -> str:
    """An interpreter that has Jaeger's exporter."""
    home = Path(folder, "jaeger")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = str(home / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *JAEGER_TOOLS], check=True)
    return python


def served(
    command: list[str], project: Path, environment: dict[str, str], seconds: float, last: str = "/health"
) -> bytes:
    """Ask the shop for so long while it runs under a tool; the answer of the last path."""
    port = free_port()
    process = subprocess.Popen([*command, "--port", str(port)], cwd=project, env=environment)
    try:
        wait_for(port, process)
        end = time.monotonic() + seconds

        def ask() -> None:
            while time.monotonic() < end:
                for path in PATHS:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30).read()

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{last}", timeout=30).read()
    finally:
        children = subprocess.run(
            ["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, check=False
        )
        for child in children.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGINT)
        if not children.stdout.split():
            process.send_signal(signal.SIGINT)
        process.wait(30)


def keep(written: Path, project: Path, folder: str) -> None:
    """Copy a result without this machine's paths; spans and frames that say nothing of the shop may go."""
    text = written.read_text()
    for place, short in (
        (str(project) + "/", "/srv/shop/"),
        (folder, "/srv"),
        (sys.prefix, "/opt/venv"),
        (sys.base_prefix, "/usr"),
    ):
        text = text.replace(place, short)
    text = re.sub(r"/(?:work|root|tmp)/[\w./-]*?/(?=lib/python)", "/usr/", text)
    if written.suffix == ".json":
        text = json.dumps(json.loads(text), separators=(",", ":"))
    (TARGET / written.name).write_text(text)
    print(f"{written.name}: {len(text)} characters", flush=True)


if __name__ == "__main__":
    sys.exit(main())

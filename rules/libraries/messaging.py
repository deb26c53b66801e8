"""Queues and brokers: Kafka, RabbitMQ, Celery, RQ and their like."""

from rules.libraries.model import (
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Offload,
    Sdk,
    alike,
    each,
    leaving,
    made,
    waiting,
)

_kafka = Blocking("", Kind.NET, "`aiokafka`")
_confluent = Blocking("", Kind.NET, "`confluent_kafka.aio`")
_pika = Blocking("", Kind.NET, "`aio_pika`")
_enqueue = Blocking(
    "", Kind.NET, "a worker thread, or an asynchronous queue such as arq or taskiq", weight="medium"
)

_status = Blocking("", Kind.NET, "a worker thread", weight="medium")

_SIGNATURE = "celery.canvas.Signature"
_CONTROL, _INSPECT = "celery.app.control.Control", "celery.app.control.Inspect"

_HUEYS = ("RedisHuey", "PriorityRedisHuey", "RedisExpireHuey")

_STREAMED = tuple(
    f"faststream.{broker}"
    for broker in ("kafka.KafkaBroker", "rabbit.RabbitBroker", "redis.RedisBroker", "nats.NatsBroker")
)

_SDKS = (
    Sdk(
        ("zmq.Socket",),
        "recv recv_json recv_string recv_pyobj recv_multipart poll",
        "`zmq.asyncio.Context`",
        waits=Kind.NET,
    ),
)

LIBRARY = Library(
    offloads=(
        Offload("rq.Queue.enqueue", "job", 0, "f", awaitable=False),
        Offload("rq.Queue.enqueue_call", "job", 0, "func", awaitable=False),
        Offload("rq.Queue.enqueue_in", "job", 1, "func", awaitable=False),
        Offload("rq.Queue.enqueue_at", "job", 1, "f", awaitable=False),
    ),
    blocking=(
        *each(_kafka, "kafka.KafkaProducer", "flush close"),
        *each(_kafka, "kafka.KafkaConsumer", "poll __iter__ commit"),
        *each(_kafka, "kafka.producer.future.FutureRecordMetadata", "get"),
        *each(_confluent, "confluent_kafka.Producer", "flush"),
        *each(_confluent, "confluent_kafka.Consumer", "poll consume commit"),
        *each(Blocking("", Kind.NET, "`aio_pika`", construct=True), "pika", "BlockingConnection"),
        *each(_pika, "pika.BlockingConnection", "channel process_data_events"),
        *each(
            _pika,
            "pika.adapters.blocking_connection.BlockingChannel",
            "basic_publish basic_get queue_declare exchange_declare start_consuming",
        ),
        *each(_pika, "kombu.Producer", "publish"),
        *each(
            Blocking("", Kind.WAIT, "a status endpoint that the client polls"),
            "celery.result.AsyncResult",
            "get wait",
        ),
        *each(
            Blocking("", Kind.WAIT, "a status endpoint that the client polls"),
            "celery.result.GroupResult",
            "get join join_native",
        ),
        *each(_status, "celery.result.AsyncResult", "ready successful failed forget"),
        # They gather answers until a second has passed, however soon the workers answer.
        *each(
            Blocking("", Kind.NET, "a worker thread", seconds=1.0),
            _INSPECT,
            "active scheduled reserved revoked registered stats ping active_queues query_task report conf hello",
        ),
        *each(Blocking("", Kind.NET, "a worker thread", seconds=1.0), _CONTROL, "ping"),
        *each(_enqueue, _CONTROL, "revoke terminate purge broadcast rate_limit shutdown"),
        *each(_enqueue, _SIGNATURE, "delay apply_async"),
        *each(_enqueue, "celery.app.task.Task", "delay apply_async"),
        *each(_enqueue, "celery.Celery", "send_task"),
        *each(
            _enqueue,
            "rq.Queue",
            "enqueue enqueue_call enqueue_in enqueue_at fetch_job get_jobs get_job_ids",
        ),
        *each(_enqueue, "rq.job.Job", "fetch fetch_many refresh get_status save_meta cancel requeue"),
        *each(_enqueue, "dramatiq.Actor", "send send_with_options"),
        *each(_enqueue, "huey.api.Huey", "enqueue"),
        *each(Blocking("", Kind.NET, "`aiomqtt`"), "paho.mqtt.publish", "single multiple"),
        *each(Blocking("", Kind.NET, "`aiomqtt`"), "paho.mqtt.client.Client", "connect loop_forever"),
        *waiting(_SDKS),
    ),
    external=(
        *each(External("", False, "queue"), "celery.app.task.Task", "delay apply_async"),
        *each(External("", False, "queue"), _SIGNATURE, "delay apply_async"),
        *each(External("", False, "queue"), _INSPECT, "active scheduled reserved registered stats ping"),
        *each(External("", False, "queue"), _CONTROL, "ping"),
        *each(External("", True, "queue"), _STREAMED, "publish request"),
        *each(External("", False, "queue"), "celery.Celery", "send_task"),
        *each(External("", False, "queue"), "rq.Queue", "enqueue enqueue_call"),
        *each(External("", True, "queue"), "aiokafka.AIOKafkaProducer", "send_and_wait"),
        *each(External("", True, "queue"), "arq.connections.ArqRedis", "enqueue_job"),
        *each(External("", True, "queue"), "aio_pika.Exchange", "publish"),
        *each(
            External("", True, "queue"),
            "aio_pika.Channel",
            "declare_queue declare_exchange get_queue get_exchange",
        ),
        *each(External("", True, "queue"), "aio_pika.Queue", "get bind purge"),
        *leaving(_SDKS),
    ),
    clients=(
        Client(
            "kafka.KafkaProducer", "close", "sdk", "metadata, connections and a sender thread", family="pool"
        ),
        Client(
            "confluent_kafka.Producer",
            "flush",
            "sdk",
            "metadata, connections and a sender thread",
            family="pool",
        ),
        Client(
            "aiokafka.AIOKafkaProducer",
            "stop",
            "sdk",
            "metadata and connections",
            family="pool",
            is_async=True,
        ),
        Client("pika.BlockingConnection", "close", "connection", "TCP, TLS and log-in", family="pool"),
        *each(
            Client("", "close", "connection", "TCP, TLS and log-in", family="pool", is_async=True),
            "aio_pika",
            "connect connect_robust",
        ),
        Client("celery.Celery", "close", "sdk", "an application with its own connection pool", family="pool"),
        Client("arq.create_pool", "aclose", "pool", "a pool of connections", family="pool", is_async=True),
        Client(
            "concurrent.futures.ThreadPoolExecutor",
            "shutdown",
            "executor",
            "its threads, made and joined again",
            family="pool",
        ),
        Client(
            "concurrent.futures.ProcessPoolExecutor",
            "shutdown",
            "executor",
            "its processes, each with a new interpreter",
            family="pool",
        ),
        *each(
            Client("", "close", "executor", "its processes, each with a new interpreter", family="pool"),
            ("multiprocessing", "multiprocessing.pool"),
            "Pool",
        ),
        Client(
            "multiprocessing.pool.ThreadPool",
            "close",
            "executor",
            "its threads, made and ended again",
            family="pool",
        ),
    ),
    returns={
        **{name: name for name in _STREAMED},
        "kafka.KafkaProducer": "kafka.KafkaProducer",
        "kafka.KafkaProducer.send": "kafka.producer.future.FutureRecordMetadata",
        **{f"huey.{name}": f"huey.{name}" for name in _HUEYS},
        "kafka.KafkaConsumer": "kafka.KafkaConsumer",
        "confluent_kafka.Producer": "confluent_kafka.Producer",
        "confluent_kafka.Consumer": "confluent_kafka.Consumer",
        "aiokafka.AIOKafkaProducer": "aiokafka.AIOKafkaProducer",
        "pika.BlockingConnection": "pika.BlockingConnection",
        "pika.BlockingConnection.channel": "pika.adapters.blocking_connection.BlockingChannel",
        "celery.Celery": "celery.Celery",
        "celery.Celery.send_task": "celery.result.AsyncResult",
        "celery.app.task.Task.delay": "celery.result.AsyncResult",
        "celery.app.task.Task.apply_async": "celery.result.AsyncResult",
        **alike("delay apply_async", "celery.result.AsyncResult", _SIGNATURE),
        **alike("s si signature subtask", _SIGNATURE, "celery.app.task.Task"),
        **alike("chain group chord signature chunks", _SIGNATURE, "celery"),
        **alike("set clone", _SIGNATURE, _SIGNATURE),
        "celery.Celery.signature": _SIGNATURE,
        "celery.Celery.AsyncResult": "celery.result.AsyncResult",
        "celery.app.task.Task.AsyncResult": "celery.result.AsyncResult",
        f"{_CONTROL}.inspect": _INSPECT,
        "celery.result.AsyncResult": "celery.result.AsyncResult",
        "celery.result.GroupResult": "celery.result.GroupResult",
        **alike("connect connect_robust", "aio_pika.Connection", "aio_pika"),
        "aio_pika.Connection.channel": "aio_pika.Channel",
        **alike("declare_exchange get_exchange", "aio_pika.Exchange", "aio_pika.Channel"),
        **alike("declare_queue get_queue", "aio_pika.Queue", "aio_pika.Channel"),
        "rq.Queue": "rq.Queue",
        "rq.Queue.enqueue": "rq.job.Job",
        "rq.Queue.fetch_job": "rq.job.Job",
        "rq.job.Job.fetch": "rq.job.Job",
        "arq.create_pool": "arq.connections.ArqRedis",
        "paho.mqtt.client.Client": "paho.mqtt.client.Client",
        **made(_SDKS),
        "zmq.Context": "zmq.Context",
        "zmq.Context.instance": "zmq.Context",
        "zmq.Context.socket": "zmq.Socket",
        "zmq.asyncio.Context": "zmq.asyncio.Context",
        "zmq.asyncio.Context.socket": "zmq.asyncio.Socket",
    },
    attributes={"celery.Celery.control": _CONTROL, "aio_pika.Channel.default_exchange": "aio_pika.Exchange"},
    bases=dict.fromkeys((f"huey.{name}" for name in _HUEYS), "huey.api.Huey"),
    aliases={
        "huey.Huey": "huey.api.Huey",
        "pika.adapters.blocking_connection.BlockingConnection": "pika.BlockingConnection",
        "celery.Task": "celery.app.task.Task",
        "celery.current_app": "celery.Celery",
        **{f"celery.canvas.{name}": f"celery.{name}" for name in ("chain", "group", "chord", "signature")},
        **{
            f"aio_pika.Robust{name}": f"aio_pika.{name}"
            for name in ("Connection", "Channel", "Exchange", "Queue")
        },
        **{
            f"aio_pika.abc.Abstract{robust}{name}": f"aio_pika.{name}"
            for robust in ("", "Robust")
            for name in ("Connection", "Channel", "Exchange", "Queue")
        },
        "celery.app.base.Celery": "celery.Celery",
        "rq.queue.Queue": "rq.Queue",
        "confluent_kafka.cimpl.Producer": "confluent_kafka.Producer",
        "confluent_kafka.cimpl.Consumer": "confluent_kafka.Consumer",
        "kafka.producer.KafkaProducer": "kafka.KafkaProducer",
        "kafka.consumer.KafkaConsumer": "kafka.KafkaConsumer",
    },
)

TASK_DECORATORS = frozenset(
    {
        "celery.shared_task",
        "celery.Celery.task",
        "celery.app.shared_task",
        "dramatiq.actor",
        "rq.decorators.job",
    }
)
"""Decorators that make a queue task of a function: its body runs in another process."""

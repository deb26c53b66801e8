"""Redis and Valkey, synchronous and asyncio; memcached clients."""

from rules.libraries.model import (
    Blocking,
    Client,
    Kind,
    Library,
    Query,
    Sdk,
    Timeout,
    alike,
    each,
    leaving,
    made,
    waiting,
)

READS = (
    "get mget getrange getbit strlen exists keys type ttl pttl dump randomkey scan"
    " hget hgetall hmget hkeys hvals hlen hexists hscan lrange lindex llen lpos"
    " smembers sismember smismember scard srandmember sscan sinter sunion sdiff"
    " zrange zrevrange zrangebyscore zrevrangebyscore zscore zmscore zcard zcount zrank zrevrank zscan"
    " xrange xrevrange xlen xinfo_stream xpending bitcount pfcount geopos geodist geosearch"
    " dbsize info ping time memory_usage object lastsave"
)
WRITES = (
    "set setex psetex setnx mset msetnx getset getdel getex append incr incrby incrbyfloat decr decrby setbit setrange"
    " delete unlink expire expireat pexpire persist rename renamenx touch copy restore"
    " hset hmset hsetnx hdel hincrby hincrbyfloat lpush rpush lpushx rpushx lpop rpop lrem lset ltrim linsert rpoplpush lmove"
    " sadd srem spop smove zadd zrem zincrby zpopmin zpopmax zremrangebyscore zremrangebyrank zunionstore zinterstore"
    " xadd xdel xtrim xack xgroup_create xclaim pfadd geoadd publish eval evalsha script_load flushdb flushall execute_command"
)
WAITS = "blpop brpop blmove brpoplpush bzpopmin bzpopmax xread xreadgroup"
COMMANDS = f"{READS} {WRITES} {WAITS}"

_ASYNC = "`redis.asyncio`"
_db = Blocking("", Kind.DB, _ASYNC)
_memcached = Blocking("", Kind.NET, "`aiomcache`", weight="high")
_SYNC_CLIENTS = ("redis.Redis", "valkey.Valkey")
_ASYNC_CLIENTS = ("redis.asyncio.Redis", "valkey.asyncio.Valkey")
_MEMCACHED = {
    "pymemcache.client.base.Client": "get_many set_many delete_many gets_many",
    "pylibmc.Client": "get_multi set_multi delete_multi",
    "memcache.Client": "get_multi set_multi delete_multi",
}
_MEMCACHED_CALLS = "get set add replace delete incr decr touch gets cas"
_MAKERS = (
    "{0} from_url {0}.from_url ConnectionPool ConnectionPool.from_url BlockingConnectionPool"
    " BlockingConnectionPool.from_url"
)
_bounded_since_8 = Timeout(
    "", "socket_timeout", distribution="redis", fixed_in=(8, 0, 0), suggest="5", also=("connection_pool",)
)
_CONNECT = "TCP, TLS and log-in each time"


def _returns() -> dict[str, str]:
    found: dict[str, str] = {}
    for package, name in (("redis", "Redis"), ("valkey", "Valkey")):
        for module in (package, f"{package}.asyncio"):
            client, pool = f"{module}.{name}", f"{module}.ConnectionPool"
            found |= {
                client: client,
                f"{module}.from_url": client,
                f"{client}.from_url": client,
                f"{client}.from_pool": client,
                f"{client}.client": client,
                pool: pool,
                f"{module}.BlockingConnectionPool": pool,
                f"{pool}.from_url": pool,
                f"{client}.pipeline": f"{module}.client.Pipeline",
                f"{client}.pubsub": f"{module}.client.PubSub",
                f"{client}.lock": f"{module}.lock.Lock",
            }
    return found


_UPSTASH = (
    "get set delete incr expire exists hget hset hgetall lpush rpush lpop lrange eval mget mset sadd smembers zadd zrange"
    " setex ttl keys"
)
_SDKS = (
    Sdk(
        ("upstash_redis.Redis",), _UPSTASH, "`upstash_redis.asyncio.Redis`", ("upstash_redis.asyncio.Redis",)
    ),
)

LIBRARY = Library(
    blocking=(
        *each(_db, _SYNC_CLIENTS, COMMANDS),
        *each(_db, ("redis.client.Pipeline", "valkey.client.Pipeline"), "execute"),
        *each(
            _db,
            ("redis.client.PubSub", "valkey.client.PubSub"),
            "listen get_message subscribe psubscribe unsubscribe",
        ),
        *each(_db, ("redis.lock.Lock", "valkey.lock.Lock"), "acquire release extend reacquire"),
        *(
            entry
            for client, calls in _MEMCACHED.items()
            for entry in each(_memcached, client, f"{_MEMCACHED_CALLS} {calls}")
        ),
        *waiting(_SDKS),
    ),
    queries=(
        *each(Query("", "select", False, "redis"), _SYNC_CLIENTS, f"{READS} {WAITS}"),
        *each(Query("", "write", False, "redis"), _SYNC_CLIENTS, WRITES),
        *each(
            Query("", "command", False, "redis"),
            ("redis.client.Pipeline", "valkey.client.Pipeline"),
            "execute",
        ),
        *each(Query("", "select", True, "redis"), _ASYNC_CLIENTS, f"{READS} {WAITS}"),
        *each(Query("", "write", True, "redis"), _ASYNC_CLIENTS, WRITES),
        *each(
            Query("", "command", True, "redis"),
            ("redis.asyncio.client.Pipeline", "valkey.asyncio.client.Pipeline"),
            "execute",
        ),
        *(
            entry
            for client, calls in _MEMCACHED.items()
            for entry in each(Query("", "select", False, "memcached"), client, f"{_MEMCACHED_CALLS} {calls}")
        ),
    ),
    clients=(
        *each(
            Client("", "close", "cache", _CONNECT, family="pool"),
            ("redis", "valkey"),
            "from_url ConnectionPool BlockingConnectionPool ConnectionPool.from_url",
        ),
        *each(
            Client("", "aclose", "cache", _CONNECT, family="pool", is_async=True),
            ("redis.asyncio", "valkey.asyncio"),
            "from_url ConnectionPool BlockingConnectionPool ConnectionPool.from_url",
        ),
        Client("redis.Redis", "close", "cache", _CONNECT, family="pool"),
        Client("redis.Redis.from_url", "close", "cache", _CONNECT, family="pool"),
        Client("valkey.Valkey", "close", "cache", _CONNECT, family="pool"),
        Client("valkey.Valkey.from_url", "close", "cache", _CONNECT, family="pool"),
        Client("redis.asyncio.Redis", "aclose", "cache", _CONNECT, family="pool", is_async=True),
        Client("redis.asyncio.Redis.from_url", "aclose", "cache", _CONNECT, family="pool", is_async=True),
        Client("valkey.asyncio.Valkey", "aclose", "cache", _CONNECT, family="pool", is_async=True),
        Client("valkey.asyncio.Valkey.from_url", "aclose", "cache", _CONNECT, family="pool", is_async=True),
    ),
    timeouts=(
        *each(_bounded_since_8, ("redis", "redis.asyncio"), _MAKERS.format("Redis")),
        *each(
            Timeout("", "socket_timeout", suggest="5", also=("connection_pool",)),
            "valkey",
            _MAKERS.format("Valkey"),
        ),
        Timeout("pymemcache.client.base.Client", "timeout", suggest="1"),
    ),
    returns={
        **_returns(),
        **{name: name for name in _MEMCACHED},
        **alike("pipeline", "redis.asyncio.client.Pipeline", "redis.asyncio.Redis"),
        **made(_SDKS),
    },
    aliases={
        "redis.StrictRedis": "redis.Redis",
        "redis.client.Redis": "redis.Redis",
        "redis.client.StrictRedis": "redis.Redis",
        "redis.RedisCluster": "redis.Redis",
        "redis.cluster.RedisCluster": "redis.Redis",
        "redis.utils.from_url": "redis.from_url",
        "redis.connection.ConnectionPool": "redis.ConnectionPool",
        "redis.connection.BlockingConnectionPool": "redis.BlockingConnectionPool",
        "redis.asyncio.StrictRedis": "redis.asyncio.Redis",
        "redis.asyncio.client.Redis": "redis.asyncio.Redis",
        "redis.asyncio.client.StrictRedis": "redis.asyncio.Redis",
        "redis.asyncio.RedisCluster": "redis.asyncio.Redis",
        "redis.asyncio.cluster.RedisCluster": "redis.asyncio.Redis",
        "redis.asyncio.utils.from_url": "redis.asyncio.from_url",
        "redis.asyncio.connection.ConnectionPool": "redis.asyncio.ConnectionPool",
        "aioredis": "redis.asyncio",
        "valkey.client.Valkey": "valkey.Valkey",
        "valkey.StrictValkey": "valkey.Valkey",
        "valkey.utils.from_url": "valkey.from_url",
        "valkey.asyncio.client.Valkey": "valkey.asyncio.Valkey",
        "pymemcache.Client": "pymemcache.client.base.Client",
        "pymemcache.client.Client": "pymemcache.client.base.Client",
        "pymemcache.PooledClient": "pymemcache.client.base.Client",
        "pymemcache.HashClient": "pymemcache.client.base.Client",
    },
    external=tuple(leaving(_SDKS)),
)

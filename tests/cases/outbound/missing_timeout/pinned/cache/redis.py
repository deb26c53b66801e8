"""A module with the name of the library it imports, in a project that stays with releases that wait for ever."""

import redis


class Cache:
    def __init__(self, host: str) -> None:
        self.server = redis.Redis(host=host, decode_responses=True)  # FP601 (summary)

    def get(self, key: str) -> str | None:
        return self.server.get(key)


bounded = redis.from_url("redis://cache?socket_timeout=2")
also_bounded = redis.Redis(host="cache", socket_timeout=2)

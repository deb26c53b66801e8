"""What turns objects into text and back, and text into tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import patterns, rows


def modules() -> Mapping[str, Call]:
    import cloudpickle
    import msgpack
    import orjson
    import simplejson
    import ujson

    found, more = rows(), rows() * 4
    text = json.dumps(found)
    packed, pickled, longer = msgpack.packb(more), cloudpickle.dumps(more), json.dumps(more)
    return {
        "orjson.loads": lambda: orjson.loads(longer),
        "orjson.dumps": lambda: orjson.dumps(more * 3),
        "ujson.loads": lambda: ujson.loads(text * 1),
        "ujson.dumps": lambda: ujson.dumps(more),
        "simplejson.loads": lambda: simplejson.loads(text),
        "simplejson.dumps": lambda: simplejson.dumps(found),
        "msgpack.packb": lambda: msgpack.packb(more),
        "msgpack.unpackb": lambda: msgpack.unpackb(packed),
        "cloudpickle.dumps": lambda: cloudpickle.dumps(more),
        "cloudpickle.loads": lambda: cloudpickle.loads(pickled),
    }


def pydantic() -> Mapping[str, Call]:
    from fastapi.encoders import jsonable_encoder
    from pydantic import BaseModel, TypeAdapter

    class Row(BaseModel):
        id: int
        name: str
        price: float
        tags: list[str]

    class Rows(BaseModel):
        rows: list[Row]

    found: list[dict[str, Any]] = rows()
    text = json.dumps(found)
    whole = json.dumps({"rows": found})
    adapter = TypeAdapter(list[Row])
    models = adapter.validate_python(found)
    document = Rows.model_construct(rows=models)
    return {
        "pydantic.TypeAdapter.validate_json": lambda: adapter.validate_json(text),
        "pydantic.TypeAdapter.validate_python": lambda: adapter.validate_python(found),
        "pydantic.TypeAdapter.dump_json": lambda: adapter.dump_json(models),
        "pydantic.TypeAdapter.dump_python": lambda: adapter.dump_python(models),
        "pydantic.BaseModel.model_validate_json": lambda: Rows.model_validate_json(whole),
        "pydantic.BaseModel.model_validate": lambda: Rows.model_validate({"rows": found}),
        "pydantic.BaseModel.model_dump_json": lambda: document.model_dump_json(),
        "pydantic.BaseModel.model_dump": lambda: document.model_dump(),
        "fastapi.encoders.jsonable_encoder": lambda: jsonable_encoder(models[:6_000]),
    }


def expressions() -> Mapping[str, Call]:
    import regex

    return {f"regex.{name}": call for name, call in patterns(regex).items()}


def tokens() -> Mapping[str, Call]:
    import tiktoken

    # The vocabularies are on the network; one of single bytes and pairs does the same work.
    ranks = {bytes([number]): number for number in range(256)}
    for first in b"etaoinshr ":
        for second in b"etaoinshr ":
            ranks[bytes([first, second])] = len(ranks)
    encoding = tiktoken.Encoding(
        "pairs", pat_str=r"\w+|\W+", mergeable_ranks=ranks, special_tokens={"<|end|>": len(ranks)}
    )
    text = re.sub(r"\d", "x", "the shop sent the order to the other address " * 12_000)
    batch = [text] * 24
    return {
        "tiktoken.Encoding.encode": lambda: encoding.encode(text),
        "tiktoken.Encoding.encode_batch": lambda: encoding.encode_batch(batch, num_threads=2),
    }


GROUPS = (modules, pydantic, expressions, tokens)

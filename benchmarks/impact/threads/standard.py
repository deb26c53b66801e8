"""What the standard library computes, and where it waits."""

from __future__ import annotations

import bz2
import copy
import csv
import gzip
import hashlib
import io
import json
import lzma
import marshal
import pickle
import random
import re
import zlib
from collections.abc import Mapping
from xml.etree import ElementTree

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import document, patterns, rows, table


def compression() -> Mapping[str, Call]:
    raw = json.dumps(rows()).encode()
    small = raw[: len(raw) // 6]
    noise = random.Random(1).randbytes(60_000_000)
    packed = gzip.compress(noise, 1)
    deflated, bzipped, xzipped = zlib.compress(raw * 8, 1), bz2.compress(raw), lzma.compress(raw * 24)
    return {
        "gzip.compress": lambda: gzip.compress(raw * 4, 6),
        "gzip.decompress": lambda: gzip.decompress(packed),
        "zlib.compress": lambda: zlib.compress(raw * 4, 6),
        "zlib.decompress": lambda: zlib.decompress(deflated),
        "bz2.compress": lambda: bz2.compress(small),
        "bz2.decompress": lambda: bz2.decompress(bzipped),
        "lzma.compress": lambda: lzma.compress(small[:700_000]),
        "lzma.decompress": lambda: lzma.decompress(xzipped),
    }


def hashes() -> Mapping[str, Call]:
    return {
        "hashlib.pbkdf2_hmac": lambda: hashlib.pbkdf2_hmac("sha256", b"x", b"y" * 16, 300_000),
        "hashlib.scrypt": lambda: hashlib.scrypt(b"x", salt=b"y", n=2**15, r=8, p=1, maxmem=2**26),
    }


def serialising() -> Mapping[str, Call]:
    found = rows()
    text, pickled, marshalled = json.dumps(found), pickle.dumps(found * 6), marshal.dumps(found * 4)
    return {
        "copy.deepcopy": lambda: copy.deepcopy(found[:30_000]),
        "json.loads": lambda: json.loads(text),
        "json.dumps": lambda: json.dumps(found),
        "json.load": lambda: json.load(io.StringIO(text)),
        "json.dump": lambda: json.dump(found, io.StringIO()),
        "pickle.loads": lambda: pickle.loads(pickled),
        "pickle.dumps": lambda: pickle.dumps(found * 6),
        "pickle.load": lambda: pickle.load(io.BytesIO(pickled)),
        "pickle.dump": lambda: pickle.dump(found * 12, io.BytesIO()),
        "marshal.loads": lambda: marshal.loads(marshalled),
        "marshal.dumps": lambda: marshal.dumps(found * 12),
        "marshal.load": lambda: marshal.load(io.BytesIO(marshalled)),
        "marshal.dump": lambda: marshal.dump(found * 12, io.BytesIO()),
    }


def sorting() -> Mapping[str, Call]:
    shuffled = random.Random(1).sample(range(300_000), 300_000)
    return {"builtins.sorted": lambda: sorted(shuffled)}


def expressions() -> Mapping[str, Call]:
    return {f"re.{name}": call for name, call in patterns(re).items()} | {
        "re.subn": lambda: re.subn(r"o", "0", "some words " * 240_000)
    }


def tables() -> Mapping[str, Call]:
    text = table(150_000)
    few = table(90_000)
    return {
        "csv.reader": lambda: list(csv.reader(io.StringIO(text))),
        "csv.DictReader": lambda: list(csv.DictReader(io.StringIO(few))),
    }


def trees() -> Mapping[str, Call]:
    text = document(25_000)
    raw = text.encode()
    return {
        "xml.etree.ElementTree.fromstring": lambda: ElementTree.fromstring(text),
        "xml.etree.ElementTree.XML": lambda: ElementTree.XML(text),
        "xml.etree.ElementTree.parse": lambda: ElementTree.parse(io.BytesIO(raw)),
        "xml.etree.ElementTree.iterparse": lambda: sum(1 for _ in ElementTree.iterparse(io.BytesIO(raw))),
    }


GROUPS = (compression, hashes, serialising, sorting, expressions, tables, trees)

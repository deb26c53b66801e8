"""Source that is made to crash, stall or fill a parser."""

from __future__ import annotations

HEAD = b"import time\n\n\nasync def report(x, a=1, b=2):\n    time.sleep(1)\n"
GOOD = {"good.py": HEAD}


def inside(statement: bytes) -> bytes:
    """The statement in a function in which there is something to be found and mended."""
    return HEAD + b"    " + statement + b"\n"


def nested(opening: bytes, closing: bytes, depth: int, core: bytes = b"1") -> bytes:
    return inside(b"y = " + opening * depth + core + closing * depth)


def case(opening: bytes, closing: bytes, depth: int) -> bytes:
    return inside(
        b"match x:\n        case " + opening * depth + b"1" + closing * depth + b":\n            pass"
    )


ELIFS = b"if x == 0:\n        pass\n" + b"".join(
    b"    elif x == %d:\n        pass\n" % n for n in range(1, 10_000)
)

NEWER = b"""\
type Pair[T] = tuple[T, T]


def first[T: int = int](pair: Pair[T]) -> str:
    try:
        return f"{pair[0]} of {", ".join(map(str, pair))}"
    except TypeError, ValueError:
        return ""


"""

HOSTILE: dict[str, bytes] = {
    "parentheses-90": nested(b"(", b")", 90),
    "parentheses-1000": nested(b"(", b")", 1_000),
    "parentheses-1300": nested(b"(", b")", 1_300),
    "parentheses-3000": nested(b"(", b")", 3_000),
    "parentheses-10000": nested(b"(", b")", 10_000),
    "parentheses-100000": nested(b"(", b")", 100_000),
    "lists-150": nested(b"[", b"]", 150),
    "lists-500": nested(b"[", b"]", 500),
    "lists-1200": nested(b"[", b"]", 1_200),
    "lists-2000": nested(b"[", b"]", 2_000),
    "calls-150": nested(b"f(", b")", 150),
    "elif-10000": inside(ELIFS),
    "elif-900": inside(ELIFS[: ELIFS.index(b"elif x == 900:")] + b"pass"),
    "elif-2000": inside(ELIFS[: ELIFS.index(b"elif x == 2000:")] + b"pass"),
    "case-mapping-8": case(b'{"a":', b"}", 8),
    "case-mapping-12": case(b'{"a":', b"}", 12),
    "case-class-20": case(b"A(b=", b")", 20),
    "case-class-60": case(b"A(b=", b")", 60),
    "case-list-20": case(b"[", b"]", 20),
    "case-parentheses-20": case(b"(", b")", 20),
    "case-positional-20": case(b"A(", b")", 20),
    "case-list-60": case(b"[", b"]", 60),
    "sum-1000": inside(b"y = " + b" + ".join([b"a"] * 1_000)),
    "sum-3000": inside(b"y = " + b" + ".join([b"a"] * 3_000)),
    "sum-10000": inside(b"y = " + b" + ".join([b"a"] * 10_000)),
    "sum-50000": inside(b"y = " + b" + ".join([b"a"] * 50_000)),
    "attributes-1000": inside(b"y = a" + b".b" * 1_000),
    "attributes-2000": inside(b"y = a" + b".b" * 2_000),
    "attributes-5000": inside(b"y = a" + b".b" * 5_000),
    "attributes-20000": inside(b"y = a" + b".b" * 20_000),
    "method-chain-250": inside(b"y = a" + b".b()" * 250),
    "method-chain-1000": inside(b"y = a" + b".b()" * 1_000),
    "method-chain-5000": inside(b"y = a" + b".b()" * 5_000),
    "minus-5000": inside(b"y = " + b"-" * 5_000 + b"a"),
    "not-5000": inside(b"y = " + b"not " * 5_000 + b"a"),
    "lambda-2000": inside(b"y = " + b"lambda:" * 2_000 + b"1"),
    "lambda-20000": inside(b"y = " + b"lambda:" * 20_000 + b"1"),
    "strings-3000": inside(b"y = " + b'"a"' * 3_000),
    "strings-10000": inside(b"y = " + b'"a"' * 10_000),
    "f-strings-nested": inside(b"y = " + b'f"{' * 100 + b"a" + b'}"' * 100),
    "indentation-150": HEAD
    + b"".join(b" " * (4 + n) + b"if x:\n" for n in range(150))
    + b" " * 200
    + b"pass\n",
    "statements-250kB": HEAD + b"    y = a + b\n" * 18_000,
    "statements-1MB": HEAD + b"    y = a + b\n" * 75_000,
    "one-line-list-500kB": inside(b"y = [" + b"1," * 240_000 + b"]"),
    "list-250kB": inside(b"y = [" + b"1, " * 83_000 + b"]"),
    "blank-lines-250000": HEAD + b"\n" * 250_000,
    "comments-250kB": HEAD + b"    # and so on\n" * 16_000,
    "semicolons-250kB": inside(b"a;" * 125_000),
    "string-500kB": inside(b'y = "' + b"a" * 500_000 + b'"'),
    "string-1MB": inside(b'y = "' + b"a" * 1_000_000 + b'"'),
    "functions-5000": HEAD + b"".join(b"async def f%d():\n    time.sleep(1)\n" % n for n in range(5_000)),
    "integer-100000-digits": inside(b"y = " + b"1" * 100_000),
    "backslashes-100000": inside(b"y = 1" + b"\\\n" * 100_000 + b"+ 2"),
    "nul": HEAD + b"\0",
    "nul-in-string": inside(b'y = "\0"'),
    "utf-16": HEAD.decode().encode("utf-16"),
    "not-utf-8": inside(b'y = "\xff\xfe"'),
    "cookie-rot13": b"# coding: rot13\n" + HEAD,
    "cookie-hex": b"# coding: hex\n" + HEAD,
    "cookie-unicode-escape": b"# coding: unicode_escape\n" + HEAD,
    "cookie-nonsense": b"# coding: nonsense\n" + HEAD,
    "carriage-returns": HEAD.replace(b"\n", b"\r"),
    "mixed-line-ends": HEAD.replace(b"\n", b"\r\n", 2),
    "form-feeds": HEAD.replace(b"\n\n\n", b"\n\x0c\n\x0c\n"),
    "carriage-return-line-feeds": HEAD.replace(b"\n", b"\r\n"),
    "form-feed-in-indentation": HEAD.replace(b"    time", b"\x0c    time"),
    "latin-1": b"# coding: latin-1\n" + inside(b'y = "\xe9"'),
    "no-final-newline": HEAD.removesuffix(b"\n"),
    "line-separator-in-string": inside('y = "\u2028"'.encode()),
    "half-a-character-escaped": inside(b'y = "\\ud800"'),
    "names-in-other-alphabets": inside("größe = 변수 = 1".encode()),
    "newer-syntax": NEWER + HEAD,
    "byte-order-mark": b"\xef\xbb\xbf" + HEAD,
    "unclosed": inside(b"y = ((("),
    "python-2": inside(b'print "a"'),
    "tabs-and-spaces": HEAD + b"\ty = 1\n",
    "empty": b"",
    "one-backslash": b"\\",
    "lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    "notebook": b'{\n "cells": [{"cell_type": "code", "source": ["x = 1"]}],\n "nbformat": 4\n}\n',
    "symbolic-link": b"../../shared/models.py",
}
# What every Python reads, and a person may well have written: it must not be lost.
HARMLESS = {
    "carriage-returns",
    "carriage-return-line-feeds",
    "mixed-line-ends",
    "form-feeds",
    "form-feed-in-indentation",
    "byte-order-mark",
    "latin-1",
    "no-final-newline",
    "line-separator-in-string",
    "half-a-character-escaped",
    "names-in-other-alphabets",
    "newer-syntax",
}
STAND_INS = {
    "lfs-pointer": "is a Git LFS pointer: its content is not in git",
    "notebook": "is a notebook",
    "symbolic-link": "is a symbolic link",
}

"""Files in newer Python than the host: every expression keeps its place, and findings and fixes are the same."""

from __future__ import annotations

import ast
import textwrap

import pytest

from rules import Options, SourceError, analyze, extract
from rules.engine.reading import edits, newer_syntax
from rules.engine.reading.source import Source, parse, readable

OLD = (3, 11)
"""As if the host read nothing newer than this."""

Place = tuple[str, int, int, int, int]


def text_of(source: str) -> str:
    return textwrap.dedent(source).lstrip("\n")


def blanked(source: str) -> str:
    return newer_syntax.readable(text_of(source), OLD)


def places(tree: ast.AST) -> list[Place]:
    """Calls, names and attributes with their places; type parameters and names of type aliases left out."""
    found: list[Place] = []
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call | ast.Name | ast.Attribute | ast.Await):
            end = node.end_lineno or 0, node.end_col_offset or 0
            found.append((type(node).__name__, node.lineno, node.col_offset, *end))
        for name in node._fields:
            if name == "type_params" or (name == "name" and type(node).__name__ == "TypeAlias"):
                continue
            value = getattr(node, name)
            stack.extend(
                child
                for child in (value if isinstance(value, list) else [value])
                if isinstance(child, ast.AST)
            )
    return sorted(found)


def expected(source: str, *written: str) -> list[tuple[int, int]]:
    """Line and byte column of each of `written` in `source`."""
    text = text_of(source).encode()
    found = []
    for part in written:
        start = text.index(part.encode())
        before = text[:start]
        found.append((before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1)))
    return found


CONSTRUCTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "type parameters of a function": ("def first[T: (int, str), *Ts, **P](x: T): return call(x)\n", ("call",)),
    "type parameters of an async function": (
        "async def first[T = int](x: T) -> T:\n    await call(x)\n",
        ("call",),
    ),
    "type parameters of a class": ("class Box[T](base(), metaclass=kind()): pass\n", ("base", "kind")),
    "type parameters of a class without bases": ("class Box[T]: x = call()\n", ("call",)),
    "type parameters over lines": (
        "class Box[\n    T: int,  # one\n    S = str,\n](base()):\n    x = call()\n",
        ("base", "call"),
    ),
    "type alias": ("type Ids = list[call()]\n", ("call",)),
    "generic type alias": ("if a: type Ids[T: int] = dict[T, call()]\n", ("call",)),
    "the quote of an f-string in it": ('x = f"é {call(d["k"])!r:>{width(1)}} {other()}"\n', ("call", "width", "other")),
    "a backslash in an f-string's expression": ('x = f"{"\\n".join(call())} \\N{BULLET} {other()}"\n', ("call", "other")),
    "a comment in an f-string": ('x = f"""{\n  call(1)  # why\n}"""\n', ("call",)),
    "lines in an f-string's expression": ('x = f"{call(\n    1,\n)}{other()}"\n', ("call", "other")),
    "f-strings in f-strings": ('x = f"{f"{f"{f"{call()}"}"}"}"\n', ("call",)),
    "deep format specs": ("x = f'{a:{b:{call()}}}'\n", ("call",)),
    "an f-string that debugs": ('x = f"{call(d["a"]) = !s}"\n', ("call",)),
    "an f-string among others": ('x = ("a" f"{d["k"]}" rf"\\{call()}" \'b\').strip(other())\n', ("call", "other")),
    "an f-string with doubled braces": ('x = f"{{ {d["k"]} }}{{{call()}}}"\n', ("call",)),
    "template strings": ('x = t"{call()} and {await other()}"; y = rt"{third()}"\n', ("call", "other", "third")),
    "nested template strings": ('x = run(t"ü{t"{call()}"}")\n', ("run", "call")),
    "except without parentheses": (
        "try:\n    call()\nexcept alpha.B, C:\n    other()\n",
        ("call", "alpha", "C", "other"),
    ),
    "except star without parentheses": (
        "try:\n    call()\nexcept* A, C:\n    other()\n",
        ("call", "A", "C", "other"),
    ),
    "lazy imports": ("lazy import json\nlazy from os import path\ncall()\n", ("call",)),
    "unpacking in a list comprehension": ("x = [*call(y) for y in other()]\n", ("call", "other")),
    "unpacking in a dict comprehension": ("x = {**call(y) for y in other()}\n", ("call", "other")),
    "unpacking in a generator": ("x = run(*call(y) for y in other())\n", ("run", "call", "other")),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_every_expression_in_newer_syntax_keeps_its_place(name: str) -> None:
    source, written = CONSTRUCTS[name]

    tree = newer_syntax.parse(source, OLD)

    assert tree is not None
    found = {(line, column) for _, line, column, _, _ in places(tree)}
    assert set(expected(source, *written)) <= found
    try:
        host = ast.parse(source)
    except SyntaxError:
        return
    if "type alias" not in name:  # whose own names are blanked
        assert places(tree) == places(host)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_newer_syntax_has_facts_on_this_host(name: str) -> None:
    facts = extract("app.py", CONSTRUCTS[name][0].encode())

    assert facts.functions


@pytest.mark.parametrize("name", CONSTRUCTS)
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_change_no_place(name: str, end: str) -> None:
    source = CONSTRUCTS[name][0]
    plain, other = newer_syntax.parse(source, OLD), newer_syntax.parse(source.replace("\n", end), OLD)

    assert plain is not None
    assert other is not None
    assert places(plain) == places(other)


def test_an_f_string_stays_an_f_string() -> None:
    tree = newer_syntax.parse('x = f"/v{d["n"]}/it\\x65ms/{{{k}}}" "/all"\n', OLD)

    assert tree is not None
    (assignment,) = tree.body
    assert isinstance(assignment, ast.Assign)
    string = assignment.value
    assert isinstance(string, ast.JoinedStr)
    assert [part.value for part in string.values if isinstance(part, ast.Constant)] == ["/v", "/items/{", "}", "/all"]  # fmt: skip


def test_the_classes_of_a_bare_except_are_a_tuple() -> None:
    tree = newer_syntax.parse("try: pass\nexcept A, b.C, D: pass\n", OLD)

    assert tree is not None
    handler = next(node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    assert isinstance(handler.type, ast.Tuple)
    assert [ast.unparse(element) for element in handler.type.elts] == ["A", "b.C", "D"]


@pytest.mark.parametrize(
    "source",
    [
        "type = 5\ntype(x)\nprint(type)\n",
        "x = [*a, *[b for b in c]]\n",
        "f(*a, **{k: v for k, v in b})\n",
        'x = f"{a!r:>{width}} {b} {{}}"\n',
        "lazy = 1\nlazy.x = 2\n",
        "try: pass\nexcept (A, B): pass\nexcept C as d: pass\n",
        "def f(x: list[int]) -> dict[str, int]: return x[0]\n",
        '\'t"{x}"\'\n# type X = f"{a["b"]}"\n',
        "match type:\n    case [*rest]: pass\n",
    ],
)
def test_what_every_python_reads_is_left_alone(source: str) -> None:
    assert blanked(source) == source
    assert newer_syntax.parse(source, OLD) is None


@pytest.mark.parametrize(
    "source",
    [
        "x = (\n",
        "x = ]\n",
        'x = f"{a["b"]"\n',
        'x = f"{"\n',
        'x = f"{}"\n',
        "x = 'a\n",
        "def f[T(x): pass\n",
        "type X[ = 5\n",
        "def f[\n\n](x): pass\n",
        'x = f"{' * 200 + "a" + '}"' * 200,
        "[" * 2_000,
        "print 'a'\n",
        "t'{x!}'\n",
    ],
)
def test_broken_source_is_refused_with_the_line(source: str) -> None:
    with pytest.raises(SourceError, match=r"syntax error on line \d|nested too deeply"):
        parse(Source(source.encode()))


SHOP = """
from __future__ import annotations
import time
from fastapi import FastAPI

app = FastAPI()
type Ids = list[int]


@app.get("/orders")
async def orders[T](ids: Ids) -> str:
    time.sleep(1)
    a = {"k": "ü"}
    time.sleep(f"{a["k"]}")  # fastperf: ignore[FP101] on purpose {"x"}
    try:
        return t"ü {time.sleep(3)}"
    except ValueError, TypeError:
        return f"ü{time.sleep(4)} {a["k"]}"
"""


def test_findings_and_fixes_hold_in_newer_syntax() -> None:
    raw = SHOP.lstrip("\n").encode()

    analysis = analyze({"app.py": raw}, options=Options(select=("FP101", "FP001")))

    assert analysis.result.skipped == ()
    assert [(found.line, found.column) for found in analysis.result.findings] == [(11, 5), (15, 21), (17, 20)]
    assert [found.line for found in analysis.result.suppressed] == [13]
    for finding in analysis.result.findings:
        proven = analysis.prove(finding)
        assert proven.fix is not None
        mended = edits.apply(raw, proven.fix.edits)
        again = analyze({"app.py": mended}, options=Options(select=("FP101",)))
        assert again.result.skipped == ()
        assert len(again.result.findings) == 2


def test_suppressions_are_read_in_newer_syntax() -> None:
    text = 'x = f"{a["ü"]}"  # noqa: FP101\n'

    assert readable(text).endswith("  # noqa: FP101\n")
    assert len(readable(text)) == len(text)

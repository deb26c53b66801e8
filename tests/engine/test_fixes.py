from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from typing import Any

import libcst as cst
import pytest

from rules.engine.fixing import rewrites
from rules.engine.fixing.bindings import NameTakenError
from rules.engine.fixing.fixes import UnfixableError, edits, one_click
from rules.engine.reading import units
from rules.engine.reading.edits import apply
from rules.engine.rule import Fix

SLEEP = Fix(rewrites.awaited("asyncio.sleep"), imports=("asyncio",))
THREAD = Fix(rewrites.in_thread("asyncio.to_thread"), imports=("asyncio",))
POOL = Fix(
    rewrites.in_thread("fastapi.concurrency.run_in_threadpool"),
    imports=("fastapi.concurrency.run_in_threadpool",),
)


def node_of(tree: ast.Module, marker: str, kind: Any = ast.Call) -> ast.AST:
    """The first node of that kind whose code starts with `marker`."""
    return next(
        node for node in ast.walk(tree) if isinstance(node, kind) and ast.unparse(node).startswith(marker)
    )


def fix_raw(raw: bytes, marker: str, fix: Fix, kind: Any = ast.Call) -> bytes:
    tree = ast.parse(raw)
    return apply(raw, edits(fix, node_of(tree, marker, kind), tree=tree, raw=raw, path="app.py"))


def fixed(source: str, marker: str, fix: Fix, kind: Any = ast.Call) -> str:
    return fix_raw(textwrap.dedent(source).lstrip("\n").encode(), marker, fix, kind).decode()


def check(source: str, marker: str, fix: Fix, expected: str, kind: Any = ast.Call) -> None:
    assert fixed(source, marker, fix, kind) == textwrap.dedent(expected).lstrip("\n")


def test_a_call_is_replaced_and_nothing_else() -> None:
    check(
        """
        import asyncio
        import time


        async def f( a,b ):  # odd layout
            x = {'a':1}
            time.sleep( a )  # kept
            return x
        """,
        "time.sleep",
        SLEEP,
        """
        import asyncio


        async def f( a,b ):  # odd layout
            x = {'a':1}
            await asyncio.sleep( a )  # kept
            return x
        """,
    )


def test_a_missing_import_goes_where_it_is_sorted() -> None:
    check(
        '''
        """Docs."""

        from __future__ import annotations

        import time
        from typing import Any

        import requests


        async def f():
            time.sleep(1)
        ''',
        "time.sleep",
        SLEEP,
        '''
        """Docs."""

        from __future__ import annotations

        import asyncio
        from typing import Any

        import requests


        async def f():
            await asyncio.sleep(1)
        ''',
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", "import asyncio\n\n\n"),
        ("#!/usr/bin/env python\n# licence\n\n", "#!/usr/bin/env python\n# licence\n\nimport asyncio\n\n\n"),
        ('"""Docs."""\n\n', '"""Docs."""\n\nimport asyncio\n\n'),
        (
            "from __future__ import annotations\n\n",
            "from __future__ import annotations\n\nimport asyncio\n\n",
        ),
        ("from os import sep\n\n", "import asyncio\nfrom os import sep\n\n"),
        ("import aiofiles\n\n", "import asyncio\n\nimport aiofiles\n\n"),
        ("import zlib\n\n", "import asyncio\nimport zlib\n\n"),
        ("import abc\n\n", "import abc\nimport asyncio\n\n"),
        ("from . import x\n\n", "import asyncio\n\nfrom . import x\n\n"),
        ("import asyncio as aio\n\n", None),
        ("try:\n    import asyncio\nexcept ImportError:\n    raise\n\n", None),
    ],
)
def test_the_place_of_an_import_follows_the_file(head: str, expected: str | None) -> None:
    source = head + "async def f():\n    time.sleep(1)\n"

    result = fix_raw(source.encode(), "time.sleep", SLEEP).decode()

    if expected is not None:
        assert result == expected + "async def f():\n    await asyncio.sleep(1)\n"
    assert "await a" in result


def test_an_alias_of_the_file_is_used() -> None:
    assert "await aio.sleep(1)" in fixed(
        "import asyncio as aio\nasync def f():\n    time.sleep(1)\n", "time.sleep", SLEEP
    )


@pytest.mark.parametrize(
    ("head", "written"),
    [
        ("from fastapi.concurrency import run_in_threadpool", "run_in_threadpool"),
        ("from starlette.concurrency import run_in_threadpool as later", "later"),
        ("from fastapi import concurrency", "concurrency.run_in_threadpool"),
        ("import fastapi.concurrency", "fastapi.concurrency.run_in_threadpool"),
    ],
)
def test_an_import_that_does_as_well_is_used(head: str, written: str) -> None:
    result = fixed(f"{head}\nasync def f():\n    g(1, b=2)\n", "g(", POOL)

    assert result == f"{head}\nasync def f():\n    await {written}(g, 1, b=2)\n"


def fix_all(source: str, marker: str) -> str:
    tree = ast.parse(source)
    first, *rest = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node).startswith(marker)
    )
    fix = Fix(rewrites.in_thread(), imports=("asyncio",), also=tuple(rest))
    return apply(source.encode(), edits(fix, first, raw=source.encode(), path="app.py")).decode()


def test_one_fix_may_rewrite_several_places() -> None:
    source = "import asyncio\nasync def f():\n    a = g(1)\n    b = (g(a)).x\n    return g(g(b), k=g)\n"

    assert fix_all(source, "g(") == (
        "import asyncio\n"
        "async def f():\n"
        "    a = await asyncio.to_thread(g, 1)\n"
        "    b = (await asyncio.to_thread(g, a)).x\n"
        "    return await asyncio.to_thread(g, await asyncio.to_thread(g, b), k=g)\n"
    )


def test_places_in_different_functions_are_not_one_fix() -> None:
    with pytest.raises(UnfixableError):
        fix_all("import asyncio\nasync def f():\n    g(1)\nasync def h():\n    g(2)\n", "g(")


def test_the_node_may_come_from_an_earlier_parse() -> None:
    source = "import asyncio\nasync def f(asyncio):\n    time.sleep(1)\nasync def g():\n    time.sleep(1)\n"
    old, again = ast.parse(source), ast.parse(source)
    first, second = (n for n in ast.walk(old) if isinstance(n, ast.Call))

    (edit,) = edits(SLEEP, second, raw=source.encode(), path="app.py", tree=again)

    assert edit.start_line == 5
    with pytest.raises(NameTakenError):
        edits(SLEEP, first, raw=source.encode(), path="app.py")


def test_of_the_standard_library_the_module_is_imported() -> None:
    fix = Fix(rewrites.in_thread("asyncio.to_thread"), imports=("asyncio.to_thread",))

    assert fixed("async def f():\n    g()\n", "g(", fix) == (
        "import asyncio\n\n\nasync def f():\n    await asyncio.to_thread(g)\n"
    )
    assert "await aio.to_thread(g)" in fixed("import asyncio as aio\nasync def f():\n    g()\n", "g(", fix)
    assert "await t(g)" in fixed("from asyncio import to_thread as t\nasync def f():\n    g()\n", "g(", fix)
    assert "await asyncio.to_thread(g)" in fixed("to_thread = 1\nasync def f():\n    g()\n", "g(", fix)


def test_a_from_import_grows() -> None:
    head = "from fastapi.concurrency import iterate_in_threadpool"

    assert fixed(f"{head}\nasync def f():\n    g()\n", "g(", POOL).startswith(f"{head}, run_in_threadpool\n")


def test_an_import_under_type_checking_binds_nothing_at_run_time() -> None:
    source = "if TYPE_CHECKING:\n    import asyncio\nasync def f():\n    time.sleep(1)\n"

    assert fixed(source, "time.sleep", SLEEP).startswith("import asyncio\n")


def test_an_import_of_the_function_itself_is_used() -> None:
    source = "async def f():\n    import asyncio\n    time.sleep(1)\n"

    assert (
        fixed(source, "time.sleep", SLEEP)
        == "async def f():\n    import asyncio\n    await asyncio.sleep(1)\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "asyncio = None\nasync def f():\n    time.sleep(1)\n",
        "import asyncio\nasync def f(asyncio):\n    time.sleep(1)\n",
        "import asyncio\nasync def f():\n    time.sleep(1)\n    asyncio = 1\n",
        "import asyncio\nasync def f():\n    for asyncio in x:\n        time.sleep(1)\n",
        "from other import asyncio\nasync def f():\n    time.sleep(1)\n",
        "try:\n    import asyncio\nexcept ImportError:\n    asyncio = None\nasync def f():\n    time.sleep(1)\n",
        "def g():\n    global asyncio\n    asyncio = 1\nasync def f():\n    time.sleep(1)\n",
        "async def f():\n    [time.sleep(1) for asyncio in y]\n",
        "class A:\n    asyncio = 1\n    x = [time.sleep(1)]\n",
    ],
)
def test_a_shadowed_name_means_no_fix(source: str) -> None:
    with pytest.raises(NameTakenError):
        fixed(source, "time.sleep", SLEEP)


def test_a_class_attribute_shadows_nothing_in_methods() -> None:
    source = "import asyncio\nclass A:\n    asyncio = 1\n    async def f(self):\n        time.sleep(1)\n"

    assert "await asyncio.sleep(1)" in fixed(source, "time.sleep", SLEEP)


def test_a_method_is_rewritten_in_place() -> None:
    check(
        """
        import asyncio
        class A(Base):
            x = 1
            class B:
                @deco(
                    1
                )
                async def f(self):
                    '''doc

                  odd
                    '''
                    return (time.sleep(1)
                        or 2)

            y = 2
        """,
        "time.sleep",
        SLEEP,
        """
        import asyncio
        class A(Base):
            x = 1
            class B:
                @deco(
                    1
                )
                async def f(self):
                    '''doc

                  odd
                    '''
                    return (await asyncio.sleep(1)
                        or 2)

            y = 2
        """,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("g(1).json()", "(await asyncio.to_thread(g, 1)).json()"),
        ("g(1)[0]", "(await asyncio.to_thread(g, 1))[0]"),
        ("g(1)(2)", "(await asyncio.to_thread(g, 1))(2)"),
        ("x = not g(1) + 2", "x = not await asyncio.to_thread(g, 1) + 2"),
        ("x = (g(1))", "x = (await asyncio.to_thread(g, 1))"),
        ("h(k=g(1), **o)", "h(k=await asyncio.to_thread(g, 1), **o)"),
        ("g(*a, k=1, **kw)", "await asyncio.to_thread(g, *a, k=1, **kw)"),
        ("g(v for v in w)", "await asyncio.to_thread(g, (v for v in w))"),
        ("x = 'é→', g(1)", "x = 'é→', await asyncio.to_thread(g, 1)"),
        ("a(); g(1); b()", "a(); await asyncio.to_thread(g, 1); b()"),
        ("if x: g(1)", "if x: await asyncio.to_thread(g, 1)"),
        (
            "g(\n        1,\n        b=2,  # why\n    )",
            "await asyncio.to_thread(\n        g,\n        1,\n        b=2,  # why\n    )",
        ),
        ("g(1,\n      2)", "await asyncio.to_thread(g, 1,\n      2)"),
        ("s.get('u', timeout=1)", None),
    ],
)
def test_calls_move_into_a_thread_with_their_arguments(before: str, after: str | None) -> None:
    head = "import asyncio\nasync def f():\n    "
    marker = "s.get" if "s.get" in before else "g("
    tree = ast.parse(f"{head}{before}\n")
    node = min(
        (n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n).startswith(marker)),
        key=lambda n: len(ast.unparse(n)),
    )
    raw = f"{head}{before}\n".encode()

    result = apply(raw, edits(THREAD, node, tree=tree, raw=raw, path="app.py")).decode()

    assert result == f"{head}{after or 'await asyncio.to_thread(s.get, ' + repr('u') + ', timeout=1)'}\n"
    ast.parse(result)


def test_a_keyword_that_the_primitive_takes_itself_means_no_fix() -> None:
    with pytest.raises(UnfixableError):
        fixed("import asyncio\nasync def f():\n    g(func=1)\n", "g(", THREAD)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t(g(1, b=2))", "t(g, 1, b=2)"),
        ("t(g())", "t(g)"),
        ("t(s.g(*a, **k),)", "t(s.g, *a, **k,)"),
        ("t(g(1), 2)", None),
        ("t(g(1), x=2)", None),
        ("t(*g(1))", None),
        ("t(g)", None),
    ],
)
def test_the_function_is_handed_over_instead_of_its_result(before: str, after: str | None) -> None:
    fix = Fix(rewrites.called_later())
    if after is None:
        with pytest.raises(UnfixableError):
            fixed(f"{before}\n", "t(", fix)
    else:
        result = fixed(f"{before}\n", "t(", fix)
        assert ast.unparse(ast.parse(result)) == ast.unparse(ast.parse(after))


def test_keywords_that_are_not_passed_on_are_bound() -> None:
    fix = Fix(rewrites.called_later(1, passes_keywords=False), imports=("functools.partial",))

    assert fixed("loop.run(None, g(1, b=2))\n", "loop", fix) == (
        "import functools\n\nloop.run(None, functools.partial(g, 1, b=2))\n"
    )
    assert fixed("loop.run(None, g(1), x=3)\n", "loop", fix) == "loop.run(None, g, 1, x=3)\n"
    assert fixed("from functools import partial as p\nloop.run(None, g(b=2))\n", "loop", fix) == (
        "from functools import partial as p\nloop.run(None, p(g, b=2))\n"
    )


def test_a_thread_takes_arguments_of_its_own() -> None:
    fix = Fix(rewrites.called_later("target"))

    assert fixed("T(target=g(1, b=2), daemon=True)\n", "T", fix) == (
        'T(target=g, args=(1,), kwargs={"b": 2}, daemon=True)\n'
    )
    assert fixed("T(target=g(1, *a))\n", "T", fix) == "T(target=g, args=(1, *a))\n"
    with pytest.raises(UnfixableError):
        fixed("T(target=g(1), args=())\n", "T", fix)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("g()", "g(timeout=10)"),
        ("g(u)", "g(u, timeout=10)"),
        ("g(v for v in w)", "g((v for v in w), timeout=10)"),
        ("g(\n    u,  # one\n    v,  # two\n)", "g(\n    u,  # one\n    v,  # two\n    timeout=10,\n)"),
        ("g(\n    u,\n    v\n)", "g(\n    u,\n    v,\n    timeout=10\n)"),
    ],
)
def test_a_keyword_is_added_in_the_layout_of_the_call(before: str, after: str) -> None:
    assert fixed(f"{before}\n", "g(", Fix(rewrites.with_keyword("timeout", "10"))) == f"{after}\n"


def test_async_is_dropped_from_a_function() -> None:
    check(
        """
        @app.get("/")
        async  def f(
            a: int,
        ):
            async def inner(): ...
            return 1
        """,
        "@app",
        Fix(rewrites.without_async),
        """
        @app.get("/")
        def f(
            a: int,
        ):
            async def inner(): ...
            return 1
        """,
        ast.AsyncFunctionDef,
    )


def move(source: str) -> str:
    raw = textwrap.dedent(source).lstrip("\n").encode()
    tree = ast.parse(raw)
    loop = next(node for node in ast.walk(tree) if isinstance(node, ast.For))
    statement = next(each for each in loop.body if "commit" in ast.unparse(each))
    fix = Fix(rewrites.after_loop(loop, statement), target=loop)
    return apply(raw, edits(fix, statement, tree=tree, raw=raw, path="app.py")).decode()


def test_a_statement_moves_behind_its_loop() -> None:
    moved = move(
        """
        def f():
            for x in xs:
                db.add(x)  # each
                # then
                db.commit()  # all

            return 1
        """
    )

    assert moved == textwrap.dedent(
        """
        def f():
            for x in xs:
                db.add(x)  # each
            # then
            db.commit()  # all

            return 1
        """
    ).lstrip("\n")


@pytest.mark.parametrize(
    "source",
    [
        "for x in xs:\n    db.commit()\n",
        "for x in xs:\n    db.add(x); db.commit()\n",
        "for x in xs: db.add(x); db.commit()\n",
        "for x in xs:\n    db.add(x)\n    db.commit()\nelse:\n    pass\n",
    ],
)
def test_a_statement_that_cannot_leave_its_loop_stays(source: str) -> None:
    with pytest.raises(UnfixableError):
        move(source)


def keep_task(node: cst.Expr) -> cst.FlattenSentinel[Any]:
    return cst.FlattenSentinel(
        [
            cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name("task"))], node.value)]),
            cst.parse_statement("_tasks.add(task)"),
            cst.parse_statement("task.add_done_callback(_tasks.discard)"),
        ]
    )


KEEP = Fix(keep_task, imports=("asyncio",), definitions=("_tasks: set[asyncio.Task] = set()",))


def test_a_statement_becomes_several_and_brings_a_definition() -> None:
    check(
        """
        import asyncio as aio


        async def f():
            # start it
            aio.create_task(g())  # soon
            return 1
        """,
        "aio.create_task",
        KEEP,
        """
        import asyncio as aio

        _tasks: set[aio.Task] = set()


        async def f():
            # start it
            task = aio.create_task(g())  # soon
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
            return 1
        """,
        ast.Expr,
    )


def test_a_definition_that_is_there_is_used() -> None:
    source = (
        "import asyncio\n_tasks: set[asyncio.Task] = set()\nasync def f():\n    asyncio.create_task(g())\n"
    )

    assert fixed(source, "asyncio.create_task", KEEP, ast.Expr).count("set()") == 1
    with pytest.raises(NameTakenError):
        fixed(
            source.replace("_tasks: set[asyncio.Task] = set()", "_tasks = 1"),
            "asyncio.create",
            KEEP,
            ast.Expr,
        )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"import asyncio\r\nasync def f():\r\n    time.sleep(1)\r\n", b"    await asyncio.sleep(1)\r\n"),
        (b"import asyncio\nasync def f():\n\ttime.sleep(1)", b"\tawait asyncio.sleep(1)"),
        (b"\xef\xbb\xbfimport asyncio\nasync def f():\n  time.sleep(1)\n", b"  await asyncio.sleep(1)\n"),
        (
            "# coding: latin-1\nimport asyncio\nasync def f():\n    'é', time.sleep(1)\n".encode("latin-1"),
            b"    '\xe9', await asyncio.sleep(1)\n",
        ),
        (b"import asyncio\rasync def f():\r    time.sleep(1)\r", b"    await asyncio.sleep(1)\r"),
        (
            b"import asyncio\n\x0c\nasync def f():\r\n    '''a\r\n b'''\n    time.sleep(1)\r\n",
            b"    await asyncio.sleep(1)\r\n",
        ),
    ],
)
def test_line_ends_tabs_and_encodings_are_kept(raw: bytes, expected: bytes) -> None:
    result = fix_raw(raw, "time.sleep", SLEEP)

    old = expected.replace(b"await asyncio", b"time")
    assert result == raw.replace(old, expected)


def test_a_fix_on_the_line_alone_is_one_click_and_one_with_an_import_is_not() -> None:
    def made(source: str) -> tuple[Any, ...]:
        tree = ast.parse(source)
        return edits(SLEEP, node_of(tree, "time.sleep"), tree=tree, raw=source.encode(), path="a.py")

    assert one_click(made("import asyncio\nasync def f():\n    time.sleep(1)\n"))
    assert not one_click(made("import time\nasync def f():\n    time.sleep(1)\n"))


def deep(levels: int) -> str:
    return "(" * levels + "time.sleep(1)" + ")" * levels


@pytest.mark.parametrize(
    "body",
    [
        f"x = {deep(120)}",
        "x = " + "a + " * 300 + "time.sleep(1)",
        "x = time.sleep(1)" + ".b" * 300,
        "x = time.sleep(1)" + ".b()" * 150,
        "x = " + "-" * 250 + "time.sleep(1)",
        "x = " + "a and " * 250 + "time.sleep(1)",
        "x = " + "lambda: " * 230 + "time.sleep(1)",
        "if a: time.sleep(1)\n" + "    elif b: pass\n" * 310,
        "match x:\n        case [[[[[[1]]]]]]: time.sleep(1)",
        "x = [\n" + "    1,\n" * 3001 + "    time.sleep(1)]",
    ],
)
def test_code_that_libcst_cannot_bear_is_not_given_to_it(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(cst, "parse_module", never)
    with pytest.raises((UnfixableError, RecursionError)):
        fixed(f"async def f():\n    {body}\n", "time.sleep(1)", SLEEP)


def test_a_large_file_is_not_rewritten() -> None:
    raw = b"async def f():\n    time.sleep(1)\n" + b"# filler\n" * 60_000
    with pytest.raises(UnfixableError, match="large"):
        fix_raw(raw, "time.sleep", SLEEP)


def test_a_rewrite_that_changes_nothing_is_no_fix() -> None:
    def same(call: cst.Call) -> cst.Call:
        return call.with_changes(func=call.func)

    def itself(call: cst.Call) -> cst.Call:
        return call

    for rewrite in (same, itself):
        with pytest.raises(UnfixableError):
            fixed("time.sleep(1)\n", "time", Fix(rewrite))


TARGETS: list[tuple[str, Any, Callable[[Any], Any]]] = [
    ("(1, (2, 3))", ast.Tuple, lambda node: cst.Name("x")),
    ("sum(v for v in w)", ast.GeneratorExp, lambda node: cst.Name("x")),
    ("[v for v in w]", ast.ListComp, lambda node: cst.Name("x")),
    ("a and b and c", ast.BoolOp, lambda node: cst.Name("x")),
    ("a < b", ast.Compare, lambda node: cst.Name("x")),
    ("'a' 'b'", ast.Constant, lambda node: cst.Name("x")),
    ("f'{a}'", ast.JoinedStr, lambda node: cst.Name("x")),
    ("await a", ast.Await, lambda node: node.expression),
    ("lambda: 1", ast.Lambda, lambda node: cst.Name("x")),
    ("a.b[c]", ast.Subscript, lambda node: cst.Name("x")),
    ("f(a=1)", ast.keyword, lambda node: node.with_changes(value=cst.Name("x"))),
    ("-a", ast.UnaryOp, lambda node: cst.Name("x")),
    ("yield a", ast.Yield, lambda node: cst.Yield()),
]


@pytest.mark.parametrize(("code", "kind", "rewrite"), TARGETS, ids=lambda value: str(value)[:20])
def test_nodes_of_all_kinds_are_found_again(code: str, kind: Any, rewrite: Callable[[Any], Any]) -> None:
    source = f"async def f():\n    é = '→', ({code})\n"
    tree = ast.parse(source)
    node = next(
        n
        for n in ast.walk(tree)
        if isinstance(n, kind)
        and (isinstance(n, ast.keyword) or ast.get_source_segment(source, n) in (code, f"({code})", code[3:]))
    )

    result = apply(source.encode(), edits(Fix(rewrite), node, tree=tree, raw=source.encode(), path="a.py"))

    assert ast.dump(ast.parse(result)) != ast.dump(tree)
    assert result.decode().startswith("async def f():\n    é = '→', (")


def test_gates_are_the_measured_ones() -> None:
    assert (units.MAX_FILE_BYTES, units.MAX_UNIT_LINES, units.MAX_BRACKETS) == (512_000, 3_000, 100)

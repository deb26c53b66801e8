from __future__ import annotations

import ast

from rules.engine import fingerprints


def core(source: str, symbol: str = "f", code: str = "FP101") -> str:
    (statement,) = ast.parse(source).body
    node = statement.value if isinstance(statement, ast.Expr) else statement
    return fingerprints.core(code, symbol, node)


def test_layout_and_quotes_do_not_matter() -> None:
    assert core('get("a", timeout=1)') == core("get( 'a',\n  timeout = 1,)  # said so")


def test_rule_symbol_and_constants_do() -> None:
    same = core("get('a')")

    assert core("get('b')") != same
    assert core("get('a')", symbol="g") != same
    assert core("get('a')", code="FP601") != same


def test_a_line_inside_a_body_does_not_matter_for_its_statement() -> None:
    assert core("for x in xs:\n    f(x)") == core("for x in xs:\n    log(x)\n    f(x)\nelse:\n    g()")
    assert core("for x in xs: f(x)") != core("for y in ys: f(y)")
    assert core("async def f(a): g()") == core("async def f(a, b): h()")
    assert core("async def f(a): g()") != core("def f(a): g()")
    assert core("with a() as b: f()") != core("with c() as b: f()")
    assert core("try:\n  f()\nexcept E:\n  pass") == core("try:\n  g()\nfinally:\n  pass")


def test_the_tree_is_left_as_it_was() -> None:
    tree = ast.parse("for x in xs:\n    f(x)\nelse:\n    g()")
    before = ast.dump(tree)

    fingerprints.core("FP101", "", tree.body[0])

    assert ast.dump(tree) == before


def test_equal_ones_are_numbered_in_order() -> None:
    a, b = core("f()"), core("g()")

    numbered = fingerprints.number([a, b, a, a])

    assert numbered == [a, b, f"{a}-2", f"{a}-3"]
    assert [fingerprints.core_of(each) for each in numbered] == [a, b, a, a]


def test_code_too_deep_to_print_still_has_a_fingerprint() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(5000):
        node = ast.BinOp(node, ast.Add(), ast.Constant(1))

    assert len(fingerprints.core("FP101", "f", node)) == 20

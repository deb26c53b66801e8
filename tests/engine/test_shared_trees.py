"""The tree of a next version that shares statements with the one before: always the one that parsing the file gives."""

from __future__ import annotations

import ast
import random
from textwrap import dedent

import pytest

from rules.engine.reading.carried import Layout
from rules.engine.reading.shared_trees import parse_next
from rules.engine.reading.source import Source, SourceError, parse

FILE = dedent(
    '''
    """A shop."""
    import shop
    # orders
    TEXT = """one
    two"""
    total = 1 + \\
        2

    @shop.get("/")
    def orders():
        if TEXT:
            return [1]
        return "ö", TEXT

    kept = 1 \\

    if total:
        limit = 1
    else:
        limit = 2

    def names(): return TEXT
    class Order:
        number = 1
    '''
)
LINES = FILE.split("\n")
ADDED = [
    "",
    "x = 1",
    "    y = 2",
    "else:",
    "    pass",
    "+ 1",
    ")",
    "@shop.put",
    '"""',
    "# z",
    "a = (1,",
    "2)",
    "x = 1 \\",
]


def next_tree(before: str, after: str) -> ast.Module | None:
    source = Source(before.encode())
    return parse_next(Source(after.encode()), Layout(parse(source), source.lines))


def dumped(tree: ast.Module) -> str:
    return ast.dump(tree, include_attributes=True)


def test_any_change_gives_the_tree_of_the_whole_file() -> None:
    shared = 0
    for seed in range(400):
        chance = random.Random(seed)
        lines = [*LINES]
        for _ in range(chance.randint(1, 2)):
            place = chance.randrange(len(lines))
            lines[place : place + chance.randint(0, 2)] = chance.sample(ADDED, chance.randint(0, 2))
        text = "\n".join(lines)
        found = next_tree(FILE, text)
        if found is None:
            continue
        shared += 1
        assert dumped(found) == dumped(parse(Source(text.encode()))), text
    assert shared > 50


def test_a_line_that_goes_on_below_is_parsed_with_what_it_goes_on_with() -> None:
    after = FILE.replace("kept = 1 \\\n\n", "kept = 1 \\\n+ 1\n")

    assert after != FILE
    assert next_tree(FILE, after) is None


def test_what_stands_where_it_stood_is_the_same_statement() -> None:
    source = Source(FILE.encode())
    tree = parse(source)
    found = parse_next(
        Source(FILE.replace("(): return TEXT", "(): return 1").encode()), Layout(tree, source.lines)
    )

    assert found is not None
    same = [one is other for one, other in zip(tree.body, found.body, strict=True)]
    assert same == [True] * 7 + [False, True]


@pytest.mark.parametrize(
    "after",
    [
        FILE.replace('    return "ö", TEXT\n', "    return (\n"),
        FILE.replace("def names(): return TEXT", "else: pass"),
    ],
)
def test_what_is_no_file_is_parsed_as_a_whole_to_say_so(after: str) -> None:
    assert next_tree(FILE, after) is None
    with pytest.raises(SourceError):
        parse(Source(after.encode()))


def test_a_tree_of_newer_syntax_is_not_shared() -> None:
    source = Source(FILE.encode())
    layout = Layout(parse(source), source.lines)
    layout.is_newer = True

    assert parse_next(Source(FILE.replace("(): return TEXT", "(): return 1").encode()), layout) is None

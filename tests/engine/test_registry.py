from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from rules.engine import registry
from rules.engine.registry import RegistryError
from rules.engine.rule import Effort, Match, Rule, Severity

ANY_LOOP = ast.For | ast.While


class HTTPClientPerRequest(Rule):
    """A client is built for each request.

    Handshakes cost.

    ## Instead
    Keep one.

    ## Trade-offs
    It must be closed.
    """

    code = "FP699"
    severity = Severity.HIGH
    effort = Effort.HOURS
    watch = "handshakes"

    def check(self, node: ast.Call | ast.Await, module: Any) -> Iterator[Match]:
        return iter(())


class LoopedByAlias(HTTPClientPerRequest):
    code = "FP698"

    def check(self, node: ANY_LOOP, module: Any) -> Iterator[Match]:  # type: ignore[valid-type]  # an alias of node types is what is tested
        return iter(())


class AnyExpression(HTTPClientPerRequest):
    code = "FP697"

    def check(self, node: ast.expr, module: Any) -> Iterator[Match]:
        return iter(())


class Untyped(HTTPClientPerRequest):
    code = "FP696"

    def check(self, node: int, module: Any) -> Iterator[Match]:
        return iter(())


def test_a_rule_is_named_after_its_class() -> None:
    assert registry.name_of(HTTPClientPerRequest()) == "http-client-per-request"
    assert registry.name_of(LoopedByAlias()) == "looped-by-alias"


def test_a_class_may_set_its_own_name() -> None:
    class Odd(HTTPClientPerRequest):
        name = "n-plus-one"

    assert registry.name_of(Odd()) == "n-plus-one"


def test_the_annotation_of_node_says_which_nodes_arrive() -> None:
    assert registry.node_types(HTTPClientPerRequest()) == (ast.Call, ast.Await)
    assert registry.node_types(LoopedByAlias()) == (ast.For, ast.While)


def test_an_abstract_node_type_stands_for_all_concrete_ones() -> None:
    wanted = registry.node_types(AnyExpression())

    assert {ast.Call, ast.Name, ast.Lambda} <= set(wanted)
    assert ast.expr not in wanted
    assert ast.For not in wanted


def test_an_annotation_that_is_no_node_type_is_refused() -> None:
    with pytest.raises(RegistryError, match="annotate `node`"):
        registry.node_types(Untyped())


def test_rules_are_dispatched_by_node_type() -> None:
    first, second = HTTPClientPerRequest(), AnyExpression()

    table = registry.dispatch((first, second))

    assert table[ast.Call] == (first, second)
    assert table[ast.Name] == (second,)
    assert ast.For not in table


def test_a_card_is_read_from_the_docstring() -> None:
    card = registry.card(HTTPClientPerRequest())

    assert card.summary == "A client is built for each request."
    assert (card.why, card.instead, card.trade_offs) == (
        "Handshakes cost.",
        "Keep one.",
        "It must be closed.",
    )
    assert card.monitor == ""


def test_a_misspelt_section_is_refused() -> None:
    class Wrong(HTTPClientPerRequest):
        """Something.

        ## Insted
        Else.
        """

    with pytest.raises(RegistryError, match="Insted"):
        registry.card(Wrong())


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    made = types.ModuleType("made_up_family")
    made.__path__ = []
    monkeypatch.setitem(sys.modules, "made_up_family", made)
    return made


def define(package: types.ModuleType, name: str, code: str) -> None:
    made = type(
        name, (Rule,), {"code": code, "severity": Severity.LOW, "watch": "w", "__module__": package.__name__}
    )
    setattr(package, name, made)


def test_rules_are_collected_in_the_order_of_their_codes(package: types.ModuleType) -> None:
    define(package, "Later", "FP102")
    define(package, "Sooner", "FP101")
    package.Rule = Rule  # type: ignore[attr-defined]  # what a rule module imports is in its namespace too

    assert [rule.code for rule in registry.collect(["made_up_family"])] == ["FP101", "FP102"]


def test_a_code_is_given_once(package: types.ModuleType) -> None:
    define(package, "One", "FP101")
    define(package, "Other", "FP101")

    with pytest.raises(RegistryError, match="both FP101"):
        registry.collect(["made_up_family"])


def test_a_name_is_given_once(package: types.ModuleType) -> None:
    define(package, "BlockingSleep", "FP101")
    define(package, "Blocking_sleep", "FP102")
    package.Blocking_sleep.name = "blocking-sleep"

    with pytest.raises(RegistryError, match="both blocking-sleep"):
        registry.collect(["made_up_family"])


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert registry.by_code("fp001").code == "FP001"
    assert registry.by_code("unused-suppression").code == "FP001"
    with pytest.raises(KeyError):
        registry.by_code("FP000")


def test_the_rules_of_the_engine_itself_are_not_among_those_that_run() -> None:
    assert "FP001" not in registry.codes()
    assert "FP001" in {rule.code for rule in registry.cards()}


def test_an_alias_names_the_rule_that_answers_for_it() -> None:
    assert registry.by_code("fp116") is registry.by_code("FP101")
    assert registry.by_code("subprocess-in-async") is registry.by_code("FP101")
    assert "FP116" not in registry.codes()

"""Parameters that decide whether something happens at all (`commit=False`), and what calls pass for them.

A *condition* is about one parameter: `+commit` holds when it is true, `-commit` when it is not, `=session` when it is
None, `#session` when it is something, `$kind:s1f|s2e` when it is one of these constants and `~kind:s1f` when it is none
of them, `$host:pis_address` when a function says so of it (`if is_address(host):`). A name that begins with a bracket is no parameter but what every function of the process finds the same: a
setting (`settings.storage == "s3"`) or a small function that tells one (`_mode() == "local"`). One that begins with a point
is an attribute of the method's own object (`+.content`, `rules.engine.reading.own_state`). What a call *passes* is written `2;commit=0;session=@db`: how many positional
arguments, those among them and the keywords that are known: `1` true, `0` false, `N` None, `E` an empty list or the like,
`F` a few things that are written out there, `C` a constant, `A` an attribute of something (`order.customer_id`) or what a call gave, `@db` a parameter of the caller's
own. A constant that can be told from others is
marked after the sign for its truth: `1s1f` is a text, `1i4` a number, `CeColour.RED` a member of a class. `self=@self` marks a call of the same object's method where such attributes matter.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from rules.engine.reading import other_keywords, own_state, signatures
from rules.engine.reading.loop_shapes import finds_one
from rules.engine.reading.regexes import regex
from rules.engine.reading.walking import once_negated

if TYPE_CHECKING:
    from rules.engine.linking.graph import Node
    from rules.engine.reading.facts import Call, Function
    from rules.engine.reading.index import Index
    from rules.engine.reading.scopes import Binding, Scope

_NEGATED = {"+": "-", "-": "+", "=": "#", "#": "=", "$": "~", "~": "$"}
_HOLDS = {"+": "1FCAE", "-": "0NCAE", "=": "NCA", "#": "10FCAE", "*": "1FCA"}
"""Condition -> the values for which it holds or may hold; None is false. Into what begins empty the function may put something
before it asks whether there is something; `*` is for what it goes over and leaves as it is."""
_EMPTY = "E"
_FEW = 10
_SMALL = 3
"""Statements of a function that only tells a setting, its docstring among them."""
_EXCLUDE = frozenset({"+-", "-+", "=#", "#=", "=+", "+="})
"""Conditions on one parameter that cannot both hold."""
_OF_SELF = "self=@self"
_SPREAD = "**="
"""Some of the keywords before it come out of a dict, each perhaps."""
_HOPS = 3
_STATIC = 16
_MAKING = frozenset({ast.Call, ast.Await, ast.Attribute})
"""What gives something, most likely."""
_LEADING_NOWHERE = frozenset(
    {ast.Call, ast.Dict, ast.JoinedStr, ast.BinOp, ast.Subscript, ast.Lambda, ast.Await}
)
"""What passes something that nobody could tell from others."""
_PASSING = regex(
    r"run|alive|connect|open|clos|lock|ready|exist|start|stop|done|finish|expire|availab|cach|load|init|seen|known"
)
"""In names of what is so for a while only, and may have changed by the second look."""
_PASSING_ON = regex(r"enumerate|sorted|reversed|list|tuple|set|tqdm|\w*(?:chunk|batch)\w*")
"""Functions that give what they are given, nothing for nothing."""
_FILLING = frozenset({"append", "extend", "insert", "add", "update", "appendleft", "setdefault"})
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Switch(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A parameter that a condition of its function is about."""

    name: str
    position: int = -1
    """Among what a caller passes by position; -1 when it is passed by name only."""
    default: str = ""


def conditions(index: Index, test: ast.expr) -> tuple[str, ...]:
    """What must hold of parameters for `test` to be true, as far as it is known."""
    match test := once_negated(test):
        case ast.BoolOp(op=ast.And(), values=values):
            return tuple(found for value in values for found in conditions(index, value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return refusals(index, operand)
        case ast.Compare(left=ast.Name() as name, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return (f"={name.id}",) if _is_parameter(index, name) else ()
        case ast.Compare(left=ast.Name() as name, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return (f"#{name.id}",) if _is_parameter(index, name) else ()
        case ast.Compare(
            left=ast.Attribute(value=ast.Name(id="self")) as kept,
            ops=[ast.Is() | ast.IsNot() as operator],
            comparators=[ast.Constant(value=None)],
        ):
            asked = own_state.asked(index, kept)
            return (f"{'=' if isinstance(operator, ast.Is) else '#'}{asked}",) if asked else ()
        case ast.Compare(
            left=ast.Call() as asked, ops=[ast.Is() | ast.Eq()], comparators=[ast.Constant(value=True)]
        ) if key := other_keywords.asked(index, asked):
            return (f"+{key}",)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _comparison(index, left, operator, right)
        case ast.Call(func=ast.Attribute()) if key := other_keywords.asked(index, test):
            return (f"+{key}",)
        case ast.Name() if _is_parameter(index, test):
            return (f"+{test.id}",)
        case ast.Name():
            return tuple(f"+{key}" for key in other_keywords.under(index, test))
        case ast.Call(func=ast.Name(id=judge), args=[ast.Name() as name], keywords=[]):
            lasts = not _PASSING.search(judge) and _is_parameter(index, name)
            return (f"${name.id}:p{judge}",) if lasts else ()
        case ast.Attribute(value=ast.Name(id="self")):
            asked = _parameter_kept(index, test) or own_state.asked(index, test)
            return (f"+{asked}",) if asked else ()
    return ()


def _parameter_kept(index: Index, attribute: ast.Attribute) -> str:
    """The parameter that `self.cached` was just given in the same `__init__`: `self.cached = cached`."""
    function = index.scope_at(attribute).node
    if not isinstance(function, ast.FunctionDef) or function.name != "__init__":
        return ""
    given = [
        statement.value
        for statement in function.body
        if isinstance(statement, ast.Assign)
        and any(
            isinstance(target, ast.Attribute) and target.attr == attribute.attr
            for target in statement.targets
        )
    ]
    match given:
        case [ast.Name() as name] if _is_parameter(index, name):
            return name.id
    return ""


def _comparison(index: Index, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> tuple[str, ...]:
    """What `kind == "zip"`, `kind != Kind.ZIP` or `kind in ("zip", "tar")` says of a parameter."""
    if isinstance(operator, (ast.In, ast.NotIn)):
        values = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else []
    elif isinstance(operator, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)):
        values = [right]
        if isinstance(right, ast.Name) and _mark(left):
            left, values = right, [left]
    else:
        return ()
    name = left.id if isinstance(left, ast.Name) and _is_parameter(index, left) else _setting(index, left)
    return _one_of(name, values, same=isinstance(operator, (ast.In, ast.Eq, ast.Is))) if name else ()


def _setting(index: Index, asked: ast.expr) -> str:
    """A name for `settings.storage` of a module, and for `_mode()` where that is a small function of the file; it says what
    stands there, so that two files mean the same by it only when that is the same."""
    root = asked.func if isinstance(asked, ast.Call) and not (asked.args or asked.keywords) else asked
    while isinstance(asked, ast.Attribute) and isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or root is asked:
        return ""
    only = _only_of_module(index, root)
    if only is None:
        return ""
    told = ""
    if isinstance(asked, ast.Call):
        if isinstance(only.node, ast.FunctionDef) and _is_small(only.node):
            told = ast.unparse(only.node)
    elif only.kind == "import":
        told = index.ref(asked, index.module)
    elif only.kind == "value" and isinstance(only.value, ast.expr):
        told = f"{ast.unparse(only.value)} {ast.unparse(asked)}"
    return f"({crc32(told.encode(errors='replace')):x}" if told else ""


def _only_of_module(index: Index, name: ast.Name) -> Binding | None:
    """What a name of the module is bound to, where that happens once and no function around has its own."""
    bindings = index.bindings_of(name) if index.is_of_module(name) else []
    return bindings[0] if len(bindings) == 1 else None


def _is_small(function: ast.FunctionDef) -> bool:
    """Whether it is no more than a look at something, of nobody's choice: no parameters, a line or two."""
    arguments = function.args
    given = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    return not any(given) and len(function.body) <= _SMALL


def _one_of(name: str, values: list[ast.expr], *, same: bool) -> tuple[str, ...]:
    marks = [_mark(value) for value in values]
    if not marks or not all(marks) or len(marks) > _FEW:
        return ()
    return (f"{'$' if same else '~'}{name}:{'|'.join(marks)}",)


def of_case(index: Index, match: ast.Match, case: ast.match_case) -> tuple[str, ...]:
    """What must hold of a parameter for one case of `match kind:` to run."""
    if not isinstance(match.subject, ast.Name) or not _is_parameter(index, match.subject):
        return ()
    name = match.subject.id
    values = _matched(case.pattern)
    if values:
        return _one_of(name, values, same=True)
    before = match.cases[: match.cases.index(case)]
    refused = [value for each in before if each.guard is None for value in _matched(each.pattern)]
    return _one_of(name, refused, same=False)


def _matched(pattern: ast.pattern) -> list[ast.expr]:
    """The constants that a pattern is; none when it is anything else."""
    match pattern:
        case ast.MatchValue(value=value):
            return [value]
        case ast.MatchOr(patterns=patterns):
            found = [_matched(each) for each in patterns]
            return [value for each in found for value in each] if all(found) else []
    return []


def _mark(value: ast.expr) -> str:
    """What a constant can be told from others by; empty when it cannot."""
    match value:
        case ast.Constant(value=str(text)):
            return f"s{crc32(text.encode(errors='replace')):x}"
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return f"i{number}"
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
            return (
                f"e{owner}.{name}" if owner[:1].isupper() and not owner.isupper() and name.isupper() else ""
            )
    return ""


def about(condition: str) -> str:
    """The parameter that a condition is about."""
    return condition[1:].partition(":")[0]


def listed(needs: Iterable[str]) -> str:
    """Conditions as they are kept; what a parameter is says also what it is not."""
    found = set(needs)
    settled = {about(each) for each in found if each[0] == "$"}
    return ",".join(sorted(each for each in found if each[0] != "~" or about(each) not in settled))


def refusals(index: Index, test: ast.expr) -> tuple[str, ...]:
    """What must hold of parameters for `test` to be false, as far as it is known."""
    match test := once_negated(test):
        case ast.BoolOp(op=ast.Or(), values=values):
            return tuple(found for value in values for found in refusals(index, value))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return conditions(index, operand)
        case ast.BoolOp():
            return ()
        case ast.Name() if not _is_parameter(index, test):
            return ()
    found = conditions(index, test)
    return tuple(map(negated, found))


def negated(condition: str) -> str:
    """What holds where `condition` does not; empty where that cannot be said."""
    return _NEGATED[condition[0]] + condition[1:] if condition[0] in _NEGATED else ""


def around(index: Index, test: ast.If | ast.IfExp, child: ast.AST) -> tuple[str, ...]:
    """What must hold of parameters for the arm `child` of a branch to run."""
    if child is test.test:
        return ()
    body = test.body
    is_body = child in body if isinstance(body, list) else child is body
    return conditions(index, test.test) if is_body else refusals(index, test.test)


def before(index: Index, test: ast.BoolOp, child: ast.AST) -> tuple[str, ...]:
    """What must hold of parameters for the part `child` of `key is not None and seen(key)` to be asked."""
    known = conditions if isinstance(test.op, ast.And) else refusals
    found: list[str] = []
    for value in test.values:
        if value is child:
            break
        found.extend(known(index, value))
    return tuple(found)


def after(index: Index, statement: ast.If) -> tuple[str, ...]:
    """What must hold of parameters for what follows `if not commit: return` to run."""
    if statement.orelse or not isinstance(statement.body[-1], _LEAVING):
        return ()
    return refusals(index, statement.test)


def over(index: Index, gone_over: ast.expr) -> tuple[str, ...]:
    """What must hold of a parameter for a loop over `gone_over` to take a turn: of `orders`, `enumerate(orders)`,
    `chunks(orders, 20)` or `orders.items()` where the function only reads it."""
    match gone_over:
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if _PASSING_ON.fullmatch(name):
            return over(index, first)
        case ast.Call(func=ast.Attribute(value=first, attr="items" | "values" | "keys"), args=[]):
            return over(index, first)
        case ast.Name() if _is_parameter(index, gone_over) and not _is_filled(index, gone_over):
            return (f"*{gone_over.id}",)
    return ()


def _is_filled(index: Index, name: ast.Name) -> bool:
    """Whether the function of a parameter puts something into it, by a method of it."""
    return any(
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == name.id
        and call.func.attr in _FILLING
        for call in index.scope_at(name).calls
    )


def _is_parameter(index: Index, name: ast.Name) -> bool:
    """Whether a name is a parameter that its function does not bind anew before."""
    bindings = index.scope_at(name).bindings.get(name.id, [])
    if not bindings or bindings[0].kind != "parameter":
        return False
    return len(bindings) == 1 or (
        all(each.line > name.lineno for each in bindings[1:]) and not _is_repeated(index, name)
    )


def _is_repeated(index: Index, name: ast.Name) -> bool:
    """Whether a loop of its function is around a name."""
    current = index.parents.get(name)
    while current is not None and not isinstance(
        current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    ):
        if isinstance(current, (ast.For, ast.AsyncFor, ast.While)):
            return True
        current = index.parents.get(current)
    return False


def passed(index: Index, call: ast.Call, scope: Scope) -> str:
    """What a call passes; empty when that is nothing anybody could ask about."""
    of_self = own_state.is_of_self(index, call)
    if not call.args and not call.keywords and not of_self:
        return ""
    parts = [str(len(call.args))]
    if of_self:
        parts.append(_OF_SELF)
    for position, value in enumerate(call.args):
        cls = value.__class__
        if cls is ast.Starred:
            return "*"
        if cls not in _LEADING_NOWHERE and (known := _known(value, scope)):
            parts.append(f"{position}={known}")
    for keyword in call.keywords:
        if not keyword.arg:
            keys = other_keywords.spread(index, keyword.value, scope)
            if keys is None:
                return "*"
            parts += [f"{key}=" for key in keys]
            parts.append(_SPREAD)
            continue
        value = keyword.value
        known = _known(value, scope) if value.__class__ not in _LEADING_NOWHERE else ""
        parts.append(f"{keyword.arg}={known}")
    return ";".join(parts)


def _known(value: ast.expr, scope: Scope) -> str:
    cls = value.__class__
    if cls is ast.Constant:
        return _constant(value)  # type: ignore[arg-type]  # by its class
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)):
        written_out = not any(isinstance(each, ast.Starred) for each in value.elts)
        if not value.elts:
            return _EMPTY
        return "F" if written_out and len(value.elts) <= _FEW else ""
    if cls is ast.Name:
        name: str = value.id  # type: ignore[attr-defined]  # by its class
        bindings = scope.bindings.get(name, ())
        if len(bindings) == 1:
            only = bindings[0]
            if only.kind == "parameter":
                return f"@{name}"
            if only.kind == "value" and isinstance(only.value, ast.Constant):
                return _constant(only.value)
            if only.kind == "value" and only.value.__class__ is ast.ListComp and finds_one(only.value):
                return "F"
            if only.kind == "value" and only.value.__class__ in _MAKING:
                return "A"
        return "C" if name.isupper() else ""
    if not isinstance(value, ast.Attribute):
        return ""
    if value.attr.isupper():
        return f"C{_mark(value)}"
    return "" if isinstance(value.value, ast.Name) and value.value.id == "self" else "A"


def _constant(value: ast.Constant) -> str:
    constant: Any = value.value
    if constant is None:
        return "N"
    cls = constant.__class__
    if cls is str:
        return f"{1 if constant else 0}s{crc32(constant.encode(errors='replace')):x}"
    if cls is int:
        return f"{1 if constant else 0}i{constant}"
    return "1" if constant else "0"


def of_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool, calls: Iterable[Call]
) -> tuple[Switch, ...]:
    """The parameters that the conditions around `calls` are about, and those with a default that are handed on; `bound` when the first parameter is the object."""
    calls = tuple(calls)
    wanted = {about(each) for call in calls if call.needs for each in call.needs.split(",")}
    handed_on = {
        part.partition("=@")[2] for call in calls if "=@" in call.passed for part in call.passed.split(";")
    }
    if not wanted and not handed_on:
        return ()
    positional = [*node.args.posonlyargs, *node.args.args]
    given = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    found = [
        Switch(parameter.arg, position - bound, _default(default))
        for position, (parameter, default) in enumerate(zip(positional, given, strict=True))
        if parameter.arg in wanted or (parameter.arg in handed_on and _default(default))
    ]
    found += [
        Switch(parameter.arg, -1, _default(default))
        for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if parameter.arg in wanted or (parameter.arg in handed_on and _default(default))
    ]
    if node.args.kwarg is not None:
        taken = {each.arg for each in (*positional, *node.args.kwonlyargs)}
        found += [Switch(name, -1, "N") for name in sorted(wanted - taken) if name.isidentifier()]
    return tuple(found)


def _default(value: ast.expr | None) -> str:
    if isinstance(value, ast.Constant):
        return _constant(value)
    if isinstance(value, (ast.List, ast.Tuple, ast.Set)) and not value.elts:
        return _EMPTY
    return f"C{mark}" if isinstance(value, ast.Attribute) and (mark := _mark(value)) else ""


def lasting(needs: Iterable[str]) -> tuple[str, ...]:
    """The conditions that also callers can tell something about; that its object has something only says the method."""
    return tuple(each for each in needs if each[1] != own_state.MARK or each[0] in "-=")


def needs_of(call: Call) -> tuple[str, ...]:
    """The conditions on its function's parameters under which a call is made."""
    return tuple(call.needs.split(",")) if call.needs else ()


def left(needs: tuple[str, ...], function: Function, call: Call) -> tuple[str, ...] | None:
    """What remains to be known, of the caller's own parameters, for something that `function` does only under `needs`.

    None when the call says that it does not happen.
    """
    if not needs:
        return ()
    if call.passed == "*":
        return ()
    count, given = _given(call.passed)
    switches = {each.name: each for each in function.switches}
    remaining: list[str] = []
    for condition in needs:
        name = about(condition)
        if name[:1] == "(":
            remaining.append(condition)
            continue
        if name[:1] == own_state.MARK:
            # What is there seldom goes away between two looks; what is not may have been made in between.
            if condition[0] in "-=" and given.get("self") == "@self":
                remaining.append(condition)
            continue
        value = _value(switches.get(name) or Switch(name), count, given)
        if value[:1] == "@":
            remaining.append(condition[0] + value[1:] + condition[1 + len(name) :])
        elif value and not may_hold(condition, value):
            return None
    return tuple(dict.fromkeys(remaining))


def are_doubtful(needs: Iterable[str], function: Function, call: Call) -> bool:
    """Whether something happens only where a parameter is missing, and the call gives it an attribute of something:
    `publish(recipe.household_id)`, and `if household_id is None: query()`."""
    if "=A" not in call.passed:
        return False
    count, given = _given(call.passed)
    switches = {each.name: each for each in function.switches}
    return any(
        (condition[0] == "=" or (condition[0] == "-" and _may_be_missing(function, about(condition))))
        and _value(switches.get(about(condition)) or Switch(about(condition)), count, given) == "A"
        for condition in needs
    )


def _may_be_missing(function: Function, name: str) -> bool:
    """Whether a parameter is no yes or no: it says of what kind it is, and that is another."""
    return any(
        each.name == name and each.annotation and not each.annotation.startswith("builtins.bool")
        for each in function.parameters
    )


def contradict(needs: Iterable[str]) -> bool:
    """Whether two of several conditions of one function cannot both hold: `if mode() == "local": start()`, and `start()`
    returns unless `mode() == "cluster"`."""
    known: dict[str, list[str]] = {}
    for condition in needs:
        others = known.setdefault(about(condition), [])
        if any(_exclude(condition, each) for each in others):
            return True
        others.append(condition)
    return False


def _exclude(one: str, other: str) -> bool:
    if one[0] + other[0] in _EXCLUDE:
        return True
    if one[0] not in "$~" or other[0] not in "$~" or one[0] == other[0] == "~":
        return False
    if one[0] == "~":
        one, other = other, one
    marks, others = (each.partition(":")[2].split("|") for each in (one, other))
    if other[0] == "~":
        return set(marks) <= set(others)
    return all(_are_equal(f"1{mark}", each) is False for mark in marks for each in others)


def may_hold(condition: str, value: str) -> bool:
    if condition[0] in _HOLDS:
        return value[0] in _HOLDS[condition[0]]
    equal = [_are_equal(value, mark) for mark in condition.partition(":")[2].split("|")]
    return any(each is not False for each in equal) if condition[0] == "$" else True not in equal


def _are_equal(value: str, mark: str) -> bool | None:
    """Whether what is passed is a marked constant; None when nobody knows."""
    passed = value[1:]
    if "p" in (passed[:1], mark[0]):
        return True if passed == mark else None  # what a function says of one value, it may say of others
    if not passed:
        return False if value in ("N", "F") or (value in ("0", "1") and mark[0] == "s") else None
    if passed == mark:
        return True
    if "e" not in (passed[0], mark[0]):
        return False
    owners = {each.partition(".")[0] for each in (passed, mark)}
    return False if len(owners) == 1 else None  # a member may be equal to its text


def _given(passed: str) -> tuple[int, dict[str, str]]:
    if not passed:
        return 0, {}
    count, *parts = passed.split(";")
    return int(count), dict(part.split("=", 1) for part in parts)


def _value(switch: Switch, count: int, given: dict[str, str]) -> str:
    """What a parameter gets; empty when nobody knows."""
    if switch.name in given:
        return given[switch.name]
    if 0 <= switch.position < count:
        return given.get(str(switch.position), "")
    return switch.default


def of_parameter(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool, name: str) -> Switch | None:
    """One parameter of a function; `bound` when the first is the object."""
    positional = [*node.args.posonlyargs, *node.args.args]
    given = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    for position, (parameter, default) in enumerate(zip(positional, given, strict=True)):
        if parameter.arg == name:
            return Switch(name, position - bound, _default(default))
    for parameter, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if parameter.arg == name:
            return Switch(name, -1, _default(default))
    return Switch(name, -1, "N") if node.args.kwarg is not None and name.isidentifier() else None


def passed_for(call: Call, switch: Switch) -> str:
    """What a call passes for a parameter; empty when nobody knows."""
    return _value(switch, *_given(call.passed))


def given(call: Call) -> int:
    """How many arguments a call gives, by position and by name, where it writes all of them out."""
    count, named = _given(call.passed)
    return count + sum(name.isidentifier() and name != "self" for name in named)


def named(call: Call) -> tuple[str, ...]:
    """The keywords of a call that writes all of them out."""
    return tuple(name for name in _given(call.passed)[1] if name.isidentifier() and name != "self")


def fits(call: Call, takes: str) -> bool:
    """Whether what a call gives is what a function takes, as far as the call writes it out."""
    if call.passed == "*":
        return True
    if _SPREAD in call.passed:
        return given(call) >= len(signatures.signature(takes).required)
    return signatures.fits(takes, _given(call.passed)[0], named(call))


def renamed(condition: str, name: str) -> str:
    """The same condition, of a parameter of another name."""
    return condition[0] + name + condition[1 + len(about(condition)) :]


def passes(call: Call, parameter: str, position: int) -> bool:
    """Whether a call gives the parameter something that is not written down as None or false."""
    if call.passed == "*":
        return False
    count, given = _given(call.passed)
    if parameter in given:
        return given[parameter][:1] not in ("N", "0")
    return 0 <= position < count and given.get(str(position), "")[:1] not in ("N", "0")


def gets_few_in_requests(node: Node, switch: Switch, reaches: Callable[[Node], bool]) -> bool:
    """Whether the callers that `reaches` says a request gets to all write out what they pass for a parameter, while others
    pass what they have."""
    calls = [(caller, edge.call) for caller, edge in node.callers]
    if node.roles or any(edge.kind != "call" for _, edge in node.callers):
        return False
    served = [(caller, call) for caller, call in calls if reaches(caller)]
    return 0 < len(served) < len(calls) and all(
        _passes_few(caller, call, switch, _HOPS) for caller, call in served
    )


def gets_few(node: Node, switch: Switch, hops: int = _HOPS) -> bool:
    """Whether every call of a function passes a constant, or things written out there, for a parameter; what a caller has
    of its own callers and hands on unchanged is asked of these."""
    calls = [(caller, edge.call) for caller, edge in node.callers if edge.kind == "call"]
    if not calls or len(calls) != len(node.callers) or node.roles:
        return False
    return all(_passes_few(caller, call, switch, hops) for caller, call in calls)


def _passes_few(caller: Node, call: Call, switch: Switch, hops: int) -> bool:
    value = "" if call.passed == "*" else passed_for(call, switch)
    if value[:1] != "@":
        return value[:1] in ("F", "C", _EMPTY)
    function = caller.function
    bound = bool(function.owner) and not function.flags & _STATIC
    return hops > 0 and any(
        gets_few(caller, Switch(each.name, each.position - bound if each.position >= 0 else -1), hops - 1)
        for each in function.parameters
        if each.name == value[1:]
    )

"""What makes a call rarer than its function: a kept answer before it, a failure, a wish that is off by default."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from rules.engine.reading import facts
from rules.engine.reading.elsewhere import is_elsewhere
from rules.engine.reading.index import Index
from rules.engine.reading.regexes import regex
from rules.engine.reading.scopes import FUNCTIONS, Scope
from rules.engine.reading.spelling import last_name
from rules.engine.reading.stored import stored_in
from rules.engine.reading.walking import uses_of, walk

_KEEPING = ("cache", "memo", "_kept", "singleton")
_LASTING_FOR = regex(
    r"(?:^|_)(?:ttl|max_age|refresh_interval|cache_(?:seconds|minutes|duration|lifetime))(?:_|$)"
)
"""How long something is kept, going by the name."""
_SET_UP = regex(r"(?:^|_)(?:initiali[sz]ed|ready|prepared|migrated|ensured|checked|set_up|created)(?:_|$)")
"""What was got ready for good, going by the name of the collection that remembers it."""
_OF_FILES = frozenset(
    {"file", "files", "path", "dir", "folder", "cert", "certs", "certificate", "keyfile", "cache"}
)
"""Words of functions that ask for files: `cert_files_exist()`."""
_SHORT = 3
"""Statements of an arm that only hands something over."""
_PLAIN = frozenset(
    {f"builtins.{name}" for name in ("bool", "int", "str", "float", "len")} | {"os.getenv", "os.environ.get"}
)
_PUTTING = frozenset({"setdefault", "update", "append", "add", "extend", "insert", "__setitem__"})
_TAKING = frozenset({"pop", "popitem", "popleft", "clear", "remove", "discard"})
_TELLING = frozenset({"debug", "info", "log", "warning", "warn", "error", "exception", "critical"})
"""Calls that write their arguments down and leave them as they are."""
_WARNING = frozenset({"warning", "warn", "error", "exception", "critical"})
_SWITCHES = ("enable", "debug", "verbose")
"""Words of what an object is told once, where it is set up: a state that comes and goes has other names."""


def of_statement(index: Index, statement: ast.AST, parent: ast.AST) -> int:
    """Flags for all calls in `statement`, a child of `parent`."""
    if isinstance(parent, ast.Try):
        if statement not in parent.handlers:
            return 0
        return facts.FAILING | (facts.ONCE if _is_of_import(statement) else 0)
    if not isinstance(parent, ast.If):
        return 0
    if statement in parent.body:
        return (
            _gives_up(parent.body)
            | _goes_on_warned(parent.body, statement)
            | _is_handed_over(statement, parent.orelse)
            | (facts.ASIDE if is_elsewhere(parent.test) else 0)
            | (facts.WISHED if _is_wish(index, parent) else 0)
            | (facts.RECALLED if _fills_store(index, parent) else 0)
            | (facts.ONCE if _lacks_package(parent.test) else 0)
            | (facts.OF_KIND if _is_of_kind(parent.test) else 0)
        )
    if statement in parent.orelse:
        return (
            _gives_up(parent.orelse)
            | (facts.ASIDE if is_elsewhere(parent.test, negated=True) else 0)
            | _is_handed_over(statement, parent.body)
        )
    return 0


def _gives_up(arm: list[ast.stmt]) -> int:
    """What an arm that ends with `raise` does before, it does because something is wrong: it tidies up, or tells somebody."""
    return facts.FAILING if arm[-1].__class__ is ast.Raise else 0


def _goes_on_warned(arm: list[ast.stmt], statement: ast.AST) -> int:
    """What an arm does after `logger.warning("…")`, it does because something is not as it should be."""
    first = arm[0]
    return (
        facts.FAILING
        if first is not statement
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Call)
        and isinstance(first.value.func, ast.Attribute)
        and first.value.func.attr in _WARNING
        and "log" in last_name(first.value.func.value).lower()
        else 0
    )


def _is_handed_over(statement: ast.AST, other: list[ast.stmt]) -> int:
    """`self.send(order)`, where the other arm has `tasks.add_task(self.send, order)`: without `tasks`, which requests have."""
    value = getattr(statement, "value", None)
    called = value.value if isinstance(value, ast.Await) else value
    if not isinstance(called, ast.Call) or len(other) > _SHORT:
        return 0
    for each in other:
        handing = each.value if isinstance(each, (ast.Expr, ast.Return, ast.Assign)) else None
        handing = handing.value if isinstance(handing, ast.Await) else handing
        if isinstance(handing, ast.Call) and any(_same(given, called.func) for given in handing.args):
            return facts.WISHED
    return 0


def _same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are one name, or one member of a name."""
    spelled = _spelling(one) if isinstance(one, (ast.Name, ast.Attribute)) else ""
    return bool(spelled) and spelled == _spelling(other)


def _is_of_kind(test: ast.expr) -> bool:
    """`isinstance(value, Picture)`, maybe with more that must hold."""
    values = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else (test,)
    return any(isinstance(each, ast.Call) and last_name(each.func) == "isinstance" for each in values)


def _is_of_import(handler: ast.AST) -> bool:
    """`except ImportError:`, where the package is fetched: next time it is there."""
    caught = handler.type if isinstance(handler, ast.ExceptHandler) else None
    return caught is not None and last_name(caught) in ("ImportError", "ModuleNotFoundError")


def _lacks_package(test: ast.expr) -> bool:
    """`if not importlib.util.find_spec("magic"):`."""
    match test:
        case (
            ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=asked))
            | ast.Compare(left=ast.Call(func=asked), ops=[ast.Is()], comparators=[ast.Constant(value=None)])
        ):
            return last_name(asked) == "find_spec"
    return False


def _fills_store(index: Index, test: ast.If) -> bool:
    """`rates = _CACHE.get(day)`, then `if rates is None:`: it only runs while nothing is kept."""
    match test.test:
        case ast.Compare() as compared if _is_of_time(compared):
            return True
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as asked):
            return _is_of_file(asked)
        case (
            ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=name))
            | ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)])
        ):
            return _outlives(index, test, name) and _may_change(index, test, name)
    return False


def _may_change(index: Index, place: ast.AST, name: str) -> bool:
    """Whether a name is no global, or one that a function gives a value or puts something into: `if not TESTING:` is so each time."""
    if name in index.scope_at(place).bindings or name not in index.module.bindings:
        return True
    bindings = index.module.bindings[name]
    if any(index.scope_at(binding.node) is not index.module for binding in bindings):
        return True
    if all(_is_plain(index, binding.value) for binding in bindings):
        return False
    if index.put_into is None:
        index.put_into = frozenset(_put_into(index))
    return name in index.put_into


def _is_plain(index: Index, value: object) -> bool:
    """Whether a global is given what nothing can be put into: `False`, `os.getenv("KEY")`, `kind == "test"`."""
    match value:
        case ast.AnnAssign(value=inner):
            return _is_plain(index, inner)
        case ast.Constant() | ast.Compare() | ast.JoinedStr() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(values=values):
            return all(_is_plain(index, each) for each in values)
        case ast.Call(func=called):
            return index.ref(called, index.module).lstrip(".") in _PLAIN
    return False


def _put_into(index: Index) -> Iterator[str]:
    """The names of the file that something is put into: `_rates.update(found)`, `fill(_rates)`, `_rates[day] = 1`."""
    for node in index.all[ast.Name]:
        name: str = node.id
        child: ast.AST = node
        parent = index.parents.get(child)
        while isinstance(parent, (ast.Attribute, ast.Subscript)) and parent.value is child:
            child, parent = parent, index.parents.get(parent)
        if child is not node and not isinstance(getattr(child, "ctx", None), ast.Load):
            yield name
            continue
        if isinstance(parent, ast.keyword):
            parent = index.parents.get(parent)
        if not isinstance(parent, ast.Call) or parent.func is node:
            continue
        called = last_name(parent.func)
        if parent.func is child:
            if called in _PUTTING or _is_for_its_own_sake(index, parent):
                yield name
        elif (
            child is node
            and called not in _TELLING
            and not index.ref(parent.func, index.scope_at(parent)).startswith("builtins.")
        ):
            yield name


def _is_for_its_own_sake(index: Index, call: ast.Call) -> bool:
    around = index.parents.get(call)
    return isinstance(index.parents.get(around) if isinstance(around, ast.Await) else around, ast.Expr)


def _is_of_file(asked: ast.Call) -> bool:
    """`os.path.exists(target)`, `target.is_file()`: what is fetched otherwise is kept on the disk."""
    name = last_name(asked.func)
    if name in ("isfile", "isdir", "is_file", "is_dir"):
        return True
    if name.endswith(("_exist", "_exists")):
        return not _OF_FILES.isdisjoint(name.split("_"))
    owner = asked.func.value if isinstance(asked.func, ast.Attribute) else None
    return (
        name == "exists"
        and owner is not None
        and (last_name(owner) == "path" if asked.args else _is_path(owner))
    )


def _is_there(test: ast.expr) -> bool:
    """`target.exists()`, `target.exists() and not force`."""
    values = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    asked = [each for each in values if isinstance(each, ast.Call) and _is_of_file(each)]
    return bool(asked) and all(
        each in asked or (isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.Not)) for each in values
    )


def _is_path(owner: ast.expr) -> bool:
    """Going by its name: `cache_dir`, `target_path`, `Path(folder)`."""
    name = last_name(owner.func if isinstance(owner, ast.Call) else owner).lower()
    return any(word in name for word in ("path", "file", "dir", "folder"))


def _is_of_time(test: ast.Compare) -> bool:
    """`time.monotonic() - self._loaded_at >= TTL`, `age.seconds > self._ttl`: it happens once in each such time."""
    for side in (test.left, *test.comparators):
        if isinstance(side, (ast.Name, ast.Attribute)) and _LASTING_FOR.search(last_name(side).lower()):
            return isinstance(test.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE))
        if isinstance(side, ast.BinOp) and isinstance(side.op, ast.Sub) and _is_kept_time(side.right):
            return isinstance(test.ops[0], (ast.Gt, ast.GtE, ast.Lt, ast.LtE)) and _is_now(side.left)
    return False


def _is_now(moment: ast.expr) -> bool:
    if isinstance(moment, ast.Name):
        return moment.id in ("now", "current_time", "now_ts")
    return isinstance(moment, ast.Call) and last_name(moment.func) in ("time", "monotonic", "now", "utcnow")


def _is_kept_time(moment: ast.expr) -> bool:
    """An attribute of the object or the class, or a global: what an earlier call left."""
    return isinstance(moment, (ast.Attribute, ast.Name)) and any(
        word in last_name(moment).lower()
        for word in ("_at", "last", "time", "stamp", "_ts", "updated", "refreshed")
    )


def of_answers(index: Index, statement: ast.If | ast.Try) -> int:
    """As `of_answer`, also where the asking stands in a `try` or under `if not fresh:`."""
    if isinstance(statement, ast.If):
        if found := of_answer(index, statement):
            return found
        if _returns_kept(index, statement):
            return facts.RECALLED
    for inner in statement.body:
        if isinstance(inner, (ast.If, ast.Try)) and (found := of_answers(index, inner)):
            return found
    return 0


def of_answer(index: Index, test: ast.If) -> int:
    """`if self.rates is not None: return self.rates`: flags for what follows, which only runs while nothing is kept."""
    last = test.body[-1]
    if test.orelse or not isinstance(last, ast.Return):
        return 0
    if is_elsewhere(test.test, negated=True):
        return facts.ASIDE
    if last.value is not None and _is_there(test.test):
        return facts.RECALLED
    if _is_refused(index, test.test):
        return facts.WISHED
    done = _is_done(index, test) or _is_done_for(index, test)
    if done & facts.ONCE or last.value is None:
        return done
    answer = last.value
    while isinstance(answer, (ast.Call, ast.Subscript, ast.Attribute, ast.Compare)):
        if _spelling(answer) in _present(test.test):
            break
        if isinstance(answer, ast.Compare):
            answer = answer.left  # `return _KNOWN[digest] == password`
        elif isinstance(answer, ast.Call) and answer.args and not isinstance(answer.func, ast.Attribute):
            answer = answer.args[0]  # `return Settings(cached)`
        elif isinstance(answer, ast.Call):
            answer = answer.func
        else:
            answer = answer.value
    spelled = _spelling(answer)
    if not spelled or spelled not in _present(test.test) or not _outlives(index, test, spelled):
        return done
    if _is_table(index, test, spelled):
        return done
    only = isinstance(answer, (ast.Name, ast.Attribute)) and _is_kept_for_good(index, test, spelled)
    return facts.RECALLED | (facts.ONCE if only else 0)


def _returns_kept(index: Index, test: ast.If) -> bool:
    """`if day in _RATES:`, under which what is kept is returned, maybe unless it is too old."""
    match test.test:
        case ast.Compare(ops=[ast.In()], comparators=[ast.Name() | ast.Attribute() as container]):
            kept = _spelling(container)
        case _:
            return False
    inside = [node for statement in test.body for node in walk(statement)]
    taken = {
        part.id
        for node in inside
        if isinstance(node, ast.Assign) and _spelling(node.value) == kept
        for target in node.targets
        for part in walk(target)
        if isinstance(part, ast.Name)
    }
    return (
        not test.orelse
        and bool(kept)
        and _outlives(index, test, kept)
        and not _is_table(index, test, kept)
        and any(
            isinstance(node, ast.Return) and isinstance(node.value, ast.Name) and node.value.id in taken
            for node in inside
        )
    )


def fills_for_good(index: Index, test: ast.If) -> bool:
    """`if _client is None: _client = connect()`, of a global or an attribute: it runs once.

    Or for each of a few objects that are made: `if name not in _clients: _clients[name] = Client(name)`.
    """
    return any(_is_kept_for_good(index, test, name) for name in _absent(test.test)) or _pools(index, test)


def _pools(index: Index, test: ast.If) -> bool:
    """Whether the body makes an object of a class and puts it where the process keeps those that it has made."""
    made: set[str] = set()
    for statement in test.body:
        match statement:
            case ast.Assign(targets=targets, value=ast.Call(func=function)) if last_name(function)[
                :1
            ].isupper():
                made.update(each.id for each in targets if isinstance(each, ast.Name))
                stores = targets
            case ast.Assign(targets=targets, value=ast.Name(id=name)) if name in made:
                stores = targets
            case _:
                continue
        if any(
            isinstance(each, ast.Subscript) and _is_kept_for_good(index, test, _spelling(each.value))
            for each in stores
        ):
            return True
    return False


def is_filled_by_call(index: Index, test: ast.If) -> bool:
    """`if key not in _KEYS: self.load_keys()`, after which `_KEYS[key]` is read: what is called there keeps the answer."""
    match test.test:
        case ast.Compare(ops=[ast.NotIn()], comparators=[ast.Name() | ast.Attribute() as container]):
            kept = _spelling(container)
        case _:
            return False
    block = getattr(index.parents.get(test), "body", None)
    if not kept or not isinstance(block, list) or test not in block or not _outlives(index, test, kept):
        return False
    return any(
        isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _spelling(node.value) == kept
        for statement in block[block.index(test) + 1 :]
        for node in walk(statement)
    )


def happens_once(index: Index, test: ast.If) -> int:
    """Flags for the body of `if not _ready:` with `_ready = True` anywhere in its body, or `if _client is None:` with a branch that makes one.

    All of the body is for the first time then, not only what stands in the assignment.
    """
    kept = {name for name in _absent(test.test) if _is_kept_for_good(index, test, name)}
    if not kept:
        return 0
    inside = [node for statement in test.body for node in walk(statement)]
    if not any(_makes(node, kept) or _calls_maker(index, node, kept) for node in inside):
        return 0
    return facts.OF_OBJECT if _are_of_object(kept) else facts.ON_MISS | facts.ONCE


def _calls_maker(index: Index, node: ast.AST, kept: set[str]) -> bool:
    """Whether it calls a function of the file that makes one of the globals, the class whose instances keep the first
    of them, or a method that makes what its object keeps: `if _app is None: initialize()`, `if Rates.one is None: Rates()`,
    `if self.report is None: self.begin()`."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name)):
            method = _method_beside(index, node, name)
            return method is not None and (
                any(_makes(inner, kept) for inner in walk(method)) or _fills(index, walk(method), kept)
            )
        case _:
            return False
    bindings = index.module.bindings.get(name, ())
    function = bindings[0].node if len(bindings) == 1 else None
    if isinstance(function, ast.ClassDef):
        return any(
            _makes(inner, {each for each in kept if each.startswith(f"{name}.")}) for inner in walk(function)
        )
    if not isinstance(function, FUNCTIONS) or isinstance(function, ast.Lambda):
        return False
    body = [inner for statement in function.body for inner in walk(statement)]
    declared = {name for inner in body if isinstance(inner, ast.Global) for name in inner.names}
    if kept & declared and any(_makes(inner, kept & declared) for inner in body):
        return True
    own = index.scope_of[function].bindings
    theirs = {name for name in kept if name in declared or name not in own}
    return _fills(index, body, theirs)


def _method_beside(index: Index, node: ast.AST, name: str) -> ast.AST | None:
    """The method `name` of the class whose method `node` stands in."""
    owner = index.parents.get(index.scope_at(node).node)
    if not isinstance(owner, ast.ClassDef):
        return None
    return next(
        (
            each
            for each in owner.body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name
        ),
        None,
    )


def _are_of_object(kept: set[str]) -> bool:
    return all(name.startswith("self.") for name in kept)


def _is_done(index: Index, test: ast.If) -> int:
    """Flags for what follows `if _ready: return _client`, of what the rest of the function sets for good."""
    kept = {name for name in _present(test.test) if _is_kept_for_good(index, test, name)}
    if not kept or not isinstance(test.test, (ast.Name, ast.Attribute, ast.Compare)):
        return 0
    function = index.scope_at(test).node
    if not isinstance(function, FUNCTIONS) or not any(
        node.lineno > test.lineno
        for node in walk(function)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and _makes(node, kept)
    ):
        return 0
    return facts.OF_OBJECT if _are_of_object(kept) else facts.RECALLED | facts.ONCE


def _is_done_for(index: Index, test: ast.If) -> int:
    """Flags for what follows `if path in _READY: return`, where `_READY.add(path)` comes at the end: once for each path."""
    function = index.scope_at(test).node
    if not isinstance(function, FUNCTIONS):
        return 0
    for node in walk(test.test):
        match node:
            case ast.Compare(
                left=left, ops=[ast.In()], comparators=[ast.Name() | ast.Attribute() as container]
            ):
                kept, key = _spelling(container), _spelling(left)
                if key and kept and _outlives(index, test, kept) and _is_added(function, test, kept, key):
                    if _are_of_object({kept}):
                        return facts.OF_OBJECT
                    return facts.RECALLED | (facts.ONCE if _SET_UP.search(kept.lower()) else 0)
            case ast.UnaryOp(op=ast.Not()):
                return 0
    return 0


def _is_added(function: ast.AST, test: ast.If, kept: str, key: str) -> bool:
    """Whether a key is put into what the test asked: `ready.add(key)`, `models[key] = model`."""
    return any(
        isinstance(target, ast.Subscript)
        and _spelling(target.value) == kept
        and _spelling(target.slice) == key
        for node in walk(function)
        if isinstance(node, ast.Assign) and node.lineno > test.lineno
        for target in node.targets
    ) or any(
        node.lineno > test.lineno
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("add", "append")
        and _spelling(node.func.value) == kept
        and _spelling(node.args[0]) == key
        for node in walk(function)
        if isinstance(node, ast.Call) and len(node.args) == 1
    )


def _makes(node: ast.AST, kept: set[str]) -> bool:
    """Whether a statement gives one of the names a value that counts as being there."""
    match node:
        case ast.Assign(targets=targets, value=value):
            pass
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            targets = [target]
        case _:
            return False
    if isinstance(value, ast.Constant) and not value.value:
        return False
    named = [part for each in targets for part in (each.elts if isinstance(each, ast.Tuple) else (each,))]
    return any(isinstance(each, (ast.Name, ast.Attribute)) and _spelling(each) in kept for each in named)


def _fills(index: Index, nodes: Iterable[ast.AST], kept: set[str]) -> bool:
    """Whether it puts something into one of the containers, which then stays there: nothing in the file takes any of it out."""
    return any(_puts_into(node, kept) for node in nodes) and not any(
        _spelling(call.func.value) in kept
        for scope in index.scopes
        if not _TAKING.isdisjoint(scope.called)
        for call in scope.calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in _TAKING
    )


def _puts_into(node: ast.AST, kept: set[str]) -> bool:
    """Whether it puts something into one of the containers: `_RATES[key] = rate`, `cls.names.update(found)`."""
    match node:
        case ast.Assign(targets=targets):
            return any(isinstance(each, ast.Subscript) and _spelling(each.value) in kept for each in targets)
        case ast.Call(func=ast.Attribute(value=container, attr="update" | "extend" | "append" | "add")):
            return _spelling(container) in kept
    return False


def _absent(test: ast.expr) -> Iterator[str]:
    """The names of what is not there when `test` holds."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                yield from _absent(value)
        case (
            ast.UnaryOp(op=ast.Not(), operand=kept)
            | ast.Compare(left=kept, ops=[ast.Is()], comparators=[ast.Constant(value=None)])
        ) if isinstance(kept, (ast.Name, ast.Attribute)):
            yield _spelling(kept)
        case ast.UnaryOp(
            op=ast.Not(),
            operand=ast.Call(
                func=ast.Name(id="hasattr"), args=[ast.Name(id=owner), ast.Constant(value=str(attribute))]
            ),
        ):
            yield f"{owner}.{attribute}"


def _is_kept_for_good(index: Index, place: ast.AST, spelled: str) -> bool:
    """Whether a name is one value that stays: a global, or an attribute that its class or object keeps."""
    owner, _, attribute = spelled.rpartition(".")
    if owner and attribute:
        return owner in ("self", "cls") or owner[:1].isupper()
    scope = index.scope_at(place)
    return bool(spelled) and (
        scope.outer.get(spelled, False)
        or (spelled in index.module.bindings and spelled not in scope.bindings)
    )


def _present(test: ast.expr) -> set[str]:
    """What is there when `test` holds: `rates` of `rates is not None and not stale()`."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            return {name for value in values for name in _present(value)}
        case ast.Compare(left=left, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return _present(left)
        case ast.Compare(ops=[ast.In()], comparators=[container]):
            return {_spelling(container)}
        case ast.NamedExpr(target=ast.Name(id=name)):
            return {name}
        case ast.Name() | ast.Attribute():
            return {_spelling(test)}
    return set()


def _spelling(node: ast.AST) -> str:
    """`rates` of `rates`, `rates[key]` and `rates.get(key)`; `self.rates` likewise."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return f"{owner}.{name}"
        case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner, attr="get")):
            return _spelling(inner)
    return ""


def _outlives(index: Index, place: ast.AST, spelled: str) -> bool:
    """Whether a value is still there at the next call: an attribute, a global, or taken out of one just now."""
    owner, _, attribute = spelled.rpartition(".")
    if attribute and owner:
        return (
            owner in ("self", "cls")
            or owner[:1].isupper()
            or any(word in spelled.lower() for word in _KEEPING)
        )
    scope = index.scope_at(place)
    if spelled in index.module.bindings and spelled not in scope.bindings:
        return True
    if not isinstance(scope.node, FUNCTIONS):
        return False
    lasting = index.lasting.get(scope)
    if lasting is None:
        lasting = index.lasting[scope] = _lasting(index, scope.node, _filled(index, scope))
    return spelled in lasting


def _is_table(index: Index, place: ast.AST, spelled: str) -> bool:
    """Whether a name is a global that is written out (`DEMO_KEYS = {"demo": "key"}`), and all that its file does with it is to look
    things up there: nothing that is found later is kept in it."""
    bindings = index.module.bindings.get(spelled, ())
    if len(bindings) != 1 or spelled in index.scope_at(place).bindings:
        return False
    written = bindings[0].value
    if isinstance(written, ast.AnnAssign):
        written = written.value
    return (
        isinstance(written, ast.Dict)
        and bool(written.keys)
        and all(
            isinstance(use.ctx, ast.Store) or _looks_up(use, index) for use in uses_of(spelled, index.tree)
        )
    )


def _looks_up(use: ast.Name, index: Index) -> bool:
    match around := index.parents.get(use):
        case ast.Subscript(ctx=ast.Load()) | ast.Compare():
            return True
        case ast.Attribute(attr="get" | "items" | "keys" | "values"):
            return isinstance(index.parents.get(around), ast.Call)
    return False


def _filled(index: Index, scope: Scope) -> set[str]:
    """The stores of the module that a function puts something into: `_models[key] = model`."""
    return {
        target.value.id
        for node in stored_in(index, scope.node)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Name)
        and target.value.id in index.module.bindings
        and target.value.id not in scope.bindings
    }


def _lasting(index: Index, function: ast.AST, filled: set[str]) -> set[str]:
    """The names in a function that are global, or assigned what was looked up in a store."""
    found: set[str] = set()
    for node in stored_in(index, function):
        match node:
            case ast.Global(names=names):
                found.update(names)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ) if _is_looked_up(value, filled):
                found.add(name)
    return found


def _is_looked_up(value: ast.expr, filled: set[str]) -> bool:
    """`_CACHE.get(key)`, `self._cache[key]`, `cache_get(key)`, or of one of the `filled` stores."""
    if isinstance(value, ast.Await):
        value = value.value
    base = value
    if isinstance(base, ast.Call):
        name = last_name(base.func)
        if any(word in name.lower() for word in _KEEPING):
            return True
        if not isinstance(base.func, ast.Attribute) or name != "get":
            return False
        base = base.func.value
    elif isinstance(base, ast.Subscript):
        base = base.value
    else:
        return False
    name = last_name(base)
    if isinstance(base, ast.Name) and name in filled:
        return True
    return any(word in name.lower() for word in _KEEPING) or (name.isupper() and isinstance(base, ast.Name))


def _is_refused(index: Index, test: ast.expr) -> bool:
    """`if not self.enabled:`, of an object that begins without."""
    return (
        isinstance(test, ast.UnaryOp)
        and isinstance(test.op, ast.Not)
        and _is_switched_off(index, test.operand)
    )


def _is_switched_off(index: Index, test: ast.expr) -> bool:
    """`self.enabled`, which the object begins without: somebody has to ask for it."""
    match test:
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if any(
            word in name.lower() for word in _SWITCHES
        ):
            pass
        case _:
            return False
    owner = index.function_scope(index.scope_at(test)).owner
    if owner is None:
        return False
    begun = [
        binding.value
        for scope, binding in owner.attributes.get(name, ())
        if getattr(scope.node, "name", "") == "__init__"
    ]
    begun += [binding.value for binding in owner.bindings.get(name, ())]
    return bool(begun) and all(isinstance(each, ast.Constant) and each.value is False for each in begun)


def _is_wish(index: Index, test: ast.If) -> bool:
    """`if blocking:` of a parameter that is off unless given, `if self.debug:` of an object that begins without."""
    if _is_switched_off(index, test.test):
        return True
    if not isinstance(test.test, ast.Name):
        return False
    function = index.scope_at(test).node
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    given = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    defaults = dict(zip((each.arg for each in positional), given, strict=True))
    defaults |= dict(zip((each.arg for each in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
    default = defaults.get(test.test.id)
    return isinstance(default, ast.Constant) and default.value is False

"""Values: what an expression can be, and the modules they are defined in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from msgspec import Struct, field

from rules.engine.reading.facts import Class, Function, ModuleFacts


class Sort:
    """What a value is. Plain numbers: they are compared a million times."""

    EXTERNAL = 0
    """A callable, class or module of somebody else, by its dotted name."""
    INSTANCE = 1
    """An instance of somebody else's class `name`."""
    FUNCTION = 2
    CLASS = 3
    OBJECT = 4
    """An instance of a class of the project."""
    MODULE = 5
    ITEMS = 6
    """Something that gives `item` when iterated, indexed or entered."""
    TEXT = 7
    """A string that is known: `name`."""
    SUPER = 8
    UNION = 9
    """One of several functions, classes or instances of the project: `members`. What they implement is the `item`."""


class Value(Struct, frozen=True, eq=False):
    """`name` is qualified; for project values `module` and `symbol` say where the definition is."""

    sort: int
    name: str
    module: Linked | None = None
    symbol: str = ""
    item: Value | None = None
    origin: tuple[str, str] | None = None
    """(path, name) of the module-level name that holds an instance."""
    bound: bool = False
    """A method taken from an instance (or a class method from its class)."""
    members: tuple[Value | None, ...] = ()
    """Of a tuple, or those that a union may be."""
    given: tuple[Value | None, ...] = ()
    """What an instance of a generic class is made of: of `Box[User]` an instance of `User`."""
    variables: Mapping[str, Value] | None = None
    """For a method of a generic class: what the type variables of its class stand for."""
    partial: bool = False
    """`functools.partial` of it, with arguments of its own."""

    @property
    def home(self) -> Linked:
        """The module that defines a value of the project. Raises LookupError for anything else."""
        if self.module is None:
            raise LookupError(self.name)
        return self.module

    @property
    def function(self) -> Function:
        """The facts of a function of the project."""
        return self.home.functions[self.symbol]


class Linked(Struct, eq=False):
    """A module within its project. `name` is dotted, as importing code would write it."""

    path: str
    name: str
    facts: ModuleFacts
    package: bool
    root: str
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    memo: dict[str, Value | None] = field(default_factory=dict)
    ancestry: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """By class, what `Resolver.ancestry` found."""
    kept: dict[str, object] = field(default_factory=dict)
    """By class, under `KEPT`, what somebody else found out."""
    found: dict[str, tuple[ModuleFacts, Collection[str]]] = field(default_factory=dict)
    """What somebody else found in the facts (`of_facts`)."""
    nested: list[tuple[Function, int]] = field(default_factory=list)
    """What `functions_at` looks through."""
    readers: Readers = field(default_factory=dict)
    """By reference, who asked for its value; under `ANCESTRY` and a class, who asked for its ancestry."""
    lookups: Readers = field(default_factory=dict)
    """By name or symbol, who looked it up among what the module defines, also in vain."""

    def __post_init__(self) -> None:
        self.show(self.facts)

    def of_facts(self, name: str, made: Callable[[ModuleFacts], Collection[str]]) -> Collection[str]:
        """What `made` finds in the facts of the file alone, kept under `name` while these stay."""
        known = self.found.get(name)
        if known is None or known[0] is not self.facts:
            known = self.found[name] = self.facts, made(self.facts)
        return known[1]

    def show(self, found: ModuleFacts) -> None:
        """Have these facts from now on."""
        self.facts = found
        self.functions = {function.symbol: function for function in found.functions}
        self.classes = {cls.symbol: cls for cls in found.classes}
        self.nested = []

    def functions_at(self, line: int) -> Iterator[Function]:
        """The functions that a line is one of, from the last that begins to the first; without what the file runs as it is loaded."""
        nested = self.nested = self.nested or _nested(self.facts.functions)
        position = bisect_right(nested, line, key=lambda each: each[0].line) - 1
        while position >= 0:
            function, position = nested[position]
            if line <= function.end_line:
                yield function


def _nested(functions: Iterable[Function]) -> list[tuple[Function, int]]:
    """Functions in the order in which they begin, each with the position of the one before it that goes on as far."""
    found: list[tuple[Function, int]] = []
    open_ones: list[int] = []
    for function in sorted((each for each in functions if each.symbol), key=lambda each: each.line):
        while open_ones and found[open_ones[-1]][0].end_line < function.line:
            open_ones.pop()
        found.append((function, open_ones[-1] if open_ones else -1))
        open_ones.append(len(found) - 1)
    return found


Readers = dict[str, list[object]]
"""Who read what: (module, reference) for the value of a reference, anything else for what others keep of it."""


def note(readers: Readers, name: str, reader: object) -> None:
    found = readers.get(name)
    if found is None:
        readers[name] = [reader]
    elif found[-1] is not reader:
        found.append(reader)


ANCESTRY, KEPT = "\x00", "\x01"
METHODS, NAMED = "\x02", "\x03"
"""Before a name, among the readers of a project: who asked which classes have a method of that name, and whether the
application names a class of that name."""
BODY, FLOW = "\x00body ", "\x00flow "
"""Before a symbol, under this `looked_up` remembers who read what a class declares, or what becomes of rows."""
CALLS = "\x00calls"
"""Under this `looked_up` remembers who goes through the calls of a module's functions."""
MADE = "made"
"""With a function or a path, who asks what is instantiated there."""
HEIRS, STARS = "heirs", "stars"
"""Who asks for the bases of all classes of a file, and for what its star imports bring."""


def qualified(module: Linked, symbol: str) -> str:
    return f"{module.name}.{symbol}" if module.name else symbol


def function_value(module: Linked, function: Function) -> Value:
    return Value(Sort.FUNCTION, qualified(module, function.symbol), module, function.symbol)

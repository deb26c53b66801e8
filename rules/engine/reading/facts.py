"""What other files need to know of one file. Small, made to be cached by the content's hash.

Facts know nothing of their own path, so one blob has one set of facts wherever it lies. Values are written as
*references*, strings that only a project can resolve:

    requests.get          an absolute import and what hangs on it
    <1>db.session         a relative import, with its level
    @client.get           a name of the file itself; functions and classes by their symbol (`@Orders.list`)
    f()                   what calling it gives (an `await` is transparent)
    T:                    an instance of what the annotation T names
    T:{}                  something whose items are instances of T
    x[]                   what iterating over x gives
    x[k]                  what subscribing x gives
    x[2], x[-1]           the member of a tuple
    x[:]                  a part of x
    T:{:}                 a mapping to instances of T
    ⟨a¦b⟩                 a tuple of these
    T:⟨A:¦B:⟩             an instance of T[A, B]
    f~                    `partial(f, …)`
    x^                    what `with x as …` binds
    f$                    what the dependency f provides
    x!                    a provider: called, it gives x, which others made
    T:‖f$                 an instance of T, or what f provides where T only says what others do
    x⁇y⁇                  x, or y where nobody knows what x is
    x∩T:∩                 x, which is a T as well: the one of the two that says more
    T%                    `super()` inside T
    «a|b»                 one of several, known when they turn out to be the same

An empty reference is an unknown value.
"""

from __future__ import annotations

import msgspec

from rules.engine.reading.declarations import Declarations
from rules.engine.reading.filtered import Filtered
from rules.engine.reading.migrations import Migration
from rules.engine.reading.raw_text import RawFacts
from rules.engine.reading.registered import Given, Stored
from rules.engine.reading.rows import Flow
from rules.engine.reading.signatures import signature
from rules.engine.reading.switches import Switch

ENGINE_VERSION = "85"
"""Changes when facts change shape or meaning: cached ones of another version are worthless."""

# Flags of a call.
AWAITED = 1
ITERATED = 2
"""The result is iterated, entered or collected where it is called: a generator's body runs there."""
SPAWNED = 4
"""The coroutine becomes a task of its own (`create_task(f())`)."""
WHILE = 8
"""Inside a `while` loop, whose number of turns nobody knows."""
LOAD = 16
"""No call but the reading of an attribute, which matters when it is a property."""
OFFLOADED = 32
"""A call of what an offload primitive made (`asyncify(f)(x)`)."""
ON_MISS = 64
"""Only when something is not there yet: `if rows is None: rows = load()`."""
DETACHED = 512
"""The task that runs it goes on by itself: nobody in the function waits for it."""
WRITES = 128
"""Executes a statement that writes: `execute(update(…))`, `execute("DELETE …")`; or opens a file to write it: `open(path, "w")`."""
QUICK = 256
"""The arguments say that it does not wait (`get(block=False)`)."""

KEEPS = 1024
"""Makes asynchronous sessions, and says what becomes of their objects on commit (`expire_on_commit=False`)."""
EXPIRES = 2048
"""Makes asynchronous sessions that forget what their objects hold on commit, as they do unless told otherwise."""

KEEPS_ROWS = 134217728
"""The same of synchronous sessions: `sessionmaker(engine, expire_on_commit=False)`."""

FAILING = 4096
"""In an `except` clause: only when something failed."""
RECALLED = 8192
"""After `if self.rates is not None: return self.rates`: only while no answer is kept."""
WISHED = 16384
"""Under `if blocking:` of a parameter that is off unless given."""
CONDITIONAL = 32768
"""Under an `if` of its function: whether it runs depends on what is passed or found."""
ONCE = 65536
"""As `RECALLED` or `ON_MISS`, and the one answer is kept for good: `if _client is None: _client = connect()`."""
OF_OBJECT = 262144
"""As `ONCE`, for each object that keeps the answer: in the body of `if self._table is None:`."""
BRIEF = 131072
"""Takes a millisecond or so: a short sleep, a wait for a program that was just told to end."""
LOCAL = 524288
"""Talks to the machine it runs on: `connect(("127.0.0.1", port))`, `get("http://localhost:9000/")`."""
LET_GO = 1048576
"""Hands work to an executor of which nobody in the function asks the future: `pool.submit(send)`."""
DECORATES = 2097152
"""No call but what a decorator of the project put around the function: it runs whenever the function is called. Always with
`LOAD`, for nothing is called there in the text."""
OF_KIND = 4194304
"""Under `if isinstance(value, Picture):`: only for values of one kind."""

ASIDE = 8388608
"""Only on a system that servers do not have, or where a developer asks for it: `if sys.platform == "win32":`."""
NEVER = 16777216
"""Behind the end of its block, or under `if False:`. Such calls are left out."""

RUN_THROUGH = 33554432
"""The result is kept under a name that the function iterates: `rows = orders.find()`, `for row in rows:`."""

ON_ANOTHERS_LOOP = 268435456
"""A coroutine that is given to a loop which runs in another thread: `asyncio.run_coroutine_threadsafe(send(order), loop)`."""

FIRST = 67108864
"""Made in any case, before everything on later lines (`rules.engine.reading.surely`); of calls that may mean something of the
project."""

# Flags of a function.
ASYNC = 1
GENERATOR = 2
PROPERTY = 4
CACHED = 8
STATIC = 16
CLASSMETHOD = 32
CONTEXT = 64
"""Decorated with `contextmanager` or `asynccontextmanager`."""
LAMBDA = 128
WRAPPED = 256
"""Decorated by something that may change what a call of it means."""
ABSTRACT = 1024
"""Decorated with `abstractmethod`, or with a body that only raises `NotImplementedError`."""
HANDS_ON = 2048
"""A decorator whose wrapper gives the function to a thread and does not wait for it."""
SINGLE = 4096
"""Decorated with a cache and called without arguments: its body runs once."""
FEW = 8192
"""Returns nothing but displays of one or two members, dicts of a few that are written out, empty ones and None."""
AROUND = 16384
"""Inside a decorator, and calls what that decorates: the wrapper."""
MAIN = 512
"""The code under `if __name__ == "__main__"`."""
HEARD = 32768
"""A coroutine that tells of its errors itself: all it does stands in a `try` that hands none on."""
UNBROKEN = 65536
"""A coroutine that waits for nothing, or for room in a queue without a bound only: once begun it runs to its end."""
TIMED = 1048576
"""A coroutine that waits for timers and for locks of its file only: these hold the task that waits for them."""
BY_FIELDS = 2097152
"""Asks for rows of its class by the columns that an argument names (`rules.engine.reading.filtered`)."""
LOOSE = 131072
"""Starts a task, returns it, and keeps no reference to it."""
STAFF = 262144
"""Decorated, and lets only those in who run the system (`rules.engine.reading.guarding`)."""
IDLE = 524288
"""A method that does nothing, for heirs to do something: a docstring, `pass` or `return None`."""


class Argument(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """An argument of a call that the project may have to understand."""

    name: str = ""
    """The keyword, or empty for a positional one."""
    ref: str = ""
    literal: str | None = None
    items: tuple[Argument, ...] = ()
    """Of a list, tuple or set display, and the values of a dict display."""
    own: str = ""
    """The own name that was given (`@create_app.router`), also when it is local."""
    kind: str = ""
    """What `items` are the members of: `{` of a dict, `(` of a call, `+` of two lists, else of a list or tuple."""
    each: str = ""
    """What the loop goes over that binds this name: a key of `displays`, or a reference."""
    pick: tuple[str, ...] = ()
    """How the name comes out of one member: a position, a key, or `.attribute`."""


class Call(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """One call (or attribute reading) in a function, in source order. `line` from 1, `column` in bytes from 0."""

    ref: str
    line: int
    column: int
    flags: int = 0
    loops: int = 0
    """Enclosing loops of unknown length within the function."""
    path: str = ""
    """Where it stands among loops, alternatives and concurrent groups: `*orders/` is once for each of `orders`, `*=5/` is
    five times, `?12.0/` arm 0 of the branch on line 12, `&30.1/` member 1 of the group that runs together on line 30,
    `%…/` only for requests of these paths."""
    arguments: tuple[Argument, ...] | None = None
    """Of calls that hand callables on or wire an application; None for all others."""
    target: str = ""
    """The own name that the result is bound to (`@router`)."""
    receiver: str = ""
    """The own name that the method is called on (`@router`), also when that name is local."""
    needs: str = ""
    """Conditions on parameters of its function under which it is made: `+commit,=session`."""
    passed: str = ""
    """What is known of the arguments: `rules.engine.reading.switches.passed`."""
    held: tuple[str, ...] = ()
    """What the `with` blocks around it have taken, as references, the outermost first."""
    milliseconds: int = 0
    """How long it sleeps, where that is written down."""
    handed: tuple[tuple[str, str], ...] = ()
    """What of the arguments may be called by who gets it: position or keyword, and a reference."""


class Parameter(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    name: str
    annotation: str = ""
    """As a reference to the value: `sqlalchemy.orm.Session:`."""
    depends: str | None = None
    """The callable of `Depends(…)`; empty when the annotation is the dependency."""
    position: int = -1
    """Among the positional parameters; -1 when it is given by name only."""


class Decorator(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    ref: str
    line: int
    called: bool = False
    arguments: tuple[Argument, ...] = ()
    receiver: str = ""


class Applied(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A parameter that its function calls, or has called: `fn` of `def retry(fn): return fn()`."""

    name: str
    position: int = -1
    """Among what a caller passes by position; -1 when it is passed by name only."""
    awaited: bool = False
    in_thread: bool = False
    """It gives the parameter to a thread, in place of calling it itself."""
    line: int = 0
    """Where it first does."""


class Passing(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A number that a function takes and hands on unchanged: `.limit(size)`, `load(session, size=size)`."""

    parameter: str
    ref: str
    """What is called with it."""
    line: int
    position: int = 0
    keyword: str = ""


class Imported(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """Something that a function imports: `from shop.db import make`."""

    line: int
    ref: str


class Function(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A function, method or lambda; the module's own code has an empty symbol."""

    symbol: str
    line: int
    end_line: int
    flags: int = 0
    owner: str = ""
    """The class it is a method of."""
    decorators: tuple[Decorator, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    """The annotated result, else the one that all `return` statements agree on."""
    yields: str = ""
    calls: tuple[Call, ...] = ()
    passings: tuple[Passing, ...] = ()
    order: tuple[str, ...] = ()
    """Names of all parameters, for methods and for functions with `passings`."""
    switches: tuple[Switch, ...] = ()
    """Parameters that decide whether some of its calls are made."""
    made: str = ""
    """What all `return` statements agree on where the annotation says something of the project: it may say less."""
    applies: tuple[Applied, ...] = ()
    takes: str = ""
    """What each call may and has to give it (`rules.engine.reading.signatures`), whatever decorates it left out of account."""
    imports: tuple[Imported, ...] = ()
    """What it imports in any case and before everything behind it: not under a condition, nor in a `try`."""

    @property
    def required(self) -> int:
        """So many arguments each call has to give it."""
        return len(signature(self.takes).required)


class Class(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    symbol: str
    line: int
    bases: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    """Attributes set in the body or on `self`, with what they hold."""
    dependencies: tuple[Parameter, ...] = ()
    """Class attributes that are `Depends(…)` (class-based views)."""
    decorators: tuple[Decorator, ...] = ()
    metaclass: str = ""
    variables: tuple[str, ...] = ()
    """The names of its type variables."""
    given: tuple[tuple[str, ...], ...] = ()
    """For each base what its type variables stand for, as references to instances."""
    many: tuple[str, ...] = ()
    """Attributes whose default, as the body writes it out, has several members (`rules.engine.reading.turns.SEVERAL`)."""
    optional: dict[str, Switch] = {}
    """Attributes that are nothing unless whoever makes the object gives them (`rules.engine.reading.optional_members`)."""
    untyped: dict[str, str] = {}
    """Attributes that are a parameter of `__init__` without annotation: its position and name (`rules.engine.reading.handed_up`)."""
    handed_up: dict[str, str] = {}
    """What its `__init__` gives `super().__init__`, by position or name, as references."""


class Alias(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """A name for an annotation: `SessionDep = Annotated[Session, Depends(get_session)]`."""

    annotation: str
    depends: str | None = None


class Admission(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """What lets only so many in at a time (`rules.engine.reading.admissions`)."""

    target: str
    """The own name that holds it (`@permits`, `@Fetcher.permits`); empty when it has none."""
    ref: str
    """What is made: `asyncio.Semaphore`."""
    number: int | None = None
    """0 where the code says that there is no limit; None where it says nothing."""
    overflow: int | None = None
    bound: str = ""
    """Of a factory of sessions, the reference to the engine it is bound to."""
    url: str = ""
    """How the address begins that an engine is given, where the code writes it down: `postgresql+asyncpg`."""
    own: bool = False
    """Whether each instance of a class makes one of its own: `self.lock = asyncio.Lock()`."""


class ModuleFacts(msgspec.Struct, omit_defaults=True, frozen=True, kw_only=True):
    lines: int = 0
    imports: tuple[str, ...] = ()
    """First segments of absolute imports."""
    modules: tuple[str, ...] = ()
    """References of everything imported, relative ones too."""
    optional: tuple[str, ...] = ()
    """Those of `modules` that it is loaded without: they stand in a function, a `try`, an `if` or the like."""
    members: dict[str, str] = {}
    """Module-level names that are no function or class, with what they hold."""
    mentions: bytes = b""
    """What `rules.engine.service.mentions` tells by."""
    kept: tuple[tuple[str, str, str], ...] = ()
    """What is set on applications: of `app.state.client = connect()` what `app.state` is, `client`, and what it holds."""
    stored: tuple[Stored, ...] = ()
    """What it puts into containers that outlive a call."""
    given: tuple[Given, ...] = ()
    """Classes, objects and parameters that it hands to what may put them there."""
    stars: tuple[str, ...] = ()
    aliases: dict[str, Alias] = {}
    displays: dict[str, Argument] = {}
    """Lists, tuples and dicts that calls are made from in loops."""
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    declarations: Declarations = Declarations()
    migration: Migration | None = None
    flows: dict[str, Flow] = {}
    """What functions make of the rows of queries, by symbol."""
    filters: tuple[Filtered, ...] = ()
    """The conditions of its queries."""
    indexed: tuple[str, ...] = ()
    """The fields of documents that it makes indexes for."""
    raw: RawFacts = RawFacts()
    """Its SQL texts."""
    early: tuple[str, ...] = ()
    """Dependencies that are closed before the response is sent: `Depends(f, scope="function")`."""
    admissions: tuple[Admission, ...] = ()
    """What lets so many in at a time, as it makes them."""
    addresses: tuple[str, ...] = ()
    """Schemes of the addresses that its functions put together and return, or make an engine with: `sqlite`."""
    concurrency: tuple[int, ...] = ()
    """How many requests at a time the containers get that it describes: `container_concurrency=1`, where that is a number."""
    on_modal: tuple[int, ...] = ()
    """How many requests at a time containers of Modal get that serve an application it makes; 0 where that is not said."""
    rewrapped: tuple[str, ...] = ()
    """What its functions may be given to after they are defined: `globals()[name] = logged(globals()[name])`."""
    sets: tuple[str, ...] = ()
    """Names of attributes that it sets, other than a class its optional ones."""
    fails: bool = False
    """Reads a name that nothing defines while it is loaded."""
    main: bool = False
    """Has code under `if __name__ == "__main__"`."""


PLACES = frozenset({"line", "end_line", "column"})
"""Fields that say where something stands."""


def alike(one: object, other: object) -> bool:
    """Equal but for lines and columns."""
    if one == other:
        return True
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        names = (name for name in one.__struct_fields__ if name not in PLACES)
        return all(alike(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    return False

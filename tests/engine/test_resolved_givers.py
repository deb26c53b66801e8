"""What the resolver knows of what is given: by defaults, by containers that are asked for a class, by heirs, by type variables."""

from __future__ import annotations

import pytest

from tests.engine.projects import one
from tests.engine.resolving import Rows, assert_resolves

REPOSITORY = """
    class Repository:
        async def load(self, number): ...
"""
LOAD = "repository.Repository.load"


def using(text: str) -> dict[str, str]:
    return {"repository.py": REPOSITORY, "use.py": f"\n{text}"}


ROWS: Rows = {
    # what a stack enters
    "a context manager on a stack": (
        using(
            """
            from contextlib import ExitStack, contextmanager
            from repository import Repository
            @contextmanager
            def opened():
                yield Repository()
            async def f():
                with ExitStack() as stack:
                    repository = stack.enter_context(opened())
                    await repository.load(1)
            """
        ),
        LOAD,
    ),
    "an asynchronous one": (
        using(
            """
            from contextlib import AsyncExitStack
            from repository import Repository
            class Opened:
                async def __aenter__(self): return Repository()
                async def __aexit__(self, *error): ...
            async def f():
                async with AsyncExitStack() as stack:
                    repository = await stack.enter_async_context(Opened())
                    await repository.load(1)
            """
        ),
        LOAD,
    ),
    # what is taken when nobody gives anything
    "a default without annotation": (
        using(
            """
            from repository import Repository
            async def f(repository=Repository()):
                await repository.load(1)
            """
        ),
        LOAD,
    ),
    "an attribute that is a default": (
        using(
            """
            from repository import Repository
            class Service:
                def __init__(self, repository=Repository()):
                    self.repository = repository
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "a class as the default": (
        using(
            """
            from repository import Repository
            class Service:
                def __init__(self, factory=Repository):
                    self.repository = factory()
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "or, after none": (
        using(
            """
            from repository import Repository
            class Service:
                def __init__(self, repository=None):
                    self.repository = repository or Repository()
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "if none, then": (
        using(
            """
            from repository import Repository
            class Service:
                def __init__(self, repository=None):
                    if repository is None:
                        repository = Repository()
                    self.repository = repository
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "one or the other": (
        using(
            """
            from repository import Repository
            class Service:
                def __init__(self, repository=None):
                    self.repository = repository if repository is not None else Repository()
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "or, after something that must be given": (
        using(
            """
            from repository import Repository
            async def f(other): await (other or Repository()).load(1)
            """
        ),
        None,
    ),
    "the default of a framework says nothing": (
        using(
            """
            from fastapi import Body
            async def f(repository=Body()):
                await repository.load(1)
            """
        ),
        None,
    ),
    # who is asked for a class
    "a container asked for a class": (
        using(
            """
            from repository import Repository
            async def f(request): await request.state.container.get(Repository).load(1)
            """
        ),
        LOAD,
    ),
    "a container awaited": (
        using(
            """
            from repository import Repository
            async def f(container):
                repository = await container.get(Repository)
                await repository.load(1)
            """
        ),
        LOAD,
    ),
    "a container with keys": (
        using(
            """
            from repository import Repository
            async def f(container): await container[Repository].load(1)
            """
        ),
        LOAD,
    ),
    "a getter of the project": (
        using(
            """
            from repository import Repository
            def get_bean(wanted): return BEANS[wanted]
            async def f(): await get_bean(Repository).load(1)
            """
        ),
        LOAD,
    ),
    "whatever its type variable stands for": (
        using(
            """
            from typing import Type, TypeVar
            from repository import Repository
            T = TypeVar("T")
            def the(wanted: Type[T]) -> T: ...
            async def f(): await the(Repository).load(1)
            """
        ),
        LOAD,
    ),
    "whatever the type variable of another file stands for": (
        using(
            """
            from beans import the
            from repository import Repository
            async def f(): await the(Repository).load(1)
            """
        )
        | {
            "beans.py": """
            from typing import TypeVar
            T = TypeVar("T")
            def the(wanted: type[T]) -> T: ...
            """
        },
        LOAD,
    ),
    "a session is no container": (
        using(
            """
            from repository import Repository
            async def f(session): await session.get(Repository).load(1)
            """
        ),
        None,
    ),
    "a key is no class": (
        using(
            """
            from keys import CURRENT
            async def f(container): await container.get(CURRENT).load(1)
            """
        ),
        None,
    ),
    "a getter that says what it gives": (
        using(
            """
            from repository import Repository
            class Other:
                async def load(self, number): ...
            def get_bean(wanted) -> Other: ...
            async def f(): await get_bean(Repository).load(1)
            """
        ),
        "use.Other.load",
    ),
    "a callable that makes one": (
        using(
            """
            from collections.abc import Callable
            from repository import Repository
            async def f(make: Callable[[], Repository]): await make().load(1)
            """
        ),
        LOAD,
    ),
    # heirs
    "what a mixin counts on": (
        using(
            """
            class Finding:
                async def by_number(self, number): await self.load(number)
            """
        )
        | {
            "orders.py": """
            from repository import Repository
            from use import Finding
            class Orders(Repository, Finding): ...
            """
        },
        LOAD,
    ),
    "what only the heir has": (
        using(
            """
            from bases import Base
            async def f(given: Base): await given.load(1)
            """
        )
        | {
            "bases.py": """
            class Base: ...
            """,
            "orders.py": """
            from bases import Base
            class Orders(Base):
                async def load(self, number): ...
            """,
        },
        "orders.Orders.load",
    ),
    "what a test's heir has": (
        using(
            """
            from bases import Base
            async def f(given: Base): await given.load(1)
            """
        )
        | {
            "bases.py": """
            class Base: ...
            """,
            "tests/fakes.py": """
            from bases import Base
            class FakeOrders(Base):
                async def load(self, number): ...
            """,
        },
        None,
    ),
    "a class that derives from itself": ({"use.py": "class A(A): ...\nA().load(1)"}, None),
    # type variables
    "what a type variable is bound to": (
        using(
            """
            from typing import Generic, TypeVar
            from repository import Repository
            R = TypeVar("R", bound=Repository)
            class Service(Generic[R]):
                repository: R
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "what a type parameter is bound to": (
        using(
            """
            from repository import Repository
            class Service[R: Repository, *Rest]:
                repository: R
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "a class that is made of what a type parameter stands for": (
        using(
            """
            from repository import Repository
            class Orders(Repository):
                async def load(self, number): ...
            class Service[R: Repository]:
                def __init__(self, repository: type[R]):
                    self.repository = repository()
            class OrderService(Service[Orders]):
                def __init__(self):
                    super().__init__(repository=Orders)
                async def f(self): await self.repository.load(1)
            """
        ),
        "use.Orders.load",
    ),
    "two classes of a file with type parameters of one name": (
        using(
            """
            from repository import Repository
            class Other:
                async def load(self, number): ...
            class Kept[R: Other]:
                repository: R
            class Service[R: Repository]:
                repository: R
                async def f(self): await self.repository.load(1)
            """
        ),
        LOAD,
    ),
    "what the heir says it is goes first": (
        using(
            """
            from typing import Generic, TypeVar
            from repository import Repository
            class Orders(Repository):
                async def load(self, number): ...
            R = TypeVar("R", bound=Repository)
            class Service(Generic[R]):
                repository: R
            class OrderService(Service[Orders]):
                async def f(self): await self.repository.load(1)
            """
        ),
        "use.Orders.load",
    ),
    "a class that a type variable is bound to": (
        {
            "use.py": """
            from typing import Generic, TypeVar
            from beanie import Document
            M = TypeVar("M", bound=Document)
            class Repository(Generic[M]):
                model: type[M]
                async def f(self): await self.model.find_one(1)
            """
        },
        "beanie.Document.find_one",
    ),
    "the class that an heir gives": (
        {
            "use.py": """
            from typing import Generic, TypeVar
            M = TypeVar("M")
            class Order:
                @classmethod
                async def load(cls): ...
            class Repository(Generic[M]):
                model: type[M]
            class Orders(Repository[Order]):
                async def f(self): await self.model.load()
            """
        },
        "use.Order.load",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_name_resolves(row: str) -> None:
    assert_resolves(*ROWS[row])


def test_a_factory_of_dependencies_gives_the_function_that_it_returns() -> None:
    api = """
    from collections.abc import Awaitable, Callable

    import requests
    from fastapi import Depends, FastAPI

    app = FastAPI()

    def allowed(role: str) -> Callable[..., Awaitable[str]]:
        async def check(token: str) -> str:
            requests.get(f"https://accounts.example/{role}", timeout=5)
            return token

        return check

    @app.get("/")
    async def root(user: str = Depends(allowed("reader"))) -> str:
        return user
    """
    (found,) = one(api, select=("FP101", "FP104")).result.findings

    assert [str(each) for each in found.endpoints] == ["GET /"]

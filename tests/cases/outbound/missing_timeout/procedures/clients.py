import asyncio

import grpc
from grpc_interceptor import ClientInterceptor

from procedures.copied import MetadataInterceptor
from procedures.deadlines import DeadlineInterceptor
from procedures.generated import stock_pb2_grpc
from procedures.generated.orders_pb2 import OrderRequest
from procedures.generated.orders_pb2_grpc import OrdersStub
from procedures.options import OPTIONS
from procedures.interceptors import TracingInterceptor


class Orders:
    _stub: OrdersStub

    def start(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target)
        self._channel = grpc.intercept_channel(self._channel, TracingInterceptor())
        self._stub = OrdersStub(self._channel)

    def order(self, number: int):
        request = OrderRequest(number=number)
        return self._stub.GetOrder(request)  # FP601 (inline)

    def by_position(self, number: int):
        return self._stub.GetOrder(OrderRequest(number=number), 5)

    def by_name(self, number: int):
        return self._stub.GetOrder(OrderRequest(number=number), timeout=5)

    def handed_on(self, number: int, **options: float):
        return self._stub.GetOrder(OrderRequest(number=number), **options)

    def changes(self):
        for change in self._stub.Changes(OrderRequest(number=0)):
            yield change

    def all_changes(self):
        changes = self._stub.Changes(OrderRequest(number=0))
        return [change for change in changes]


class Copied:
    def __init__(self, target: str) -> None:
        interceptors = [TracingInterceptor(), MetadataInterceptor()]
        self.stub = OrdersStub(grpc.intercept_channel(grpc.insecure_channel(target), *interceptors))

    def order(self, number: int):
        return self.stub.GetOrder(OrderRequest(number=number))  # FP601 (summary)


class Given:
    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = OrdersStub(channel)

    def order(self, number: int):
        return self.stub.GetOrder(OrderRequest(number=number))  # FP601 (summary)


class Elsewhere:
    """What its channel is given may hold a service configuration."""

    def __init__(self, target: str) -> None:
        self.stub = OrdersStub(grpc.insecure_channel(target, options=OPTIONS))

    def order(self, number: int):
        return self.stub.GetOrder(OrderRequest(number=number))  # FP601 (summary)


class Limited:
    def __init__(self, target: str) -> None:
        self.stub = OrdersStub(grpc.intercept_channel(grpc.insecure_channel(target), DeadlineInterceptor()))

    def order(self, number: int):
        return self.stub.GetOrder(OrderRequest(number=number))


class Unknown:
    def __init__(self, target: str, interceptor: ClientInterceptor) -> None:
        self.stub = OrdersStub(grpc.intercept_channel(grpc.insecure_channel(target), interceptor))

    def order(self, number: int):
        return self.stub.GetOrder(OrderRequest(number=number))


class Table:
    """No stub: a class of the project that is named like one."""

    def __init__(self) -> None:
        self.stub = TableStub()

    def order(self, number: int):
        return self.stub.GetOrder(number)


class TableStub:
    def GetOrder(self, number: int) -> int:
        return number


channel = grpc.aio.insecure_channel("stock:50051")
stock = stock_pb2_grpc.StockStub(channel)


async def amount(number: int):
    return await stock.Amount(OrderRequest(number=number))  # FP601 (inline)


async def amount_in_time(number: int):
    async with asyncio.timeout(5):
        first = await stock.Amount(OrderRequest(number=number))
    return first, await asyncio.wait_for(stock.Amount(OrderRequest(number=number)), 5)


async def movements(number: int):
    async for movement in stock.Movements(OrderRequest(number=number)):
        yield movement

import json

import grpc

from procedures.generated import orders_pb2_grpc
from procedures.generated.orders_pb2 import OrderRequest

CONFIG = json.dumps({"methodConfig": [{"name": [{}], "timeout": "5s"}]})
channel = grpc.insecure_channel("orders:50051", options=[("grpc.service_config", CONFIG)])
stub = orders_pb2_grpc.OrdersStub(channel)


def configured(number: int):
    return stub.GetOrder(OrderRequest(number=number))

"""Devices that answer over a network, and files and models that lie at a hub."""

import asyncio

from fastapi import FastAPI
from huggingface_hub import HfFileSystem
from pymodbus.client import AsyncModbusTcpClient, ModbusTcpClient
from smolagents import CodeAgent, OpenAIServerModel
from smolagents.models import LiteLLMModel

app = FastAPI()


class ShopModel(OpenAIServerModel):
    def is_there(self) -> bool:
        self.client.chat.completions.create(messages=[], model="small")
        return True

    def named(self) -> str:
        return str(self)


@app.get("/scales/{host}")
async def weight(host: str) -> list[int]:
    await asyncio.sleep(0)
    scales = ModbusTcpClient(host)
    return scales.read_holding_registers(0, 2).registers  # FP101


@app.get("/prices")
async def prices(token: str) -> str:
    await asyncio.sleep(0)
    hub = HfFileSystem(token=token)
    return hub.read_text("shop/prices.json")  # FP101


@app.get("/model")
async def model() -> bool:
    await asyncio.sleep(0)
    return ShopModel("small").is_there()  # FP103


@app.get("/answer")
async def answer(question: str) -> str:
    await asyncio.sleep(0)
    return LiteLLMModel("small").generate([question]).content  # FP101


@app.get("/scales/{host}/awaited")
async def awaited_weight(host: str) -> list[int]:
    scales = AsyncModbusTcpClient(host)
    await scales.connect()
    return (await scales.read_holding_registers(0, count=2)).registers


@app.get("/scales/{host}/thread")
async def weight_in_thread(host: str) -> list[int]:
    scales = ModbusTcpClient(host)
    answer = await asyncio.to_thread(scales.read_holding_registers, 0, 2)
    return [*answer.registers, scales.is_socket_open()]


@app.get("/model/made")
async def made() -> str:
    found = ShopModel("small")
    agent = CodeAgent(tools=[], model=found)
    return found.named() + str(agent)


@app.get("/scales/{host}/plain")
def weight_plainly(host: str) -> list[int]:
    return ModbusTcpClient(host).read_holding_registers(0, 2).registers

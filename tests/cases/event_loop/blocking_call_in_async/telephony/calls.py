"""Telephony and identity: clients that use `requests` inside."""

import asyncio

import messagebird
import vonage
from fastapi import FastAPI
from keystoneauth1 import session as identity
from keystoneauth1.identity import v3
from twilio.rest import Client
from vonage import Sms

app = FastAPI()
twilio = Client("account", "token")
bird = messagebird.Client("key")


class Telephony:
    def __init__(self, key: str, secret: str) -> None:
        self.client = vonage.Client(key=key, secret=secret)
        self.voice = vonage.Voice(self.client)
        self.sms = Sms(self.client)


telephony = Telephony("key", "secret")
newer = vonage.Vonage(vonage.Auth(api_key="key", api_secret="secret"))


async def told() -> None: ...


@app.post("/calls/{number}/end")
async def end(number: str) -> None:
    await told()
    telephony.voice.update_call(uuid=number, action="hangup")  # FP101


@app.post("/sms")
async def text(number: str) -> None:
    await told()
    telephony.sms.send_message({"to": number})  # FP101


@app.post("/sms/held")
async def text_by_the_client(number: str) -> None:
    await told()
    telephony.client.sms.send_message({"to": number})  # FP101


@app.post("/calls/newer")
async def end_newer(number: str) -> None:
    await told()
    newer.voice.hangup(number)  # FP101


@app.post("/twilio/{number}/end")
async def end_twilio(number: str) -> None:
    await told()
    twilio.calls(number).update(status="completed")  # FP101


@app.post("/twilio/verify")
async def verify(number: str) -> None:
    await told()
    twilio.verify.v2.services("shop").verifications.create(to=number, channel="sms")  # FP101


@app.post("/twilio/lookup")
async def look_up(number: str) -> None:
    await told()
    twilio.lookups.v2.phone_numbers(number).fetch()  # FP101


@app.post("/bird")
async def text_by_bird(number: str) -> None:
    await told()
    bird.message_create("shop", number, "sent")  # FP101


@app.post("/token")
async def token(given: str) -> str:
    await told()
    auth = v3.Token(auth_url="https://identity.example", token=given)
    session = identity.Session(auth=auth, timeout=5)
    return str(auth.get_access(session))  # FP101


# Near misses


@app.post("/calls/{number}/end-aside")
async def end_aside(number: str) -> None:
    await asyncio.to_thread(telephony.voice.update_call, uuid=number, action="hangup")


@app.post("/twilio/awaited")
async def text_awaited(number: str) -> None:
    await twilio.messages.create_async(to=number, body="sent")


@app.post("/twilio/named")
async def only_named(number: str) -> object:
    await told()
    return twilio.calls(number)


@app.post("/calls/{number}/end-in-thread")
def end_in_thread(number: str) -> None:
    telephony.voice.update_call(uuid=number, action="hangup")

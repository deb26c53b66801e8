"""Stores that are asked by methods of their own."""

import boto3
import chromadb
import redis.asyncio as redis
from boto3.dynamodb.conditions import Attr, Key
from fastapi import FastAPI
from google.cloud import firestore

app = FastAPI()
orders = boto3.resource("dynamodb").Table("orders")
documents = firestore.Client()
collection = chromadb.HttpClient().get_collection("texts")
cache = redis.Redis()


@app.get("/stores/scan/{customer}")
def scanned(customer: str) -> list[object]:
    found = orders.scan(FilterExpression=Attr("customer").eq(customer))["Items"]  # FP211
    some = orders.scan(Limit=10)["Items"]
    asked = orders.query(KeyConditionExpression=Key("customer").eq(customer))["Items"]
    return [*found, *some, *asked]


@app.get("/stores/documents")
def all_documents() -> list[object]:
    return [each.to_dict() for each in documents.collection("orders").stream()]  # FP211


@app.get("/stores/documents/{customer}")
def some_documents(customer: str) -> list[object]:
    return [each.to_dict() for each in documents.collection("orders").where("customer", "==", customer).stream()]


@app.get("/stores/documents-page")
def page_of_documents() -> list[object]:
    return [each.to_dict() for each in documents.collection("orders").limit(20).stream()]


@app.get("/stores/texts")
def texts() -> object:
    return collection.get()  # FP211


@app.get("/stores/texts/page")
def page_of_texts() -> object:
    return collection.get(limit=20)


@app.get("/stores/log")
async def log() -> list[bytes]:
    return await cache.lrange("log", 0, -1)  # FP211


@app.get("/stores/log/page")
async def page_of_log() -> list[bytes]:
    return await cache.lrange("log", 0, 49)


@app.get("/stores/log/last")
async def last_of_log() -> bytes:
    found = await cache.lrange("log", 0, -1)
    return found[-1]

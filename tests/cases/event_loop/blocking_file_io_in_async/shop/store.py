import json
from pathlib import Path


def load(name):
    with open(f"/data/{name}.json") as file:
        return json.load(file)


def load_one():
    with open("/data/one.json") as file:
        return json.load(file)


def of(name, kept={}):
    return kept.get(name)

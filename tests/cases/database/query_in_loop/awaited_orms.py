"""ORMs whose queries are awaited, some of them as they are: ormar, Edgy, Piccolo, Prisma, Gel, Tortoise."""

import edgy
import gel
import ormar
from fastapi import FastAPI
from piccolo.columns import Varchar
from piccolo.table import Table
from prisma import Prisma
from tortoise.expressions import Q
from tortoise.models import Model

app = FastAPI()
prisma = Prisma()
graph = gel.create_async_client()


class Album(ormar.Model):
    id: int = ormar.Integer(primary_key=True)


class Band(Table):
    name = Varchar()


class Song(edgy.Model):
    id = edgy.IntegerField(primary_key=True)


class Event(Model):
    pass


@app.post("/albums")
async def albums(numbers: list[int]) -> list[Album]:
    found = []
    for number in numbers:
        found.append(await Album.objects.get(id=number))  # FP201
    for number in numbers:
        found.append(await Album.objects.select_related("songs").filter(id=number).first())  # FP201
    return found


@app.post("/albums/at-once")
async def albums_at_once(numbers: list[int]) -> list[Album]:
    return await Album.objects.filter(id__in=numbers).all()


@app.post("/bands")
async def bands(names: list[str]) -> list[object]:
    found = []
    for name in names:
        found.append(await Band.select().where(Band.name == name).first())  # FP201
    for name in names:
        found.append(await Band.objects().get(Band.name == name))  # FP201
    return [*found, *[await Band.count().where(Band.name == name) for name in names]]  # FP201


@app.post("/bands/at-once")
async def bands_at_once(names: list[str]) -> list[object]:
    query = Band.select()
    for name in names:
        query = query.where(Band.name != name)
    return await query


@app.post("/songs")
async def songs(numbers: list[int]) -> list[Song]:
    return [await Song.query.get(id=number) for number in numbers]  # FP201


@app.post("/songs/at-once")
async def songs_at_once(numbers: list[int]) -> list[Song]:
    return await Song.query.filter(id__in=numbers)


@app.get("/users")
async def users() -> list[object]:
    found = await prisma.user.find_many(take=100)
    for user in found:
        user.posts = await prisma.post.find_many(where={"authorId": user.id})  # FP201
    return found


@app.get("/users/at-once")
async def users_at_once() -> list[object]:
    return await prisma.user.find_many(take=100, include={"posts": True})


@app.post("/nodes")
async def nodes(numbers: list[str]) -> list[object]:
    return [await graph.query_single("select Node filter .id = <uuid>$id", id=number) for number in numbers]  # FP201


@app.post("/events")
async def events(parents: list[int]) -> list[list[Event]]:
    return [await Event.filter(parent=parent) for parent in parents]  # FP201


@app.post("/events/sorted")
async def sorted_events(parents: list[int]) -> list[list[Event]]:
    return [await Event.all().filter(parent=parent).order_by("id") for parent in parents]  # FP201


@app.post("/events/at-once")
async def events_at_once(parents: list[int]) -> list[Event]:
    wanted = Q()
    queries = []
    for parent in parents:
        wanted |= Q(parent=parent)
        queries.append(Event.filter(parent=parent).only("id"))
    return await Event.filter(wanted)

"""FP701: computing on the event loop."""

import asyncio
import csv
import gzip
import hashlib
import io
import json
import re
import zipfile
from functools import lru_cache

import bcrypt
import docx
import labelkit
import llama_cpp
import onnxruntime
import numpy
import pandas
import spacy
import torch
import transformers
import xlsxwriter
import yaml
from chonkie import AutoEmbeddings, RecursiveChunker, SemanticChunker, SemanticChunker
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from passlib.context import CryptContext
from PIL import Image
from sentence_transformers import SentenceTransformer
from sklearn.ensemble import RandomForestClassifier
from transformers import pipeline

app = FastAPI()
context = CryptContext(schemes=["bcrypt"])
model = SentenceTransformer("small")
llama = llama_cpp.Llama("small.gguf")
WORD = re.compile(r"\w+")


def check_password(plain: str, stored: str) -> bool:
    return context.verify(plain, stored)


@lru_cache
def check_token(plain: str, stored: str) -> bool:
    return context.verify(plain, stored)


def short_key(secret: str) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), b"salt", 1000)


@app.post("/complete")
async def complete(question: str) -> str:
    return str(llama.create_chat_completion([{"content": question}]))  # FP701


@app.post("/login")
async def login(plain: str, stored: bytes) -> bool:
    return bcrypt.checkpw(plain.encode(), stored)  # FP701


@app.post("/login-through-a-helper")
async def login_through_a_helper(plain: str, stored: str) -> bool:
    return check_password(plain, stored)  # FP701


@app.post("/token")
async def token(plain: str, stored: str) -> bool:
    return check_token(plain, stored)  # FP701


@app.post("/login-in-a-thread")
async def login_in_a_thread(plain: str, stored: str) -> bool:
    return await run_in_threadpool(check_password, plain, stored)


@app.post("/login-in-a-def")
def login_in_a_def(plain: str, stored: str) -> bool:
    return check_password(plain, stored)


@app.post("/keys")
async def keys(secret: str) -> list[bytes]:
    own = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"salt", 2048)
    strong = hashlib.pbkdf2_hmac("sha256", secret.encode(), b"salt", 600_000)  # FP701
    return [own, strong, short_key(secret), hashlib.sha256(secret.encode()).digest()]


@app.post("/prices")
async def prices(file: UploadFile) -> int:
    frame = pandas.read_csv(file.file)  # FP701
    return len(frame)


@app.post("/thumbnail")
async def thumbnail(file: UploadFile) -> bytes:
    image = Image.open(file.file)
    image.thumbnail((200, 200))  # FP701
    target = io.BytesIO()
    image.save(target, "png")  # FP701
    return target.getvalue()


@app.post("/inverse")
async def inverse(rows: list[list[float]]) -> object:
    return numpy.linalg.inv(rows)  # FP701 (summary)


@app.get("/captcha")
async def captcha(width: int = 128) -> bytes:
    drawn = Image.new("RGB", (width, 30))
    target = io.BytesIO()
    drawn.save(target, "png")  # FP701 (summary)
    poster = Image.new("RGB", (4000, 3000))
    poster.save(target, "png")  # FP701 (inline)
    return target.getvalue()


@app.post("/search")
async def search(text: str) -> list[float]:
    return model.encode(text).tolist()  # FP701


@app.post("/catalog")
async def catalog(file: UploadFile) -> int:
    content = await file.read()
    lines = csv.reader(io.StringIO(content.decode()))  # FP701 (summary)
    return len(json.loads(content)) + len(list(lines))  # FP701


@app.post("/settings")
async def settings(text: str) -> int:
    return len(json.loads(text)) + len(WORD.findall(text)) + len(sorted(text))


@app.on_event("startup")
async def warm_up() -> None:
    model.encode("warm")
    pandas.read_csv("countries.csv")


if __name__ == "__main__":
    pandas.read_csv("prices.csv")


def columns() -> pandas.DataFrame:
    return pandas.concat([pandas.DataFrame({"name": ["a", "b"]}), pandas.DataFrame({"name": ["c"]})])


@app.get("/columns")
async def constant_frames() -> int:  # a few constants, a millisecond
    return len(columns())


@app.post("/admin/prices/import")
async def imported(file: UploadFile) -> int:
    return len(json.loads(await file.read()))  # FP701 (summary)


@app.post("/priced")
async def priced(file: UploadFile) -> int:
    return len(json.loads(await file.read()))  # FP701 (summary)


HEADINGS = ["name", "price"]


async def load_voice(path: str) -> object:
    return torch.load(path, weights_only=True)  # half a megabyte


async def load_model(path: str) -> object:
    return torch.load(path)  # FP701


@app.get("/prices/template")
async def template() -> bytes:
    rows = [{"name": "", "price": 0}]
    pandas.DataFrame(rows).to_csv("template.csv")
    frame = pandas.DataFrame(columns=HEADINGS)
    frame.to_excel("template.xlsx")
    docx.Document()
    return b""


@app.get("/prices/export")
async def export(rows: list[dict[str, int]]) -> None:
    frame = pandas.DataFrame(rows)
    frame.to_excel("prices.xlsx")  # FP701
    docx.Document("prices.docx")  # FP701
    await load_voice("a")
    await load_model("b")


@app.post("/setup")
async def first_account(password: str) -> str:
    return context.hash(password)  # FP701 (summary)


def load_key() -> str:
    return "key"


def get_or_create_key(kept: bool) -> object:
    if kept:
        return load_key()
    return rsa.generate_private_key(65537, 4096)


@app.get("/certificate")
async def certificate(kept: bool) -> str:
    return str(get_or_create_key(kept))  # FP701 (inline)


@app.post("/recognised")
async def recognised(file: UploadFile) -> dict[str, str]:
    content = await file.read()
    text = await read_text(content)
    answer = json.dumps({"size": len(content)})
    return {"text": json.loads(text), "answer": answer}


@app.post("/decoded")
async def decoded(file: UploadFile) -> int:
    text = io.BytesIO(await file.read()).getvalue().decode()
    return len(yaml.safe_load(text))  # FP701 (inline)


async def read_text(content: bytes) -> str:
    return "{}"


@app.get("/shown")
async def shown(as_text: bool, path: str) -> object:
    if as_text:
        frame = pandas.read_csv(path)  # FP701
    else:
        frame = pandas.read_csv(path, sep=";")  # one of the two
    return frame


@app.get("/small")
async def small_picture(path: str) -> None:
    with Image.open(path) as picture:
        small = picture.convert("RGB")  # said with the next
        small.thumbnail((256, 256))  # FP701
        small.save("small.jpg")  # FP701


writer = transformers.AutoModelForCausalLM.from_pretrained("small")
forest = RandomForestClassifier()


@app.post("/story")
async def story(numbers: list[int]) -> object:
    return writer.generate(numbers)  # FP701


@app.post("/train")
async def train(rows: list[list[float]], wanted: list[int]) -> None:
    forest.fit(rows, wanted)  # FP701


@app.post("/guess")
async def guess(row: list[float]) -> int:
    return int(forest.predict([row])[0])  # one row: a millisecond or a few


@app.get("/sheet")
async def sheet(path: str) -> None:
    book = xlsxwriter.Workbook(path)
    book.add_worksheet().write(0, 0, 1)
    book.close()  # FP701
class Words:
    """Nobody knows what it does when it is called."""

    def __call__(self, text: str) -> list[str]:
        return text.split()


class Detector:
    def __init__(self) -> None:
        self.nlp = spacy.load("en_core_web_sm")

    def names(self, text: str) -> list[str]:
        return [entity.text for entity in self.nlp(text).ents]


class Models:
    embeddings = AutoEmbeddings.get_embeddings("small")


models = Models()
detector = Detector()
labels = pipeline("ner")
network = onnxruntime.InferenceSession("small.onnx")
cutter = RecursiveChunker()
chunker = SemanticChunker()
words = Words()


def embedded(text: str) -> list[float]:
    return models.embeddings.embed(text).tolist()


@app.post("/names")
async def names(text: str) -> list[str]:
    return detector.names(text)  # FP701


@app.post("/labels")
async def labelled(text: str) -> list[dict[str, str]]:
    return labels(text)  # FP701


@app.post("/numbers")
async def numbers(text: str) -> list[float]:
    vector = embedded(text)  # FP701
    return network.run(None, {"x": vector})  # FP701


@app.post("/chunks")
async def chunks(text: str) -> int:
    return len(chunker(text)) + len(cutter(text))  # FP701


@app.post("/words")
async def split(text: str) -> list[str]:
    return words(text)


@app.post("/in-threads")
async def in_threads(text: str) -> int:
    await run_in_threadpool(detector.names, text)
    await run_in_threadpool(labels, text)
    return len(detector.nlp.vocab)


@app.post("/labels-in-a-def")
def labelled_in_a_def(text: str) -> list[dict[str, str]]:
    return labels(text)


def encoded(value: object) -> object:
    if isinstance(value, Image.Image) and value.width:
        value.save(io.BytesIO(), format="PNG")
    return value


@app.post("/messages")
async def message(text: str) -> object:
    return encoded({"text": text})  # FP701 (summary)


@app.post("/spans")
async def spans(request: Request) -> int:
    body = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)  # FP701 (summary)
    header = gzip.decompress(HEADER)
    return len(json.loads(body)) + len(header)


HEADER = b""


@app.post("/spans-in-a-thread")
async def spans_in_a_thread(request: Request) -> int:
    return len(await run_in_threadpool(gzip.decompress, await request.body()))


@app.post("/parsed")
async def parsed_by_a_stranger(file: UploadFile, kind: str) -> dict[str, str]:
    labelkit.guess_kind(file.file)
    content = await file.read()
    labelkit.parse(kind, data=content)  # FP701 (summary)
    await labelkit.parse_later(content)
    await run_in_threadpool(labelkit.parse, kind, content)
    labelkit.parse(kind, data=b"")
    return labelkit.parse_upload(file)  # FP701 (summary)


@app.post("/parsed-in-a-thread")
def parsed_in_a_thread(file: UploadFile) -> dict[str, str]:
    return labelkit.parse_upload(file)


@app.post("/frame/in-turns")
async def frame_in_turns(path: str) -> None:
    frame: pandas.DataFrame = await asyncio.to_thread(pandas.read_csv, path)
    for number, (_, row) in enumerate(frame.iterrows()):  # FP701 (summary)
        if number % 500 == 0:
            await asyncio.sleep(0)
        print(row)


@app.post("/frame/at-once")
async def frame_at_once(path: str) -> None:
    frame: pandas.DataFrame = await asyncio.to_thread(pandas.read_csv, path)
    for _, row in frame.iterrows():  # FP701 (inline)
        print(row)


@app.post("/frame/written")
async def frame_written(path: str) -> str:
    frame: pandas.DataFrame = await asyncio.to_thread(pandas.read_csv, path)
    frame.to_csv("orders.csv")  # FP701 (change)
    await asyncio.to_thread(frame.to_csv, path)
    return frame.columns[0]


@app.post("/admin/accounts")
async def account_by_an_administrator(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.post("/accounts/from-elsewhere")
async def provision_sso(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.post("/accounts")
async def account_by_its_owner(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (inline)


@app.post("/me/totp/disable")
async def second_factor_off(password: str) -> bool:
    await asyncio.sleep(0)
    return bcrypt.checkpw(password.encode(), b"hash")  # FP701 (change)


@app.put("/users/{number}/password")
async def new_password(number: int, password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.post("/password/reset")
async def forgotten_password(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (inline)


@app.post("/mfa/verify")
async def second_factor(code: str) -> bool:
    await asyncio.sleep(0)
    return bcrypt.checkpw(code.encode(), b"hash")  # FP701 (inline)


@app.put("/users/{number}")
async def changed_account(number: int, password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.patch("/service-accounts/{number}/rotate-key")
async def another_key(number: int, key: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(key.encode(), b"salt")  # FP701 (change)


@app.post("/set_password")
async def own_password(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.put("/settings/credentials")
async def credentials_of_the_owner(password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (change)


@app.post("/settings/unlock")
async def unlocked(password: str) -> bool:
    await asyncio.sleep(0)
    return bcrypt.checkpw(password.encode(), b"hash")  # FP701 (inline)


@app.post("/users/{number}")
async def made_account(number: int, password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (inline)


@app.put("/users/{number}/orders")
async def signed_order(number: int, password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (inline)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def length_of(content: bytes) -> int:
    return len(content)


@app.post("/rows")
async def rows_of_an_upload(file: UploadFile) -> int:
    content = await file.read()
    return len(rows_of(content))  # FP701 (summary)


@app.post("/rows/length")
async def length_of_an_upload(file: UploadFile) -> int:
    return length_of(await file.read())


@app.post("/rows/thread")
async def rows_in_a_thread(file: UploadFile) -> int:
    return len(await run_in_threadpool(rows_of, await file.read()))


@app.post("/rows/known")
async def rows_of_what_is_known() -> int:
    return len(rows_of(b"name"))


@app.post("/digest")
async def digest_of_an_upload(file: UploadFile) -> str:
    return hashlib.sha256(await file.read()).hexdigest()  # FP701 (summary)


@app.post("/digest/name")
async def digest_of_a_name(file: UploadFile) -> str:
    return hashlib.sha256((file.filename or "").encode()).hexdigest()


@app.post("/unpacked")
async def unpacked(file: UploadFile) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:  # FP701 (summary)
        return {name: archive.read(name) for name in archive.namelist()}


@app.post("/api-keys")
async def make_key(secret: str) -> bytes:
    await run_in_threadpool(rows_of, b"")
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt())  # FP701 (change)


@app.post("/keys-of-houses")
async def make_house_key(secret: str) -> bytes:
    await run_in_threadpool(rows_of, b"")
    return bcrypt.hashpw(secret.encode(), bcrypt.gensalt())  # FP701 (inline)


@app.post("/sheets/columns")
async def columns_of_sheet(path: str) -> list[str]:
    return list(pandas.read_excel(path, nrows=0).columns)  # the first line of it


@app.post("/tables/columns")
async def columns_of_table(path: str) -> list[str]:
    return list(_first_rows(path).columns)


def _first_rows(path: str) -> pandas.DataFrame:
    return pandas.read_csv(path, nrows=5)


@app.post("/sheets/beginning")
async def beginning_of_sheet(path: str) -> int:
    return len(pandas.read_excel(path, nrows=100_000))  # FP701


@app.post("/sheets/rows")
async def rows_of_sheet(path: str, most: int) -> int:
    return len(pandas.read_excel(path, nrows=most))  # FP701


@app.post("/password/change/confirm")
async def confirmed_password(token: str, password: str) -> bytes:
    await asyncio.sleep(0)
    return bcrypt.hashpw(password.encode(), b"salt")  # FP701 (inline)


@app.post("/admin/login")
async def administrator_hashes_a_password(password: str, stored: str) -> bool:
    return bcrypt.checkpw(password.encode(), stored.encode())  # FP701 (inline)


@app.post("/admin/users/password")
async def administrator_sets_a_password(password: str, stored: str) -> bool:
    return bcrypt.checkpw(password.encode(), stored.encode())  # FP701 (change)

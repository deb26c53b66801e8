"""Where libraries wait: one call of each, for a peer that accepts, says nothing for a while and hangs up.

All calls of a client wait in the same place, so one stands for the library. What it raises when the peer hangs up does not
matter; a call that fails before it waited is too short to count.
"""

from __future__ import annotations

import bz2
import concurrent.futures
import functools
import glob
import gzip
import lzma
import multiprocessing
import os
import queue
import select
import shutil
import sqlite3
import subprocess
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder
from benchmarks.impact.threads.peers import KEY, SILENCE, host, http, m, peer, tried

SLEEP = ["sleep", str(SILENCE)]


def _plain(library: str, name: str = "get") -> Call:
    return lambda: getattr(m(library), name)(http())


def _rsa_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    return (
        rsa.generate_private_key(65537, 2048)
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


@functools.cache
def account() -> dict[str, str]:
    """A Google service account whose token comes from the silent peer."""
    return {
        "type": "service_account",
        "project_id": "shop",
        "private_key_id": "1",
        "private_key": _rsa_key(),
        "client_email": "shop@shop.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": http("/token"),
    }


@functools.cache
def google_credentials() -> Any:
    return m("google.auth.credentials").AnonymousCredentials()


def google_options() -> Any:
    return m("google.api_core.client_options").ClientOptions(api_endpoint=http())


@functools.cache
def _insecure_channel() -> Any:
    return m("grpc").insecure_channel


def _channel(target: str, options: Any = ()) -> Any:
    """One of its own: what all share is not tried again for a while after it was hung up."""
    return _insecure_channel()(target, options=[*(options or ()), ("grpc.use_local_subchannel_pool", 1)])


CALLS: dict[str, Callable[[], object]] = {
    # the standard library
    "time.sleep": lambda: time.sleep(SILENCE),
    "subprocess.run": lambda: subprocess.run(SLEEP, check=True),
    "os.system": lambda: os.system(" ".join(SLEEP)),
    "urllib.request.urlopen": lambda: m("urllib.request").urlopen(http()),
    "http.client.HTTPConnection.getresponse": lambda: _http_client(),
    "xmlrpc.client.ServerProxy.call": lambda: m("xmlrpc.client").ServerProxy(http()).call(),
    "socket.socket.recv": lambda: m("socket").create_connection(("127.0.0.1", peer())).recv(1),
    "smtplib.SMTP": lambda: m("smtplib").SMTP(**host()),
    "imaplib.IMAP4": lambda: m("imaplib").IMAP4(**host()),
    "poplib.POP3": lambda: m("poplib").POP3(**host()),
    "ftplib.FTP.connect": lambda: m("ftplib").FTP().connect(**host()),
    "builtins.open": lambda: open(_pipe(), "rb"),
    "io.open": lambda: open(_pipe(), "rb"),
    "pathlib.Path.open": lambda: _pipe().open("rb"),
    "pathlib.Path.read_bytes": lambda: _pipe().read_bytes(),
    "gzip.open": lambda: gzip.open(_pipe()),
    "bz2.open": lambda: bz2.open(_pipe()),
    "lzma.open": lambda: lzma.open(_pipe()),
    "PIL.Image.open": lambda: m("PIL.Image").open(_pipe()),
    "os.walk": lambda: sum(1 for _ in os.walk(_tree(8_000))),
    "glob.glob": lambda: glob.glob(f"{_tree(8_000)}/**", recursive=True),
    "shutil.copytree": lambda: shutil.copytree(_tree(500), folder() / f"copy-{time.monotonic_ns()}"),
    "zipfile.ZipFile.extractall": lambda: zipfile.ZipFile(_archive("zip")).extractall(folder() / "unzipped"),
    "tarfile.TarFile.extractall": lambda: tarfile.open(_archive("tar")).extractall(
        folder() / "untarred", filter="data"
    ),
    "threading.Event.wait": lambda: threading.Event().wait(SILENCE),
    "queue.Queue.get": lambda: queue.Queue[int]().get(timeout=SILENCE),
    "concurrent.futures.wait": lambda: concurrent.futures.wait(
        [concurrent.futures.Future[int]()], timeout=SILENCE
    ),
    "multiprocessing.Process.join": lambda: _process(),
    "select.select": lambda: select.select([], [], [], SILENCE),
    "sqlite3.Cursor.execute": lambda: _counted(sqlite3.connect(":memory:").cursor()),
    # HTTP
    "requests.get": _plain("requests"),
    "requests_html.HTMLSession.get": lambda: m("requests_html").HTMLSession().get(http()),
    "requests_toolbelt.sessions.BaseUrlSession.get": lambda: (
        m("requests_toolbelt.sessions").BaseUrlSession().get(http())
    ),
    "requests_oauthlib.OAuth2Session.get": lambda: (
        m("requests_oauthlib")
        .OAuth2Session(token={"access_token": "a"})
        .get(http().replace("http:", "https:"))
    ),
    "cachecontrol.CacheControl.get": lambda: (
        m("cachecontrol").CacheControl(m("requests").Session()).get(http())
    ),
    "requests_cache.CachedSession.get": lambda: (
        m("requests_cache").CachedSession(backend="memory").get(http())
    ),
    "cloudscraper.CloudScraper.get": lambda: m("cloudscraper").create_scraper().get(http()),
    "authlib.integrations.requests_client.OAuth2Session.get": lambda: (
        m("authlib.integrations.requests_client")
        .OAuth2Session(token={"access_token": "a", "token_type": "bearer"})
        .get(http())
    ),
    "niquests.get": _plain("niquests"),
    "httpx.get": _plain("httpx"),
    "httpx2.get": _plain("httpx2"),
    "urllib3.request": lambda: m("urllib3").request("GET", http(), retries=False),
    "pycurl.Curl.perform": lambda: _curl(),
    "mechanize.urlopen": lambda: m("mechanize").urlopen(http()),
    "curl_cffi.requests.get": _plain("curl_cffi.requests"),
    "selenium.webdriver.Remote": lambda: m("selenium.webdriver").Remote(
        http(), options=m("selenium.webdriver").ChromeOptions()
    ),
    "zeep.Client": lambda: m("zeep").Client(http()),
    "websocket.create_connection": lambda: m("websocket").create_connection(f"ws://127.0.0.1:{peer()}"),
    "websockets.sync.client.connect": lambda: m("websockets.sync.client").connect(f"ws://127.0.0.1:{peer()}"),
    "feedparser.parse": lambda: m("feedparser").parse(http()),
    "dns.resolver.resolve": lambda: _resolver().resolve("shop.example", lifetime=SILENCE, tcp=True),
    "jwt.PyJWKClient.get_signing_keys": lambda: m("jwt").PyJWKClient(http()).get_signing_keys(),
    # databases
    "sqlalchemy.orm.Session.execute": lambda: _session().execute(m("sqlalchemy").text("select 1")),
    "sqlmodel.Session.exec": lambda: m("sqlmodel").Session(_engine()).exec(m("sqlmodel").text("select 1")),
    "psycopg2.connect": lambda: m("psycopg2").connect(**host(), dbname="shop", sslmode="disable"),
    "psycopg.connect": lambda: m("psycopg").connect(**host(), dbname="shop", sslmode="disable"),
    "psycopg_pool.ConnectionPool.getconn": lambda: _psycopg_pool(),
    "pymysql.connect": lambda: m("pymysql").connect(**host()),
    "MySQLdb.connect": lambda: m("MySQLdb").connect(**host()),
    "mysql.connector.connect": lambda: m("mysql.connector").connect(**host()),
    "mariadb.connect": lambda: m("mariadb").connect(**host()),
    "oracledb.connect": lambda: m("oracledb").connect(user="a", password="b", **host(), service_name="c"),
    "pyodbc.connect": lambda: m("pyodbc").connect(
        f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={peer()};Database=a;Uid=b;Pwd=c;"
    ),
    "pymssql.connect": lambda: m("pymssql").connect(
        server="127.0.0.1", port=str(peer()), user="a", password="b"
    ),
    "duckdb.Cursor.execute": lambda: (
        m("duckdb")
        .connect()
        .cursor()
        .execute("select sum(a.range * b.range) from range(8000) a, range(8000) b")
        .fetchall()
    ),
    "snowflake.connector.connect": lambda: m("snowflake.connector").connect(
        account="a", user="b", password="c", protocol="http", **host(), login_timeout=1
    ),
    "clickhouse_driver.connect": lambda: (
        m("clickhouse_driver").connect(**host()).cursor().execute("select 1")
    ),
    "redshift_connector.connect": lambda: m("redshift_connector").connect(
        user="a", password="b", database="c", ssl=False, **host()
    ),
    "databricks.sql.connect": lambda: m("databricks.sql").connect(
        server_hostname="databricks.example",
        http_path="/a",
        access_token="b",
        _retry_stop_after_attempts_count=1,
    ),
    "trino.dbapi.Cursor.execute": lambda: (
        m("trino.dbapi")
        .connect(**host(), user="a", http_scheme="http", max_attempts=1)
        .cursor()
        .execute("select 1")
    ),
    "ibm_db_dbi.connect": lambda: m("ibm_db_dbi").connect(
        f"DATABASE=a;HOSTNAME=127.0.0.1;PORT={peer()};PROTOCOL=TCPIP;UID=b;PWD=c;", "", ""
    ),
    "vertica_python.connect": lambda: m("vertica_python").connect(
        **host(), user="a", password="b", database="c", tlsmode="disable"
    ),
    "clickhouse_connect.get_client": lambda: m("clickhouse_connect").get_client(**host()),
    "cassandra.cluster.Cluster.connect": lambda: (
        m("cassandra.cluster").Cluster(["127.0.0.1"], port=peer()).connect()
    ),
    "neo4j.Driver.execute_query": lambda: (
        m("neo4j")
        .GraphDatabase.driver(f"bolt://127.0.0.1:{peer()}", max_transaction_retry_time=0)
        .execute_query("return 1")
    ),
    "records.Database.query": lambda: m("records").Database(_address()).query("select 1"),
    "influxdb_client.QueryApi.query": lambda: (
        m("influxdb_client").InfluxDBClient(http(), "a", org="b").query_api().query("a")
    ),
    "peewee.Model.get": lambda: _peewee().get(),
    "pynamodb.models.Model.get": lambda: _dynamo().get("a"),
    "pymongo.collection.Collection.find_one": lambda: _mongo()["shop"]["orders"].find_one(),
    "mongoengine.Document.save": lambda: _document().save(),
    "redis.Redis.get": lambda: m("redis").Redis(**host(), retry=None).get("a"),
    "valkey.Valkey.get": lambda: m("valkey").Valkey(**host()).get("a"),
    "pymemcache.client.base.Client.get": lambda: (
        m("pymemcache.client.base").Client(("127.0.0.1", peer())).get("a")
    ),
    "pylibmc.Client.get": lambda: m("pylibmc").Client([f"127.0.0.1:{peer()}"]).get("a"),
    "memcache.Client.get": lambda: m("memcache").Client([f"127.0.0.1:{peer()}"]).get("a"),
    "elasticsearch.Elasticsearch.search": lambda: (
        m("elasticsearch").Elasticsearch(http(), max_retries=0).search()
    ),
    "opensearchpy.OpenSearch.search": lambda: m("opensearchpy").OpenSearch(http(), max_retries=0).search(),
    "qdrant_client.QdrantClient.get_collections": lambda: (
        m("qdrant_client").QdrantClient(http(), check_compatibility=False).get_collections()
    ),
    "meilisearch.Client.health": lambda: m("meilisearch").Client(http()).health(),
    "pinecone.Index.query": lambda: (
        m("pinecone").Pinecone(api_key=KEY).Index(host=http()).query(vector=[1.0], top_k=1)
    ),
    "chromadb.Collection.query": lambda: (
        m("chromadb").HttpClient(**host()).get_collection("a").query(query_texts=["a"])
    ),
    "weaviate.Client.connect": lambda: m("weaviate").connect_to_local(**host()),
    "typesense.Client.collections.retrieve": lambda: (
        m("typesense")
        .Client({"nodes": [{**host(), "protocol": "http"}], "api_key": "a", "num_retries": 0})
        .collections.retrieve()
    ),
    # clouds
    "boto3.client.list_buckets": lambda: _aws().list_buckets(),
    "botocore.client.list_buckets": lambda: (
        m("botocore.session").get_session().create_client("s3", endpoint_url=http()).list_buckets()
    ),
    "google.auth.transport.requests.AuthorizedSession.get": lambda: (
        m("google.auth.transport.requests").AuthorizedSession(google_credentials()).get(http())
    ),
    "google.cloud.storage.Blob.upload_from_string": lambda: (
        m("google.cloud.storage")
        .Client("shop", google_credentials(), client_options=google_options())
        .bucket("a")
        .blob("b")
        .upload_from_string("c", retry=None)
    ),
    "google.cloud.bigquery.Client.query_and_wait": lambda: (
        m("google.cloud.bigquery")
        .Client("shop", google_credentials(), client_options=google_options())
        .query_and_wait("select 1", retry=None, job_retry=None)
    ),
    "google.cloud.translate_v2.Client.translate": lambda: (
        m("google.cloud.translate_v2")
        .Client(credentials=google_credentials(), client_options=google_options())
        .translate("a")
    ),
    "google.cloud.secretmanager.SecretManagerServiceClient.access_secret_version": lambda: _grpc(
        "google.cloud.secretmanager",
        "SecretManagerServiceClient",
        "secret_manager_service",
        "SecretManagerService",
    ).access_secret_version(name="a", timeout=5, retry=None),
    "google.cloud.vision.ImageAnnotatorClient.text_detection": lambda: _grpc(
        "google.cloud.vision", "ImageAnnotatorClient", "image_annotator", "ImageAnnotator"
    ).batch_annotate_images(requests=[], timeout=5, retry=None),
    "google.cloud.tasks_v2.CloudTasksClient.create_task": lambda: _grpc(
        "google.cloud.tasks_v2", "CloudTasksClient", "cloud_tasks", "CloudTasks"
    ).create_task(parent="a", task={}, timeout=5, retry=None),
    "google.cloud.firestore.DocumentReference.get": lambda: _firestore(),
    "google.oauth2.id_token.verify_oauth2_token": lambda: m("google.oauth2.id_token").verify_oauth2_token(
        "a.b.c", m("google.auth.transport.requests").Request()
    ),
    "firebase_admin.auth.get_user": lambda: m("firebase_admin.auth").get_user("a", app=_firebase()),
    "googleapiclient.discovery.build": lambda: m("googleapiclient.discovery").build(
        "drive", "v3", developerKey=KEY, static_discovery=False, discoveryServiceUrl=http(), num_retries=0
    ),
    "azure.storage.blob.BlobClient.upload_blob": lambda: (
        m("azure.storage.blob")
        .BlobClient(http("/a"), "b", "c", credential=None, retry_total=0)
        .upload_blob(b"a")
    ),
    "azure.keyvault.secrets.SecretClient.get_secret": lambda: (
        m("azure.keyvault.secrets")
        .SecretClient(f"https://127.0.0.1:{peer()}", _AzureKey(), retry_total=0)
        .get_secret("a")
    ),
    "azure.identity.ClientSecretCredential.get_token": lambda: (
        m("azure.identity").ClientSecretCredential("a", "b", "c", retry_total=0).get_token("d/.default")
    ),
    "azure.cosmos.ContainerProxy.read_item": lambda: (
        m("azure.cosmos")
        .CosmosClient(f"https://127.0.0.1:{peer()}", "YQ==", retry_total=0)
        .get_database_client("a")
        .get_container_client("b")
        .read_item("c", "d")
    ),
    "azure.servicebus.ServiceBusSender.send_messages": lambda: _servicebus(),
    "minio.Minio.get_object": lambda: (
        m("minio")
        .Minio(
            f"127.0.0.1:{peer()}", "a", "b", secure=False, http_client=m("urllib3").PoolManager(retries=False)
        )
        .get_object("orders", "a")
    ),
    # services
    "exa_py.Exa.search": lambda: m("exa_py").Exa(KEY, http()).search("a"),
    "tavily.TavilyClient.search": lambda: m("tavily").TavilyClient(KEY, api_base_url=http()).search("a"),
    "firecrawl.FirecrawlApp.scrape_url": lambda: _firecrawl(),
    "stripe.Customer.list": lambda: _stripe().Customer.list(api_key=KEY),
    "twilio.rest.Client.messages.list": lambda: m("twilio.rest").Client("a", "b").messages.list(),
    "sendgrid.SendGridAPIClient.send": lambda: m("sendgrid").SendGridAPIClient(KEY, host=http()).send({}),
    "resend.Emails.send": lambda: _resend(),
    "postmarker.core.PostmarkClient.emails.send": lambda: (
        m("postmarker.core")
        .PostmarkClient(server_token="a", timeout=5)
        .emails.send(From="a@shop.example", To="b@shop.example", Subject="a", TextBody="b")
    ),
    "emails.Message.send": lambda: (
        m("emails")
        .Message(text="a", mail_from="a@shop.example", subject="b")
        .send(to="b@shop.example", smtp=host() | {"fail_silently": False})
    ),
    "cloudinary.uploader.upload": lambda: _cloudinary(),
    "slack_sdk.WebClient.chat_postMessage": lambda: (
        m("slack_sdk").WebClient("a", base_url=http("/")).chat_postMessage(channel="a", text="b")
    ),
    "github.Github.get_repo": lambda: m("github").Github(base_url=http(), retry=None).get_repo("a/b"),
    "gitlab.Gitlab.http_get": lambda: m("gitlab").Gitlab(http()).http_get("/a"),
    "jira.JIRA.issue": lambda: m("jira").JIRA(http(), max_retries=0, get_server_info=False).issue("A-1"),
    "atlassian.Jira.issue": lambda: m("atlassian").Jira(http()).issue("A-1"),
    "zenpy.Zenpy.search": lambda: list(m("zenpy").Zenpy(subdomain="a", email="b", token="c").search("d")),
    "tweepy.Client.get_user": lambda: m("tweepy").Client("a").get_user(id=1),
    "pusher.Pusher.trigger": lambda: (
        m("pusher").Pusher(app_id="1", key="a", secret="b", **host(), ssl=False).trigger("a", "b", {})
    ),
    "hvac.Client.read": lambda: m("hvac").Client(http(), token="a").read("a"),
    "supabase.Client.auth.get_user": lambda: m("supabase").create_client(http(), KEY).auth.get_user("a.b.c"),
    "kubernetes.client.CoreV1Api.list_namespaced_pod": lambda: _kubernetes(),
    "docker.DockerClient.containers.list": lambda: (
        m("docker").DockerClient(f"tcp://127.0.0.1:{peer()}", version="1.44").containers.list()
    ),
    "paramiko.SSHClient.connect": lambda: m("paramiko").SSHClient().connect("127.0.0.1", peer(), "a", "b"),
    "fabric.Connection.run": lambda: m("fabric").Connection("127.0.0.1", "a", peer()).run("ls"),
    "netmiko.ConnectHandler": lambda: m("netmiko").ConnectHandler(
        device_type="linux", **host(), username="a", password="b"
    ),
    "ldap3.Connection.bind": lambda: (
        m("ldap3").Connection(m("ldap3").Server(**host()), "a", "b", receive_timeout=5).bind()
    ),
    "git.Repo.clone_from": lambda: _cloned(),
    "yfinance.download": lambda: m("yfinance").download("A", progress=False, threads=False),
    "wikipedia.search": lambda: m("wikipedia").search("a"),
    "huggingface_hub.hf_hub_download": lambda: m("huggingface_hub").hf_hub_download(
        "a/b", "c", endpoint=http()
    ),
    "geopy.geocoders.Nominatim.geocode": lambda: (
        m("geopy.geocoders")
        .Nominatim(user_agent="a", domain=f"127.0.0.1:{peer()}", scheme="http")
        .geocode("b")
    ),
    "sentry_sdk.flush": lambda: _sentry(),
    "pyln.client.LightningRpc.getinfo": lambda: _lightning(),
    # language models
    "openai.OpenAI.models.list": lambda: m("openai").OpenAI(base_url=http(), max_retries=0).models.list(),
    "anthropic.Anthropic.messages.create": lambda: (
        m("anthropic")
        .Anthropic(base_url=http(), max_retries=0)
        .messages.create(model="a", max_tokens=1, messages=[])
    ),
    "groq.Groq.models.list": lambda: m("groq").Groq(base_url=http(), max_retries=0).models.list(),
    "together.Together.models.list": lambda: (
        m("together").Together(api_key=KEY, base_url=http(), max_retries=0, project_id="a").models.list()
    ),
    "cohere.Client.chat": lambda: m("cohere").Client(KEY, base_url=http()).chat(message="a"),
    "mistralai.Mistral.chat.complete": lambda: _mistral()(api_key=KEY, server_url=http()).chat.complete(
        model="a", messages=[{"role": "user", "content": "a"}]
    ),
    "google.genai.Client.models.generate_content": lambda: _genai().models.generate_content(
        model="a", contents="b"
    ),
    "google.generativeai.GenerativeModel.generate_content": lambda: _generative(),
    "vertexai.generative_models.GenerativeModel.generate_content": lambda: _vertex(),
    "litellm.completion": lambda: m("litellm").completion(
        model="openai/a",
        api_base=http(),
        api_key=KEY,
        max_retries=0,
        num_retries=0,
        messages=[{"role": "user", "content": "a"}],
    ),
    "ollama.chat": lambda: m("ollama").Client(http()).chat("a"),
    "replicate.run": lambda: m("replicate").Client(KEY, base_url=http()).run("a/b:c", input={}),
    "langchain_openai.ChatOpenAI.invoke": lambda: (
        m("langchain_openai").ChatOpenAI(base_url=http(), max_retries=0).invoke("a")
    ),
    "langchain_anthropic.ChatAnthropic.invoke": lambda: (
        m("langchain_anthropic").ChatAnthropic(model="a", base_url=http(), max_retries=0).invoke("a")
    ),
    "langchain_google_genai.ChatGoogleGenerativeAI.invoke": lambda: (
        m("langchain_google_genai")
        .ChatGoogleGenerativeAI(model="a", base_url=http(), max_retries=1)
        .invoke("a")
    ),
    "langchain_google_vertexai.ChatVertexAI.invoke": lambda: (
        m("langchain_google_vertexai")
        .ChatVertexAI(
            model="gemini",
            project="a",
            location="b",
            credentials=google_credentials(),
            max_retries=1,
            api_transport="rest",
            api_endpoint=f"http://127.0.0.1:{peer('silent')}",
        )
        .invoke("a")
    ),
    "langchain_groq.ChatGroq.invoke": lambda: (
        m("langchain_groq").ChatGroq(model="a", base_url=http(), max_retries=0).invoke("a")
    ),
    "langchain_mistralai.ChatMistralAI.invoke": lambda: (
        m("langchain_mistralai").ChatMistralAI(endpoint=http(), max_retries=0).invoke("a")
    ),
    "langchain_ollama.ChatOllama.invoke": lambda: (
        m("langchain_ollama").ChatOllama(model="a", base_url=http()).invoke("a")
    ),
    "langchain_aws.ChatBedrock.invoke": lambda: (
        m("langchain_aws")
        .ChatBedrock(model="amazon.nova-lite-v1:0", endpoint_url=http(), region="eu-central-1")
        .invoke("a")
    ),
    "langchain_core.runnables.RunnableSequence.invoke": lambda: _sequence().invoke("a"),
    # queues
    "kafka.KafkaConsumer.poll": lambda: (
        m("kafka").KafkaConsumer(bootstrap_servers=f"127.0.0.1:{peer()}").poll(200)
    ),
    "confluent_kafka.Producer.flush": lambda: _confluent().flush(SILENCE),
    "pika.BlockingConnection": lambda: m("pika").BlockingConnection(m("pika").ConnectionParameters(**host())),
    "kombu.Producer.publish": lambda: _kombu(),
    "celery.Celery.send_task": lambda: (
        m("celery").Celery(broker=f"redis://127.0.0.1:{peer()}/0").send_task("a", retry=False)
    ),
    "celery.result.AsyncResult.get": lambda: (
        m("celery.result")
        .AsyncResult("a", app=m("celery").Celery(backend=f"redis://127.0.0.1:{peer()}/0"))
        .get(timeout=SILENCE)
    ),
    "rq.Queue.enqueue": lambda: (
        m("rq").Queue(connection=m("redis").Redis(**host(), retry=None)).enqueue("shop.work")
    ),
    "dramatiq.Actor.send": lambda: _dramatiq(),
    # programs
    "ffmpeg.run": lambda: (
        m("ffmpeg")
        .input("anullsrc", f="lavfi", t=SILENCE, re=None)
        .output(str(folder() / "silence.wav"))
        .run(quiet=True, overwrite_output=True)
    ),
    "pytesseract.image_to_string": lambda: m("pytesseract").image_to_string(
        m("PIL.Image").new("L", (800, 600), 255)
    ),
}


WITHOUT = {
    "builtins.input": "it waits for a person",
    "cx_Oracle.connect": "it no longer builds, and needs Oracle's own client",
    "fileinput.input": "it opens nothing before it is iterated",
    "ldap.ldapobject.LDAPObject": "it is compiled with the headers of OpenLDAP",
    "moviepy.VideoFileClip": "it was not tried yet",
    **dict.fromkeys(
        (
            "agents.Runner.run_sync",
            "ccxt.Exchange",
            "composio.Composio",
            "dashscope",
            "google_auth_oauthlib.flow.Flow",
            "keycloak.KeycloakOpenID",
            "kinto_http.Client",
            "lark_oapi.Client",
            "mlflow.MlflowClient",
            "oss2.Bucket",
            "pydantic_ai.Agent.run_sync",
            "pystac_client.Client.open",
            "qcloud_cos.CosS3Client",
            "sh.Command",
            "volcenginesdkarkruntime.Ark",
            "zhipuai.ZhipuAI",
        ),
        "it was not tried yet",
    ),
    "ping3.ping": "what does not answer is not on this machine",
    "pysftp.Connection": "no release of it can be imported beside today's paramiko",
    "playwright.sync_api.Page.goto": "its objects belong to the thread that made them",
    "pysnmp.hlapi.getCmd": "no release of today has it",
    "scrapy.crawler.CrawlerProcess.start": "a process runs it once",
    "tempfile.NamedTemporaryFile": "a file is made in microseconds",
}
"""What is not driven, and why."""


def _pipe() -> Path:
    """A pipe that nobody writes to for a while: opening it waits."""
    path = folder() / f"pipe-{time.monotonic_ns()}"
    os.mkfifo(path)
    threading.Timer(SILENCE, lambda: path.open("wb").close()).start()
    return path


@functools.cache
def _tree(count: int) -> Path:
    place = folder() / f"tree-{count}"
    for number in range(count):
        inner = place / str(number % 40) / str(number)
        inner.mkdir(parents=True)
        (inner / "a").write_bytes(b"a" * 4_000)
    return place


@functools.cache
def _archive(form: str) -> Path:
    return Path(shutil.make_archive(str(folder() / "tree-packed"), form, _tree(200)))


def _process() -> None:
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(SILENCE,))
    process.start()
    process.join()


def _http_client() -> object:
    connection = m("http.client").HTTPConnection(**host())
    connection.request("GET", "/")
    return connection.getresponse()


def _counted(cursor: Any) -> object:
    return cursor.execute(
        "with recursive c(n) as (select 1 union all select n + 1 from c where n < 600000) select sum(n) from c"
    ).fetchall()


def _curl() -> None:
    handle = m("pycurl").Curl()
    handle.setopt(handle.URL, http())
    handle.perform()


def _resolver() -> Any:
    resolver = m("dns.resolver").Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], peer()
    return resolver


def _address() -> str:
    return f"postgresql+psycopg2://a:b@127.0.0.1:{peer()}/c?sslmode=disable"


def _engine() -> Any:
    return m("sqlalchemy").create_engine(_address())


def _session() -> Any:
    return m("sqlalchemy.orm").Session(_engine())


def _psycopg_pool() -> object:
    pool = m("psycopg_pool").ConnectionPool(f"host=127.0.0.1 port={peer()} dbname=a", min_size=1, open=True)
    try:
        return pool.getconn(timeout=SILENCE)
    finally:
        pool.close(0.1)


def _peewee() -> Any:
    peewee = m("peewee")
    database = peewee.PostgresqlDatabase("a", **host(), sslmode="disable")
    return type("Order", (peewee.Model,), {"Meta": type("Meta", (), {"database": database})})


def _dynamo() -> Any:
    attributes, models = m("pynamodb.attributes"), m("pynamodb.models")
    meta = type(
        "Meta", (), {"table_name": "a", "host": http(), "region": "eu-central-1", "max_retry_attempts": 0}
    )
    return type("Order", (models.Model,), {"Meta": meta, "id": attributes.UnicodeAttribute(hash_key=True)})


@functools.cache
def _mongo() -> Any:
    return m("pymongo").MongoClient(**host(), serverSelectionTimeoutMS=200)


@functools.cache
def _mongo_document() -> Any:
    engine = m("mongoengine")
    engine.connect("a", **host(), serverSelectionTimeoutMS=200)
    return type("Order", (engine.Document,), {"name": engine.StringField()})


def _document() -> Any:
    return _mongo_document()(name="a")


def _aws() -> Any:
    return m("boto3").client("s3", endpoint_url=http())


def _grpc(module: str, client: str, service: str, name: str) -> Any:
    channel = _channel(f"127.0.0.1:{peer('grpc')}")
    client_class = getattr(m(module), client)
    transport = client_class.get_transport_class("grpc")(channel=channel, credentials=google_credentials())
    return client_class(transport=transport)


def _firestore() -> object:
    os.environ["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{peer('grpc')}"
    _insecure_channel()
    m("grpc").insecure_channel = _channel
    client = m("google.cloud.firestore").Client("shop", google_credentials())
    return client.document("a/b").get(retry=None, timeout=5)


@functools.cache
def _firebase() -> Any:
    firebase = m("firebase_admin")
    return firebase.initialize_app(firebase.credentials.Certificate(account()), {"httpTimeout": 1})


@functools.cache
def _genai() -> Any:
    return m("google.genai").Client(api_key=KEY, http_options={"base_url": http()})


class _AzureKey:
    def get_token(self, *_: str, **__: object) -> Any:
        return m("azure.core.credentials").AccessToken("a", 2**31)


def _servicebus() -> object:
    servicebus = m("azure.servicebus")
    client = servicebus.ServiceBusClient.from_connection_string(
        f"Endpoint=sb://127.0.0.1:{peer()};SharedAccessKeyName=a;SharedAccessKey=YQ==;UseDevelopmentEmulator=true;",
        retry_total=0,
    )
    with client.get_queue_sender("a") as sender:
        return sender.send_messages(servicebus.ServiceBusMessage("a"))


def _firecrawl() -> object:
    app = m("firecrawl").FirecrawlApp(api_key="fc-a", api_url=http())
    return (getattr(app, "scrape_url", None) and app.scrape_url("http://shop.example")) or app.scrape(
        "http://shop.example"
    )


def _stripe() -> Any:
    stripe = m("stripe")
    stripe.ca_bundle_path = str(folder() / "authority.pem")
    return stripe


def _cloned() -> object:
    return m("git").Repo.clone_from(http("/a.git"), folder() / f"clone-{time.monotonic_ns()}")


def _resend() -> object:
    resend = m("resend")
    resend.api_key, resend.api_url = KEY, http()
    return resend.Emails.send({"from": "a@shop.example", "to": "b@shop.example", "subject": "a", "html": "b"})


def _kubernetes() -> object:
    client = m("kubernetes.client")
    configuration = client.Configuration(host=http())
    configuration.retries = False
    return client.CoreV1Api(client.ApiClient(configuration)).list_namespaced_pod("a")


def _sentry() -> object:
    sentry = m("sentry_sdk")
    sentry.init(f"http://a@127.0.0.1:{peer()}/1", default_integrations=False)
    sentry.capture_message("a")
    return sentry.flush(SILENCE)


def _lightning() -> object:
    """Over a socket in a file, whose other end accepts and says nothing."""
    import socket
    import threading

    path = str(folder() / f"lightning-{time.monotonic_ns()}")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()

    def silent() -> None:
        connection, _ = server.accept()
        time.sleep(SILENCE)
        connection.close()
        server.close()

    threading.Thread(target=silent, daemon=True).start()
    return m("pyln.client").LightningRpc(path).call("getinfo")


def _cloudinary() -> object:
    m("cloudinary").config(cloud_name="a", api_key="b", api_secret="c", upload_prefix=http())
    return m("cloudinary.uploader").upload("data:text/plain;base64,YQ==", timeout=5)


def _sequence() -> Any:
    runnables = m("langchain_core.runnables")
    return runnables.RunnableLambda(lambda text: text) | runnables.RunnableLambda(
        lambda _: m("requests").get(http())
    )


def _mistral() -> Any:
    try:
        return m("mistralai").Mistral
    except AttributeError:
        return m("mistralai.client").Mistral


def _generative() -> object:
    generative = m("google.generativeai")
    generative.configure(api_key=KEY, transport="rest", client_options={"api_endpoint": http()})
    return generative.GenerativeModel("a").generate_content(
        "b", request_options={"retry": None, "timeout": 1}
    )


def _vertex() -> object:
    m("vertexai").init(
        project="a",
        location="europe-west1",
        credentials=google_credentials(),
        api_transport="rest",
        api_endpoint=f"http://127.0.0.1:{peer('silent')}",
    )
    return m("vertexai.generative_models").GenerativeModel("gemini").generate_content("b")


@functools.cache
def _confluent() -> Any:
    producer = m("confluent_kafka").Producer({"bootstrap.servers": f"127.0.0.1:{peer()}", "log_level": 0})
    producer.produce("a", b"b")
    return producer


def _kombu() -> object:
    kombu = m("kombu")
    with kombu.Connection(f"amqp://127.0.0.1:{peer()}//", connect_timeout=1) as connection:
        return connection.Producer().publish({}, routing_key="a", retry=False)


def _dramatiq() -> object:
    dramatiq = m("dramatiq")
    broker = m("dramatiq.brokers.redis").RedisBroker(**host())
    return dramatiq.actor(_work, broker=broker, actor_name=f"work_{time.monotonic_ns()}").send()


def _work() -> None:
    return


def group() -> Mapping[str, Call]:
    return {name: tried(call) for name, call in CALLS.items()}


GROUPS = (group,)

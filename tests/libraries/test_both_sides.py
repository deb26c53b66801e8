"""Each kind of library is known on its blocking side, and on its asynchronous one where it has any."""

import pytest

from rules import libraries

KINDS = {
    "sleeping": ("time.sleep psutil.cpu_percent", ""),
    "HTTP in the standard library": (
        "urllib.request.urlopen urllib.request.urlretrieve urllib.request.OpenerDirector.open"
        " http.client.HTTPSConnection.request http.client.HTTPConnection.getresponse",
        "",
    ),
    "sockets": ("socket.create_connection socket.getaddrinfo socket.socket.recv select.select", ""),
    "mail and old protocols": (
        "smtplib.SMTP smtplib.SMTP.sendmail imaplib.IMAP4.search poplib.POP3.retr ftplib.FTP.retrbinary"
        " telnetlib.Telnet nntplib.NNTP xmlrpc.client.ServerProxy.call",
        "aiosmtplib.send aiosmtplib.SMTP.send_message",
    ),
    "processes": ("subprocess.run subprocess.Popen.wait os.system os.spawnl os.waitpid os.waitid", ""),
    "files": (
        "os.walk os.listdir shutil.copy shutil.make_archive pathlib.Path.read_text pathlib.Path.rglob open io.open",
        "",
    ),
    "archives": ("zipfile.ZipFile tarfile.open gzip.open bz2.open lzma.open", ""),
    "threads and futures": (
        "threading.Thread.join threading.Lock.acquire threading.Condition.wait queue.Queue.get"
        " concurrent.futures.Future.result concurrent.futures.wait concurrent.futures.as_completed input",
        "",
    ),
    "other processes": (
        "multiprocessing.Process.join multiprocessing.Queue.get multiprocessing.pool.Pool.map",
        "",
    ),
    "HTTP clients": (
        "requests.get requests.Session.send requests_html.HTMLSession.get httpx.get httpx.Client.stream httpx2.Client.get"
        " urllib3.request urllib3.PoolManager.request niquests.Session.get",
        "httpx.AsyncClient.get httpx2.AsyncClient.get aiohttp.ClientSession.get niquests.AsyncSession.get",
    ),
    "browsers": (
        "pycurl.Curl.perform mechanize.Browser.open selenium.webdriver.Chrome.get playwright.sync_api.sync_playwright"
        " playwright.sync_api.Page.goto",
        "",
    ),
    "sidecars": (
        "dapr.clients.DaprClient.publish_event dapr.ext.workflow.DaprWorkflowClient.wait_for_workflow_completion",
        "dapr.aio.clients.DaprClient.publish_event",
    ),
    "AWS": (
        "boto3.client.s3.put_object boto3.resource.bucket.load boto3.client",
        "aioboto3.client.s3.put_object",
    ),
    "Google": (
        "google.cloud.storage.Blob.upload_from_string google.cloud.bigquery.job.QueryJob.result"
        " google.cloud.firestore.DocumentReference.get google.cloud.pubsub_v1.publisher.futures.Future.result"
        " google.cloud.secretmanager.SecretManagerServiceClient.access_secret_version"
        " google.cloud.vision.ImageAnnotatorClient.text_detection google.oauth2.id_token.verify_oauth2_token google.auth.default"
        " google.oauth2.service_account.Credentials.refresh firebase_admin.auth.verify_id_token",
        "",
    ),
    "Azure": (
        "azure.storage.blob.BlobClient.upload_blob azure.cosmos.ContainerProxy.query_items"
        " azure.servicebus.ServiceBusReceiver.receive_messages azure.identity.DefaultAzureCredential.get_token"
        " azure.keyvault.secrets.SecretClient.get_secret",
        "azure.storage.blob.aio.BlobClient.upload_blob",
    ),
    "language models": (
        "openai.OpenAI.chat.completions.create anthropic.Anthropic.messages.create cohere.Client.chat"
        " mistralai.Mistral.chat.complete groq.Groq.chat.completions.create google.genai.Client.models.generate_content"
        " litellm.completion langchain_openai.ChatOpenAI.invoke",
        "openai.AsyncOpenAI.chat.completions.create anthropic.AsyncAnthropic.messages.create cohere.AsyncClient.chat"
        " mistralai.Mistral.chat.complete_async groq.AsyncGroq.chat.completions.create"
        " google.genai.Client.aio.models.generate_content litellm.acompletion langchain_openai.ChatOpenAI.ainvoke",
    ),
    "web services": (
        "stripe.Customer.create twilio.rest.Client.messages.create sendgrid.SendGridAPIClient.send"
        " slack_sdk.WebClient.chat_postMessage mailchimp_transactional.Client.messages.send"
        " mailchimp_marketing.Client.lists.get_all_lists paypalrestsdk.Payment.create shopify.Product.find"
        " plaid.api.plaid_api.PlaidApi.transactions_sync github.Github.get_repo gitlab.Gitlab.projects.get",
        "stripe.Customer.create_async slack_sdk.web.async_client.AsyncWebClient.chat_postMessage",
    ),
    "drivers": (
        " ".join(
            f"{module}.connect {module}.Cursor.execute {module}.Cursor.fetchall {module}.Connection.commit"
            for module in (
                *(
                    "psycopg2",
                    "psycopg",
                    "pymysql",
                    "MySQLdb",
                    "mysql.connector",
                    "sqlite3",
                    "oracledb",
                    "cx_Oracle",
                ),
                *(
                    "pyodbc",
                    "pymssql",
                    "duckdb",
                    "snowflake.connector",
                    "clickhouse_driver",
                    "redshift_connector",
                ),
                "databricks.sql",
            )
        )
        + " clickhouse_connect.driver.Client.query",
        "asyncpg.Connection.fetch psycopg.AsyncConnection.execute aiomysql.Cursor.execute asyncmy.cursors.Cursor.execute"
        " aiosqlite.Connection.execute aioodbc.Cursor.execute clickhouse_connect.driver.AsyncClient.query",
    ),
    "SQLAlchemy": (
        "sqlalchemy.orm.Session.execute sqlalchemy.orm.Query.all sqlalchemy.orm.Session.merge sqlmodel.Session.exec"
        " sqlalchemy.engine.Connection.execute sqlalchemy.engine.Engine.begin sqlalchemy.MetaData.create_all",
        "sqlalchemy.ext.asyncio.AsyncSession.execute sqlmodel.ext.asyncio.session.AsyncSession.exec",
    ),
    "other mappers": (
        "peewee.Model.get peewee.ModelSelect.first pony.orm.commit pony.orm.core.Query.first mongoengine.Document.save"
        " pynamodb.models.Model.get",
        "tortoise.models.Model.get beanie.Document.get django.db.models.query.QuerySet.aget",
    ),
    "stores": (
        "pymongo.collection.Collection.find_one redis.Redis.get valkey.Valkey.get redis.client.Pipeline.execute"
        " redis.client.PubSub.listen redis.lock.Lock.acquire pymemcache.client.base.Client.get pylibmc.Client.get"
        " memcache.Client.get",
        "pymongo.asynchronous.collection.AsyncCollection.find_one redis.asyncio.Redis.get valkey.asyncio.Valkey.get",
    ),
    "search": (
        "elasticsearch.Elasticsearch.search opensearchpy.OpenSearch.search meilisearch.index.Index.search"
        " typesense.documents.Documents.search weaviate.collections.Collection.query.bm25"
        " qdrant_client.QdrantClient.query_points chromadb.Collection.query pinecone.Index.query elasticsearch.helpers.bulk",
        "elasticsearch.AsyncElasticsearch.search opensearchpy.AsyncOpenSearch.search"
        " qdrant_client.AsyncQdrantClient.query_points weaviate.collections.CollectionAsync.query.bm25",
    ),
    "brokers": (
        "kafka.producer.future.FutureRecordMetadata.get kafka.KafkaConsumer.__iter__ confluent_kafka.Producer.flush"
        " confluent_kafka.Consumer.poll pika.BlockingConnection kombu.Producer.publish celery.app.task.Task.delay"
        " celery.result.AsyncResult.get rq.Queue.enqueue dramatiq.Actor.send huey.RedisHuey.enqueue",
        "aiokafka.AIOKafkaProducer.send_and_wait aio_pika.Exchange.publish arq.connections.ArqRedis.enqueue_job",
    ),
    "shells and directories": (
        "ldap3.Connection.search paramiko.SSHClient.exec_command fabric.Connection.run netmiko.BaseConnection.send_command"
        " pysftp.Connection.get",
        "",
    ),
    "names and keys": (
        "dns.resolver.resolve whois.whois ping3.ping jwt.PyJWKClient.get_signing_key sentry_sdk.flush",
        "",
    ),
    "images": ("PIL.Image.Image.resize PIL.Image.Image.save cv2.imread cv2.VideoCapture.read ffmpeg.run", ""),
    "frames": (
        "pandas.read_csv pandas.DataFrame.to_csv pandas.DataFrame.merge numpy.linalg.inv polars.read_csv"
        " polars.LazyFrame.collect",
        "",
    ),
    "models": (
        "transformers.pipeline sentence_transformers.SentenceTransformer.encode whisper.model.Whisper.transcribe spacy.load"
        " transformers.AutoModel.from_pretrained tiktoken.Encoding.encode",
        "",
    ),
    "documents": (
        "weasyprint.HTML.write_pdf pdfkit.from_string pypdf.PdfReader pypdf.PageObject.extract_text pdfplumber.open"
        " pymupdf.open openpyxl.load_workbook openpyxl.Workbook.save docx.Document lxml.etree.parse bs4.BeautifulSoup",
        "",
    ),
    "passwords": (
        "bcrypt.hashpw bcrypt.checkpw passlib.context.CryptContext.verify argon2.PasswordHasher.hash hashlib.pbkdf2_hmac"
        " hashlib.scrypt werkzeug.security.generate_password_hash pwdlib.PasswordHash.hash"
        " cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key",
        "",
    ),
    "compression and serialising": (
        "gzip.compress zlib.compress bz2.compress lzma.compress json.dumps pickle.dumps yaml.load xml.etree.ElementTree.parse"
        " copy.deepcopy",
        "",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_of_each_kind_are_known(kind: str) -> None:
    blocking, awaited = KINDS[kind]

    assert [name for name in blocking.split() if libraries.blocking(name) is None] == []
    asked = {name: libraries.query(name) or libraries.external(name) for name in awaited.split()}
    assert [name for name, found in asked.items() if found is None or not found.is_async] == []
    assert [name for name in asked if libraries.blocking(name) is not None] == []

"""SDKs of hosted services, stores and models: each sends a request of its own to the peer, which answers late.

Those that take an address are given the peer's; the others reach it as their proxy, which speaks TLS for whatever host they ask.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder
from benchmarks.impact.threads.peers import KEY, SILENCE, host, http, m, peer, tried

CALLS: dict[str, Callable[[], object]] = {
    # over httpx
    "turbopuffer.Namespace.query": lambda: (
        m("turbopuffer")
        .Turbopuffer(api_key=KEY, base_url=http(), max_retries=0)
        .namespace("orders")
        .query(top_k=1, rank_by=("vector", "ANN", [1.0]))
    ),
    "elevenlabs.ElevenLabs.voices.search": lambda: (
        m("elevenlabs").ElevenLabs(api_key=KEY, base_url=http()).voices.search()
    ),
    "deepgram.DeepgramClient.listen.v1.media.transcribe_url": lambda: (
        m("deepgram")
        .DeepgramClient(api_key=KEY)
        .listen.v1.media.transcribe_url(url="http://shop.example/a.wav")
    ),
    "notion_client.Client.users.list": lambda: (
        m("notion_client").Client(auth=KEY, base_url=http()).users.list()
    ),
    "fal_client.submit": lambda: _fal(),
    "assemblyai.Transcriber.transcribe": lambda: _assembly(),
    "mem0.MemoryClient.search": lambda: (
        m("mem0").MemoryClient(api_key=KEY, host=http()).search("a", user_id="b")
    ),
    "mem0.Memory.search": lambda: _memory().search("a", filters={"user_id": "b"}),
    "upstash_redis.Redis.get": lambda: (
        m("upstash_redis").Redis(url=http(), token="a", rest_retries=0).get("b")
    ),
    "solana.rpc.api.Client.get_latest_blockhash": lambda: (
        m("solana.rpc.api").Client(http()).get_latest_blockhash()
    ),
    "e2b.Sandbox.create": lambda: m("e2b").Sandbox.create(api_key="e2b_" + "0" * 40),
    "storage3.SyncBucket.list": lambda: (
        m("storage3").create_client(http("/storage/v1"), {}, is_async=False).from_("orders").list()
    ),
    "postgrest.SyncSelectBuilder.execute": lambda: (
        m("postgrest").SyncPostgrestClient(http("/rest/v1")).from_("orders").select("*").execute()
    ),
    "langfuse.Langfuse.auth_check": lambda: (
        m("langfuse").Langfuse(public_key="a", secret_key="b", host=http()).auth_check()
    ),
    "openai.OpenAI.chat.completions.create": lambda: (
        m("openai")
        .OpenAI(api_key=KEY, base_url=http(), max_retries=0)
        .chat.completions.create(model="a", messages=[{"role": "user", "content": "b"}])
    ),
    # over requests
    "voyageai.Client.embed": lambda: (
        m("voyageai").Client(api_key=KEY, base_url=http(), max_retries=0).embed(["a"], model="voyage-3")
    ),
    "web3.Web3.eth.get_balance": lambda: (
        m("web3")
        .Web3(m("web3").HTTPProvider(http(), exception_retry_configuration=None))
        .eth.get_balance("0x" + "0" * 40)
    ),
    "gspread.Client.open_by_key": lambda: _sheets().open_by_key("a"),
    "msal.ConfidentialClientApplication.acquire_token_for_client": lambda: (
        m("msal")
        .ConfidentialClientApplication(
            "a",
            client_credential="b",
            authority="https://login.microsoftonline.com/c",
            instance_discovery=False,
        )
        .acquire_token_for_client(["d/.default"])
    ),
    "razorpay.Client.order.fetch": lambda: (
        m("razorpay").Client(auth=("a", "b"), base_url=http()).order.fetch("c")
    ),
    "braintree.BraintreeGateway.customer.find": lambda: _braintree().customer.find("a"),
    "mailjet_rest.Client.send.create": lambda: (
        m("mailjet_rest").Client(auth=("a", "b"), api_url=http("/"), version="v3.1").send.create(data={})
    ),
    "mailchimp_transactional.Client.messages.send": lambda: (
        m("mailchimp_transactional").Client("a").messages.send({"message": {}})
    ),
    "plivo.RestClient.messages.create": lambda: _plivo().messages.create(src="1", dst="2", text="c"),
    "pywebpush.webpush": lambda: m("pywebpush").webpush({"endpoint": http("/push")}, ttl=1),
    "dropbox.Dropbox.files_list_folder": lambda: (
        m("dropbox").Dropbox("a", max_retries_on_error=0).files_list_folder("")
    ),
    "pyairtable.Table.all": lambda: (
        m("pyairtable").Api(KEY, endpoint_url=http(), retry_strategy=None).table("a", "b").all()
    ),
    "simple_salesforce.Salesforce.query": lambda: (
        m("simple_salesforce").Salesforce(instance_url=http(), session_id="a").query("select a from b")
    ),
    "youtube_transcript_api.YouTubeTranscriptApi.list": lambda: (
        m("youtube_transcript_api").YouTubeTranscriptApi().list("a")
    ),
    "newspaper.Article.download": lambda: m("newspaper").Article(http("/article")).download(),
    "gtts.gTTS.save": lambda: m("gtts").gTTS("a", lang_check=False).save(str(folder() / "spoken.mp3")),
    "consul.Consul.kv.get": lambda: m("consul").Consul(**host()).kv.get("a"),
    "paypalrestsdk.Payment.find": lambda: _paypal(),
    "mailchimp_marketing.Client.lists.get_all_lists": lambda: _lists(),
    "spotipy.Spotify.track": lambda: (
        m("spotipy").Spotify(auth=KEY, retries=0, status_retries=0).track("4iV5W9uYEdYUVa79Axb7Rh")
    ),
    "googlemaps.Client.geocode": lambda: (
        m("googlemaps").Client(key="AIza", base_url=http(), retry_timeout=0.1).geocode("a street")
    ),
    "telebot.TeleBot.get_me": lambda: m("telebot").TeleBot("1:a").get_me(),
    "apprise.Apprise.notify": lambda: _notified(),
    "haystack.Pipeline.run": lambda: _haystack(),
    # over urllib3 and urllib
    "shopify.Product.find": lambda: _shopify(),
    "hubspot.HubSpot.crm.contacts.basic_api.get_by_id": lambda: _hubspot().crm.contacts.basic_api.get_by_id(
        "1"
    ),
    "plaid.api.plaid_api.PlaidApi.item_get": lambda: _plaid(),
    "sib_api_v3_sdk.TransactionalEmailsApi.send_transac_email": lambda: _brevo(),
    "trafilatura.fetch_url": lambda: _fetched(),
    "yt_dlp.YoutubeDL.extract_info": lambda: (
        m("yt_dlp")
        .YoutubeDL({"quiet": True, "no_warnings": True})
        .extract_info(http("/video"), download=False)
    ),
    "speech_recognition.Recognizer.recognize_google": lambda: _recognised(),
    "email_validator.validate_email": lambda: m("email_validator").validate_email(
        "a@shop.com", dns_resolver=_resolver()
    ),
    # over a client that another library brings
    "pinecone.Pinecone.list_indexes": lambda: m("pinecone").Pinecone(api_key=KEY, host=http()).list_indexes(),
    "weaviate.collections.Collection.query.fetch_objects": lambda: (
        _weaviate().collections.get("Order").query.fetch_objects()
    ),
    "weaviate.connect_to_local": lambda: m("weaviate").connect_to_local(
        host="127.0.0.1", port=peer(), grpc_port=peer("grpc")
    ),
    "typesense.documents.Documents.search": lambda: (
        m("typesense")
        .Client({"nodes": [{**host(), "protocol": "http"}], "api_key": "a", "num_retries": 0})
        .collections["orders"]
        .documents.search({"q": "a", "query_by": "b"})
    ),
    "langchain_chroma.Chroma.similarity_search": lambda: _of(_chroma, 1),
    "langchain_pinecone.PineconeVectorStore.similarity_search": lambda: (
        m("langchain_pinecone")
        .PineconeVectorStore(
            index=m("pinecone").Pinecone(api_key=KEY).Index(host=http()), embedding=_embeddings()
        )
        .similarity_search("a")
    ),
    "langchain_qdrant.QdrantVectorStore.similarity_search": lambda: (
        m("langchain_qdrant")
        .QdrantVectorStore(
            m("qdrant_client").QdrantClient(http(), check_compatibility=False),
            "orders",
            _embeddings(),
            validate_collection_config=False,
        )
        .similarity_search("a")
    ),
    "langchain_postgres.PGVector.similarity_search": lambda: (
        m("langchain_postgres")
        .PGVector(
            _embeddings(),
            connection=f"postgresql+psycopg://a:b@127.0.0.1:{peer()}/c?sslmode=disable",
            create_extension=False,
        )
        .similarity_search("a")
    ),
    "langchain_weaviate.WeaviateVectorStore.similarity_search": lambda: (
        m("langchain_weaviate")
        .WeaviateVectorStore(_weaviate(), "Order", "text", _embeddings(), use_multi_tenancy=False)
        .similarity_search("a")
    ),
    "pymilvus.MilvusClient.list_collections": lambda: (
        m("pymilvus").MilvusClient(f"http://127.0.0.1:{peer('grpc')}", timeout=5).list_collections()
    ),
    "pymilvus.connections.connect": lambda: m("pymilvus").connections.connect(
        "other", host="127.0.0.1", port=str(peer("grpc")), timeout=5
    ),
    "langchain_milvus.Milvus.similarity_search": lambda: (
        m("langchain_milvus")
        .Milvus(_embeddings(), connection_args={"uri": f"http://127.0.0.1:{peer('grpc')}", "timeout": 5})
        .similarity_search("a")
    ),
    "langgraph.graph.state.CompiledStateGraph.invoke": lambda: _graph().invoke({"asked": "a"}),
    "langchain.agents.AgentExecutor.invoke": lambda: _agent().invoke({"input": "a"}),
    "langchain_core.vectorstores.VectorStoreRetriever.invoke": lambda: (
        m("langchain_qdrant")
        .QdrantVectorStore(
            m("qdrant_client").QdrantClient(http(), check_compatibility=False),
            "orders",
            _embeddings(),
            validate_collection_config=False,
        )
        .as_retriever()
        .invoke("a")
    ),
    "llama_index.core.base.base_query_engine.BaseQueryEngine.query": lambda: _index().query("a"),
    "crewai.Crew.kickoff": lambda: _crew().kickoff(),
    "langchain_community.chat_models.ChatOpenAI.invoke": lambda: (
        m("langchain_community.chat_models.openai")
        .ChatOpenAI(model="a", openai_api_base=http(), openai_api_key=KEY, max_retries=0)
        .invoke("b")
    ),
    "langchain_community.vectorstores.FAISS.similarity_search": lambda: _faiss().similarity_search("a"),
    "google.cloud.pubsub_v1.publisher.futures.Future.result": lambda: _published(),
    "huey.api.Huey.enqueue": lambda: _enqueued(),
    # what Python no longer brings from 3.13 on
    "telnetlib.Telnet.read_some": lambda: m("telnetlib").Telnet("127.0.0.1", peer()).read_some(),
    "nntplib.NNTP": lambda: m("nntplib").NNTP("127.0.0.1", peer()),
    "psutil.cpu_percent": lambda: m("psutil").cpu_percent(interval=SILENCE),
    # what waits outside of Python
    "zmq.Socket.recv": lambda: _zmq(),
    "lancedb.DBConnection.table_names": lambda: _lance().table_names(),
    "lancedb.table.Table.add": lambda: _lance_table().add(_vectors()),
    "ddgs.DDGS.text": lambda: m("ddgs").DDGS(timeout=5).text("a", backend="duckduckgo"),
    "duckduckgo_search.DDGS.text": lambda: m("duckduckgo_search").DDGS(timeout=5).text("a"),
}

HERE = frozenset({"lancedb.table.Table.add", "psutil.cpu_percent"})
"""What waits for nobody else."""
UNTRIED = (
    "ansible_runner",
    "arango",
    "argo_workflows",
    "arxiv",
    "azure.ai.contentsafety",
    "azure.ai.documentintelligence",
    "azure.ai.formrecognizer",
    "azure.ai.inference",
    "azure.ai.projects",
    "azure.ai.textanalytics",
    "azure.ai.translation",
    "azure.appconfiguration",
    "azure.cognitiveservices",
    "azure.communication.callautomation",
    "azure.communication.chat",
    "azure.communication.email",
    "azure.communication.identity",
    "azure.communication.sms",
    "azure.core",
    "azure.data",
    "azure.eventgrid",
    "azure.eventhub",
    "azure.mgmt.compute",
    "azure.mgmt.network",
    "azure.mgmt.resource",
    "azure.monitor",
    "azure.search",
    "dask",
    "daytona",
    "diskcache",
    "dspy",
    "edge_tts",
    "falkordb",
    "fsspec",
    "gdown",
    "google.api_core",
    "google.cloud.aiplatform",
    "google.cloud.datastore",
    "google.cloud.dialogflow",
    "google.cloud.documentai",
    "google.cloud.documentai_v1",
    "google.cloud.kms",
    "google.cloud.language_v1",
    "google.cloud.language_v2",
    "google.cloud.logging",
    "google.cloud.run_v2",
    "google.cloud.speech",
    "google.cloud.speech_v1",
    "google.cloud.speech_v2",
    "google.cloud.sql",
    "google.cloud.texttospeech",
    "google.cloud.texttospeech_v1",
    "google.cloud.translate",
    "google.cloud.translate_v3",
    "gql",
    "graphviz",
    "gridfs",
    "langchain_cohere",
    "langchain_community.graphs.Neo4jGraph",
    "langchain_community.utilities.SQLDatabase",
    "langchain_deepseek",
    "langchain_fireworks",
    "langchain_ibm",
    "langchain_litellm",
    "langchain_neo4j",
    "langchain_nvidia_ai_endpoints",
    "langchain_xai",
    "langsmith",
    "modelscope",
    "nltk",
    "oci",
    "pexpect",
    "pg8000",
    "plotly",
    "posthog",
    "pulp",
    "pydub",
    "pygit2",
    "pyspark",
    "ray",
    "serial",
    "smolagents",
    "unstructured_client",
    "wandb",
    "zeroconf",
)
"""Libraries that came later: none of their calls is sent to a thread."""
WITHOUT: dict[str, str] = dict.fromkeys(
    (
        *("agno.agent.Agent", "agno.team.Team", "datasets.load_dataset"),
        *(
            "ibm_watsonx_ai.foundation_models.ModelInference",
            "keystoneauth1.session.Session",
            "messagebird.Client",
        ),
        *("serpapi.GoogleSearch", "strands.Agent", "vonage.Vonage"),
        *UNTRIED,
    ),
    "it was not tried yet",
)


@functools.cache
def _faiss() -> Any:
    """In memory: what it waits for is the model of its embeddings."""
    base = m("langchain_core.embeddings").Embeddings

    def asked(_: object, __: str) -> list[float]:
        m("requests").get(http(), timeout=5)
        return [1.0]

    def given(_: object, texts: list[str]) -> list[list[float]]:
        return [[1.0] for _ in texts]

    model = type("Asked", (base,), {"embed_query": asked, "embed_documents": given})()
    return m("langchain_community.vectorstores").FAISS.from_texts(["a", "b"], model)


def _of(make: Callable[[], Any], count: int) -> object:
    return make().similarity_search("a", k=count)


def _embeddings() -> Any:
    return m("langchain_core.embeddings").DeterministicFakeEmbedding(size=8)


def _fal() -> object:
    return m("fal_client").SyncClient(key="a:b").submit("shop/model", arguments={})


def _assembly() -> object:
    assembly = m("assemblyai")
    assembly.settings.api_key, assembly.settings.base_url = KEY, http()
    return assembly.Transcriber().transcribe("http://shop.example/a.wav")


@functools.cache
def _memory() -> Any:
    model = {"api_key": KEY, "openai_base_url": http()}
    place = {"path": str(folder() / "memory"), "collection_name": "a", "on_disk": False}
    return m("mem0").Memory.from_config(
        {
            "llm": {"provider": "openai", "config": model},
            "embedder": {"provider": "openai", "config": model},
            "vector_store": {"provider": "qdrant", "config": place},
            "history_db_path": str(folder() / "history.db"),
        }
    )


def _sheets() -> Any:
    credentials = m("google.oauth2.credentials").Credentials("a")
    return m("gspread").Client(auth=credentials)


def _braintree() -> Any:
    braintree = m("braintree")
    place = braintree.Environment.Development
    place._Environment__server, place._Environment__port = "127.0.0.1", str(peer())
    return braintree.BraintreeGateway(
        braintree.Configuration(place, merchant_id="a", public_key="b", private_key="c")
    )


def _plivo() -> Any:
    client = m("plivo").RestClient("MA" + "X" * 18, "b" * 40, proxies={"https": http()})
    client.session.verify = str(folder() / "authority.pem")
    return client


def _fetched() -> object:
    """It asks no address of a private network unless told to."""
    settings = m("copy").deepcopy(m("trafilatura.settings").DEFAULT_CONFIG)
    settings["DEFAULT"]["SSRF_PROTECTION"] = "off"
    return m("trafilatura").fetch_url(http("/article"), config=settings)


def _notified() -> object:
    everywhere = m("apprise").Apprise()
    everywhere.add(f"json://127.0.0.1:{peer()}/")
    return everywhere.notify(body="a")


def _haystack() -> object:
    secret = m("haystack.utils").Secret.from_token(KEY)
    pipeline = m("haystack").Pipeline()
    pipeline.add_component(
        "writer",
        m("haystack.components.generators.chat").OpenAIChatGenerator(
            api_key=secret, api_base_url=http(), max_retries=0
        ),
    )
    return pipeline.run({"writer": {"messages": [m("haystack.dataclasses").ChatMessage.from_user("a")]}})


def _paypal() -> object:
    paypal = m("paypalrestsdk")
    return paypal.Payment.find("1", api=paypal.Api(client_id="a", client_secret="b", endpoint=http()))


def _lists() -> object:
    client = m("mailchimp_marketing").Client()
    client.set_config({"api_key": "a-us1", "server": "us1"})
    return client.lists.get_all_lists()


def _shopify() -> object:
    shopify = m("shopify")
    shopify.ShopifyResource.set_site(http("/admin"))
    return shopify.Product.find(1)


def _published() -> object:
    """Over gRPC, in a thread of the client; the caller waits for it."""
    os.environ["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{peer('grpc')}"
    publisher = m("google.cloud.pubsub_v1").PublisherClient()
    return publisher.publish("projects/a/topics/b", b"c").result(timeout=5)


def _enqueued() -> object:
    huey = m("huey").RedisHuey("shop", **host())
    return huey.task()(_price)("a")


def _hubspot() -> Any:
    client = m("hubspot").HubSpot(access_token=KEY)
    client.config["host"] = http()
    return client


def _plaid() -> object:
    plaid = m("plaid")
    configuration = plaid.Configuration(host=http(), api_key={"clientId": "a", "secret": "b"})
    api = m("plaid.api.plaid_api").PlaidApi(plaid.ApiClient(configuration))
    return api.item_get(m("plaid.model.item_get_request").ItemGetRequest(access_token="a"))


def _brevo() -> object:
    brevo = m("sib_api_v3_sdk")
    configuration = brevo.Configuration()
    configuration.host = http()
    return brevo.TransactionalEmailsApi(brevo.ApiClient(configuration)).send_transac_email(
        brevo.SendSmtpEmail(to=[{"email": "a@shop.example"}], subject="a", text_content="b")
    )


def _recognised() -> object:
    speech = m("speech_recognition")
    return speech.Recognizer().recognize_google(
        speech.AudioData(bytes(16_000), 16_000, 2), key=KEY, endpoint=http("/speech")
    )


def _resolver() -> Any:
    resolver = m("dns.resolver").Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = ["127.0.0.1"], peer("dns"), SILENCE
    return resolver


def _weaviate() -> Any:
    return m("weaviate").connect_to_local(
        host="127.0.0.1", port=peer(), grpc_port=peer("grpc"), skip_init_checks=True
    )


def _chroma() -> Any:
    client = m("chromadb").HttpClient(**host())
    return m("langchain_chroma").Chroma("orders", _embeddings(), client=client)


def _graph() -> Any:
    graph = m("langgraph.graph")
    builder = graph.StateGraph(dict)
    builder.add_node("ask", lambda state: {"answer": m("requests").get(http(), timeout=5).text})
    builder.add_edge(graph.START, "ask")
    return builder.compile()


def _chat() -> Any:
    silent = f"http://127.0.0.1:{peer('silent')}"
    return m("langchain_openai").ChatOpenAI(model="a", api_key=KEY, base_url=silent, max_retries=0)


def _agent() -> Any:
    agents, prompts = m("langchain_classic.agents"), m("langchain_core.prompts")
    prompt = prompts.ChatPromptTemplate.from_messages(
        [("human", "{input}"), ("placeholder", "{agent_scratchpad}")]
    )
    tool = m("langchain_core.tools").tool(_price)
    agent = m("langchain_classic.agents.agent").RunnableAgent(
        runnable=agents.create_tool_calling_agent(_chat(), [tool], prompt), stream_runnable=False
    )
    return agents.AgentExecutor(agent=agent, tools=[tool], max_iterations=1)


def _price(name: str) -> int:
    """What it costs."""
    return len(name)


@functools.cache
def _index() -> Any:
    core = m("llama_index.core")
    model = m("llama_index.llms.openai").OpenAI(model="gpt-4o", api_key=KEY, api_base=http(), max_retries=0)
    nodes = core.SummaryIndex.from_documents([core.Document(text="a shop")])
    return nodes.as_query_engine(llm=model)


def _crew() -> Any:
    crew = m("crewai")
    model = crew.LLM(model="openai/gpt-4o", base_url=http(), api_key=KEY, max_retries=0)
    agent = crew.Agent(role="a", goal="b", backstory="c", llm=model, max_retry_limit=0, max_iter=1)
    return crew.Crew(agents=[agent], tasks=[crew.Task(description="d", expected_output="e", agent=agent)])


def _zmq() -> object:
    zmq = m("zmq")
    with zmq.Context.instance().socket(zmq.REQ) as asking:
        asking.connect(f"tcp://127.0.0.1:{peer('zmq')}")
        asking.send(b"a")
        return asking.recv()


def _lance() -> Any:
    return m("lancedb").connect(
        "db://shop", api_key=KEY, host_override=http(), client_config={"retry_config": {"retries": 0}}
    )


@functools.cache
def _vectors() -> Any:
    random = m("numpy").random.default_rng(1)
    return m("pyarrow").table(
        {
            "id": list(range(60_000)),
            "vector": m("pyarrow").FixedSizeListArray.from_arrays(
                random.random(60_000 * 256, dtype="float32"), 256
            ),
        }
    )


@functools.cache
def _lance_table() -> Any:
    return m("lancedb").connect(str(folder() / f"lance-{time.monotonic_ns()}")).create_table("a", _vectors())


def group() -> Mapping[str, Call]:
    return {name: tried(call, asks=name not in HERE) for name, call in CALLS.items()}


GROUPS = (group,)

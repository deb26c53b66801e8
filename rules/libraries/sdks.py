"""SDKs of hosted services and stores, agents and index libraries that no other module here speaks of."""

from collections.abc import Iterator

from rules.libraries.model import (
    Blocking,
    Client,
    Kind,
    Library,
    Query,
    Sdk,
    alike,
    each,
    leaving,
    made,
    waiting,
)

_TLS = "a TLS context and every connection anew"
_ANEW = "every connection anew: DNS, TCP and TLS"
_SIGNED = "`httpx2.AsyncClient` with a signed address"
_REST = "`httpx.AsyncClient` on its REST interface"
_TYPESENSE = "`typesense.AsyncClient`"


def _all(prefixes: str, names: str) -> str:
    """Each name below each prefix."""
    return " ".join(f"{prefix}.{name}" for prefix in prefixes.split() for name in names.split())


_AGENTS = ("agno.agent.Agent", "agno.team.Team")
_NAMESPACE = "write query multi_query delete_all metadata recall schema hint_cache_warm explain_query"
_VOICE = (
    _all("text_to_speech", "convert convert_with_timestamps stream stream_with_timestamps")
    + " "
    + (
        "speech_to_text.convert text_to_sound_effects.convert speech_to_speech.convert audio_isolation.convert"
        " voices.get voices.get_all voices.search models.list history.list user.get"
    )
)
_VOYAGE = "embed contextualized_embed rerank multimodal_embed"
_LISTEN = "listen.v1.media.transcribe_url listen.v1.media.transcribe_file speak.v1.audio.generate"
_MILVUS = (
    "search query insert upsert delete get hybrid_search create_collection drop_collection has_collection load_collection"
    " list_collections flush create_index"
)
_WEAVIATE = (
    _all(
        "query",
        "near_text near_vector near_object bm25 hybrid fetch_objects fetch_object_by_id fetch_objects_by_ids",
    )
    + " "
    + _all("generate", "near_text near_vector bm25 hybrid fetch_objects")
    + " "
    + _all("data", "insert insert_many update replace delete_by_id delete_many exists")
    + " aggregate.over_all"
)
_NOTION = (
    "databases.query databases.retrieve databases.create data_sources.query pages.create pages.retrieve pages.update"
    " blocks.children.list blocks.children.append blocks.retrieve blocks.update blocks.delete users.list users.me search"
    " comments.create comments.list"
)
_HUBSPOT = " ".join(
    f"crm.{thing}.{call}"
    for thing in ("contacts", "companies", "deals", "tickets", "objects")
    for call in (
        *(
            "basic_api.create",
            "basic_api.get_by_id",
            "basic_api.get_page",
            "basic_api.update",
            "basic_api.archive",
        ),
        *("search_api.do_search", "batch_api.create", "batch_api.read", "batch_api.update", "get_all"),
    )
)
_DAPR = (
    "invoke_method invoke_binding publish_event get_state get_bulk_state query_state save_state save_bulk_state delete_state"
    " execute_state_transaction get_secret get_bulk_secret get_configuration try_lock unlock"
)
_WORKFLOWS = (
    "schedule_new_workflow get_workflow_state wait_for_workflow_start wait_for_workflow_completion raise_workflow_event"
    " terminate_workflow pause_workflow resume_workflow purge_workflow"
)
_STORE = (
    "similarity_search similarity_search_with_score similarity_search_with_relevance_scores similarity_search_by_vector"
    " max_marginal_relevance_search add_documents add_texts delete from_documents from_texts"
)
_STORES = (
    *(
        "langchain_chroma.Chroma",
        "langchain_pinecone.PineconeVectorStore",
        "langchain_qdrant.QdrantVectorStore",
    ),
    *("langchain_postgres.PGVector", "langchain_milvus.Milvus", "langchain_weaviate.WeaviateVectorStore"),
    *(
        f"langchain_community.vectorstores.{name}"
        for name in ("Chroma", "FAISS", "Pinecone", "Qdrant", "PGVector", "Milvus", "Weaviate", "Redis")
    ),
)
_GRAPH = "langgraph.graph.state.CompiledStateGraph"
_RETRIEVER = "langchain_core.vectorstores.VectorStoreRetriever"
_EXECUTORS = (
    "langchain.agents.AgentExecutor",
    *(
        f"langchain.chains.{name}"
        for name in ("LLMChain", "RetrievalQA", "ConversationalRetrievalChain", "ConversationChain")
    ),
)
_PREDICTING = ("langchain.chains.LLMChain", "langchain.chains.ConversationChain")
_ENGINE, _CHAT = (
    "llama_index.core.base.base_query_engine.BaseQueryEngine",
    "llama_index.core.chat_engine.BaseChatEngine",
)
_RETRIEVES = "llama_index.core.base.base_retriever.BaseRetriever"
_MEMORY = "add search get get_all update delete delete_all history"
_UPSTASH = (
    "get set delete incr expire exists hget hset hgetall lpush rpush lpop lrange eval mget mset sadd smembers zadd zrange"
    " setex ttl keys"
)
_ETH = (
    "eth.get_balance eth.get_block eth.get_transaction eth.get_transaction_receipt eth.get_transaction_count eth.call"
    " eth.send_raw_transaction eth.send_transaction eth.wait_for_transaction_receipt eth.estimate_gas eth.get_logs"
)
_SOLANA = (
    "get_balance get_account_info send_transaction get_latest_blockhash confirm_transaction get_transaction"
)
_SANDBOX = "commands.run files.write files.read files.list kill run_code"
_CONTAINER = "start stop restart remove logs exec_run wait kill reload stats put_archive get_archive commit pause unpause top diff"
_SHEET = (
    "get_all_records get_all_values append_row append_rows update batch_update find row_values col_values update_cell"
    " get insert_row delete_rows clear"
)
_MSAL = (
    "acquire_token_by_authorization_code acquire_token_by_refresh_token acquire_token_silent"
    " acquire_token_by_auth_code_flow"
)
_PLAID = (
    "transactions_sync transactions_get link_token_create item_public_token_exchange accounts_get accounts_balance_get"
    " auth_get identity_get item_get item_remove"
)
_PULL = "create_issue_comment create_review create_review_comment merge edit update"
_GITLAB = (
    _all(
        "mergerequests issues branches commits pipelines members hooks tags",
        "get list create",
    )
    + " files.get files.create"
)
_REMOTE = "fetch pull push"
_DIRECTORY = "files_upload files_download files_list_folder files_delete_v2 files_get_temporary_link files_get_metadata"

_SPOTIFY = (
    "search track tracks artist artists artist_albums artist_top_tracks album albums album_tracks playlist playlist_items"
    " playlist_tracks user_playlists user_playlist_create playlist_add_items playlist_replace_items me current_user user"
    " current_user_playlists current_user_saved_tracks current_user_top_tracks current_user_top_artists"
    " current_user_recently_played current_playback currently_playing recommendations audio_features audio_analysis"
    " start_playback pause_playback next_track previous_track add_to_queue devices next"
)
_MAPS = (
    "geocode reverse_geocode directions distance_matrix elevation timezone geolocate find_place places places_nearby place"
    " places_autocomplete snap_to_roads addressvalidation"
)
_BOT = (
    "send_message send_photo send_document send_video send_audio send_voice send_animation send_media_group send_location"
    " send_poll send_invoice send_chat_action forward_message copy_message delete_message edit_message_text"
    " edit_message_caption edit_message_media edit_message_reply_markup answer_callback_query answer_inline_query get_me"
    " get_chat get_chat_member get_file download_file get_updates set_webhook delete_webhook get_webhook_info"
)

_KEYSTONE = tuple(
    f"keystoneauth1.identity.{name}"
    for name in (
        *("Password", "Token", "V3Password", "V3Token", "V3ApplicationCredential", "V3OidcAccessToken"),
        *(f"v3.{name}" for name in ("Password", "Token", "ApplicationCredential", "OidcAccessToken")),
    )
)
"""How the identity service of OpenStack is asked for a token."""
_VOICES = "create_call get_calls get_call update_call send_audio send_speech send_dtmf stop_audio stop_speech get_recording"
_VONAGE = (
    ("Voice", "voice", _VOICES),
    ("Sms", "sms", "send_message submit_sms_conversion"),
    ("Messages", "messages", "send_message"),
    ("Verify", "verify", "start_verification check search cancel trigger_next_event psd2"),
    ("Verify2", "verify2", "new_request check_code cancel_verification"),
    (
        "NumberInsight",
        "number_insight",
        "get_basic_number_insight get_standard_number_insight get_advanced_number_insight",
    ),
)
_STILL_IN_VONAGE = (
    "Voice.create_call",
    "Voice.get_call",
    "Sms.submit_sms_conversion",
    "Verify.start_verification",
)
"""What the fourth release has from the third, which had other methods on the same classes."""
_VONAGE_4 = (
    "voice.create_call voice.get_call voice.list_calls voice.hangup voice.transfer_call_ncco voice.transfer_call_answer_url"
    " voice.mute voice.unmute sms.send messages.send verify.start_verification verify.check_code verify.cancel_verification"
)
_MESSAGEBIRD = (
    "balance message message_list message_create message_delete mms_create voice_message_create call_create lookup"
    " verify_create verify_verify verify_delete conversation_start contact_create contact_list"
)

_BUCKET = "put_object put_object_from_file get_object get_object_to_file delete_object object_exists list_objects_v2"
_COS = "put_object get_object upload_file download_file delete_object head_object list_objects copy_object"
_KINTO = (
    "server_info get_records get_record get_paginated_records create_record update_record patch_record delete_record"
    " get_bucket get_collection get_changeset"
)
_LARK = tuple(
    (thing, call)
    for thing, calls in (
        ("im.v1.message", "create reply get patch update list"),
        ("im.v1.message_resource", "get"),
        ("im.v1.message_reaction", "create delete"),
        ("im.v1.image", "create get"),
        ("im.v1.file", "create get"),
        ("im.v1.chat", "create get list"),
        ("contact.v3.user", "get batch_get_id"),
    )
    for call in calls.split()
)
"""What Feishu's client is asked most; it has an `a` before the name of the same method where it is awaited."""

_PLAIN = "a `def` endpoint"
_RUNNING = "aiodocker.containers.DockerContainer"
_HUB_API = "huggingface_hub.HfApi"
_STORED = "the file system made with `asynchronous=True`"
_NAMED_FILES = "fsspec.NamedFileSystem"
"""What `fsspec.filesystem(protocol)` gives where the protocol is no other machine's, or nobody knows."""
_PAPERS = "arxiv.Results"
"""A generator: it asks when somebody goes through it."""
_FILE_SYSTEMS = ("s3fs.S3FileSystem", "gcsfs.GCSFileSystem", "adlfs.AzureBlobFileSystem")
_HUB = (
    "whoami model_info dataset_info space_info repo_info repo_exists file_exists list_repo_files list_repo_refs"
    " list_repo_commits create_repo delete_repo create_branch create_commit upload_file upload_folder delete_file"
    " delete_folder delete_branch create_tag get_paths_info get_repo_discussions create_pull_request create_discussion"
    " restart_space pause_space get_space_runtime add_space_secret add_space_variable"
)
_ASKED = "chat_completion text_generation feature_extraction text_to_image"
_FLAGS = "feature_enabled get_feature_flag get_feature_flag_payload get_all_flags flush shutdown"
_ROOMS = (
    "room.create_room room.list_rooms room.delete_room room.list_participants room.get_participant room.remove_participant"
    " room.send_data room.update_room_metadata egress.start_room_composite_egress egress.stop_egress egress.list_egress"
    " agent_dispatch.create_dispatch agent_dispatch.list_dispatch sip.create_sip_participant"
)
_STARTS = "create get list start stop delete"
_INSIDE = (
    "process.exec process.code_run process.create_session process.execute_session_command fs.upload_file fs.download_file"
    " fs.list_files fs.create_folder fs.delete_file git.clone git.status get_preview_link start stop delete"
)
_CHAT_BOT = " ".join(
    name
    for name in _BOT.split()
    if name not in ("download_file", "set_webhook", "delete_webhook", "get_webhook_info")
)
_FILES = (
    "ls find glob exists info isfile isdir open cat cat_file cat_ranges pipe pipe_file put put_file get get_file rm rm_file"
    " mkdir makedirs mv copy cp_file du walk touch"
)
_DSPY = ("dspy.Predict", "dspy.ChainOfThought", "dspy.ReAct")
_SOUGHT = (
    "read_project read_dataset create_dataset create_example create_examples read_run pull_prompt push_prompt"
)

_SDKS = (
    Sdk((_HUB_API, "huggingface_hub"), _HUB, _PLAIN),
    Sdk((_HUB_API,), "hf_hub_download snapshot_download", _PLAIN),
    Sdk(("huggingface_hub",), "login", _PLAIN),
    Sdk((), "", awaited=("huggingface_hub.AsyncInferenceClient",), awaited_calls=_ASKED, kind="llm"),
    Sdk(("posthog.Posthog", "posthog"), _FLAGS, _PLAIN),
    Sdk(("langsmith.Client",), _SOUGHT, "`langsmith.AsyncClient`"),
    Sdk(("wandb",), "init login finish", "a queue worker"),
    Sdk(
        ("gql.Client",),
        "execute",
        "`client.execute_async`, or a session of `async with client`",
        ("gql.Client",),
        "execute_async",
    ),
    Sdk(("daytona.Daytona",), _STARTS, "`daytona.AsyncDaytona`", ("daytona.AsyncDaytona",)),
    Sdk(("daytona.Sandbox",), _INSIDE, "`daytona.AsyncDaytona`", ("daytona.AsyncSandbox",)),
    Sdk((_PAPERS,), "__iter__", _PLAIN),
    Sdk(
        ("edge_tts.Communicate",),
        "save_sync stream_sync",
        "`save` or `stream`, awaited",
        ("edge_tts.Communicate",),
        "save stream",
    ),
    Sdk((), "", awaited=("telegram.Bot", "aiogram.Bot"), awaited_calls=_CHAT_BOT),
    Sdk((), "", awaited=("livekit.api.LiveKitAPI",), awaited_calls=_ROOMS),
    Sdk((), "", awaited=("crawl4ai.AsyncWebCrawler",), awaited_calls="arun arun_many"),
    Sdk(
        ("unstructured_client.UnstructuredClient",),
        "general.partition",
        "its `partition_async`",
        ("unstructured_client.UnstructuredClient",),
        "general.partition_async",
    ),
    Sdk(("modelscope.hub.snapshot_download", "modelscope"), "snapshot_download", "a queue worker"),
    Sdk(_DSPY, "__call__", "`.acall`", _DSPY, "acall", "llm"),
    Sdk(("smolagents.CodeAgent", "smolagents.ToolCallingAgent"), "run", "a queue worker", kind="llm"),
    Sdk(
        ("oci.object_storage.ObjectStorageClient",),
        "put_object get_object head_object delete_object list_objects list_buckets get_bucket get_namespace"
        " create_preauthenticated_request",
        _PLAIN,
    ),
    Sdk(("oci.email_data_plane.EmailDPClient",), "submit_email", _PLAIN, kind="mail"),
    Sdk(
        ("serial.Serial",),
        "read read_until readline readlines",
        "`serial_asyncio.open_serial_connection`",
    ),
    Sdk(
        ("zeroconf.Zeroconf",),
        "register_service unregister_service update_service get_service_info",
        "`zeroconf.asyncio.AsyncZeroconf`",
        ("zeroconf.asyncio.AsyncZeroconf",),
        "async_register_service async_unregister_service async_update_service async_get_service_info",
    ),
    Sdk(
        ("argo_workflows.api.workflow_service_api.WorkflowServiceApi",),
        "create_workflow get_workflow list_workflows delete_workflow terminate_workflow retry_workflow resume_workflow"
        " submit_workflow stop_workflow",
        _PLAIN,
    ),
    Sdk((), "", awaited=("semantic_kernel.Kernel",), awaited_calls="invoke invoke_prompt", kind="llm"),
    Sdk(
        (),
        "",
        awaited=tuple(
            f"semantic_kernel.agents.{name}"
            for name in ("ChatCompletionAgent", "AzureAIAgent", "OpenAIAssistantAgent", "AzureAssistantAgent")
        ),
        awaited_calls="get_response",
        kind="llm",
    ),
    Sdk(
        (),
        "",
        awaited=(
            "semantic_kernel.connectors.ai.open_ai.AzureChatCompletion",
            "semantic_kernel.connectors.ai.open_ai.OpenAIChatCompletion",
        ),
        awaited_calls="get_chat_message_content get_chat_message_contents",
        kind="llm",
    ),
    Sdk(("gdown",), "download download_folder", "a queue worker"),
    Sdk(("nltk",), "download", "data that the image of the container brings"),
    Sdk(("ansible_runner",), "run run_command", "a queue worker", waits=Kind.PROC),
    Sdk(("pexpect",), "run", "`asyncio.create_subprocess_exec`", waits=Kind.PROC),
    Sdk(("pexpect.spawn",), "expect expect_exact wait read", "`expect(…, async_=True)`", waits=Kind.PROC),
    Sdk(("pygit2",), "clone_repository", "a queue worker"),
    Sdk(("pygit2.Remote",), "fetch push", "a queue worker"),
    Sdk(("fsspec.AbstractFileSystem",), _FILES, _STORED),
    Sdk((_NAMED_FILES,), _FILES, _PLAIN, waits=Kind.DISK),
    Sdk(("kubernetes.watch.Watch",), "stream", "`kubernetes_asyncio.watch`"),
    Sdk(
        (),
        "",
        awaited=(_RUNNING,),
        awaited_calls="show stop start restart kill wait delete rename log stats commit put_archive get_archive",
    ),
    Sdk(
        (),
        "",
        awaited=("aiodocker.Docker",),
        awaited_calls="containers.list containers.create containers.create_or_replace containers.run containers.get"
        " images.list images.inspect images.pull images.push images.build images.delete networks.list networks.create"
        " networks.get volumes.list volumes.create volumes.get system.info version",
    ),
    Sdk((), "", awaited=("asyncssh",), awaited_calls="connect"),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SSHClientConnection",),
        awaited_calls="run create_process start_sftp_client",
    ),
    Sdk(
        (),
        "",
        awaited=("asyncssh.SFTPClient",),
        awaited_calls="get put listdir stat remove mkdir exists glob",
    ),
    Sdk(("spotipy.Spotify",), _SPOTIFY),
    Sdk(("googlemaps.Client",), _MAPS),
    Sdk(
        ("telebot.TeleBot",),
        _BOT,
        "`telebot.async_telebot.AsyncTeleBot`",
        ("telebot.async_telebot.AsyncTeleBot",),
    ),
    Sdk(("apprise.Apprise",), "notify", "`async_notify`", ("apprise.Apprise",), "async_notify"),
    Sdk(
        ("haystack.Pipeline",),
        "run",
        "`run_async`",
        ("haystack.Pipeline", "haystack.AsyncPipeline"),
        "run_async",
        "llm",
    ),
    Sdk(("oss2.Bucket",), _BUCKET, _SIGNED),
    Sdk(("qcloud_cos.CosS3Client",), _COS, _SIGNED),
    Sdk(("kinto_http.Client",), _KINTO, "`kinto_http.AsyncClient`", ("kinto_http.AsyncClient",)),
    Sdk(
        ("lark_oapi.Client",),
        " ".join(f"{thing}.{call}" for thing, call in _LARK),
        "the same method with `a` before its name",
        ("lark_oapi.Client",),
        " ".join(f"{thing}.a{call}" for thing, call in _LARK),
    ),
    Sdk(("turbopuffer.Namespace",), _NAMESPACE, "`AsyncTurbopuffer`", ("turbopuffer.AsyncNamespace",)),
    Sdk(("turbopuffer.Turbopuffer",), "namespaces", "`AsyncTurbopuffer`", ("turbopuffer.AsyncTurbopuffer",)),
    Sdk(("elevenlabs.ElevenLabs",), _VOICE, "`AsyncElevenLabs`", ("elevenlabs.AsyncElevenLabs",), kind="llm"),
    Sdk(("voyageai.Client",), _VOYAGE, "`voyageai.AsyncClient`", ("voyageai.AsyncClient",), kind="llm"),
    Sdk(
        ("deepgram.DeepgramClient",),
        _LISTEN,
        "`AsyncDeepgramClient`",
        ("deepgram.AsyncDeepgramClient",),
        kind="llm",
    ),
    Sdk(
        ("pinecone.Pinecone",),
        "inference.embed inference.rerank list_indexes describe_index create_index has_index",
        "`pinecone.PineconeAsyncio`",
        ("pinecone.PineconeAsyncio",),
    ),
    Sdk(("pymilvus.MilvusClient",), _MILVUS, "`pymilvus.AsyncMilvusClient`", ("pymilvus.AsyncMilvusClient",)),
    Sdk(
        ("pymilvus.Collection",),
        "search query insert upsert delete flush load hybrid_search",
        "`AsyncMilvusClient`",
    ),
    Sdk(("pymilvus.connections",), "connect", "`AsyncMilvusClient`"),
    Sdk(
        ("weaviate.collections.Collection",),
        _WEAVIATE,
        "`weaviate.use_async_with_local` and its like",
        ("weaviate.collections.CollectionAsync",),
    ),
    Sdk(("typesense.documents.Documents",), "search create upsert import_ export delete update", _TYPESENSE),
    Sdk(("typesense.document.Document",), "retrieve update delete", _TYPESENSE),
    Sdk(("notion_client.Client",), _NOTION, "`notion_client.AsyncClient`", ("notion_client.AsyncClient",)),
    Sdk(("hubspot.HubSpot",), _HUBSPOT),
    Sdk(
        ("replicate.Client",),
        "run predictions.create predictions.get models.get",
        "`async_run`, or the `async_…` method",
        ("replicate.Client",),
        "async_run predictions.async_create predictions.async_get models.async_get",
        kind="llm",
    ),
    Sdk(
        ("fal_client",),
        "run subscribe submit upload_file",
        "the `…_async` function",
        ("fal_client",),
        "run_async subscribe_async submit_async upload_file_async",
        kind="llm",
    ),
    Sdk(("assemblyai.Transcriber",), "transcribe transcribe_group", kind="llm"),
    Sdk(
        (*_STORES,),
        _STORE,
        "the same method with `a` before its name",
        (*_STORES,),
        " ".join(f"a{name}" for name in _STORE.split()),
    ),
    Sdk(
        (_RETRIEVER,),
        "invoke batch get_relevant_documents",
        "`.ainvoke`",
        (_RETRIEVER,),
        "ainvoke abatch aget_relevant_documents",
    ),
    Sdk(
        (_GRAPH,),
        "invoke stream batch",
        "`.ainvoke` or `.astream`",
        (_GRAPH,),
        "ainvoke astream abatch astream_events",
        "llm",
    ),
    Sdk(
        _EXECUTORS, "invoke run batch __call__", "`.ainvoke`", _EXECUTORS, "ainvoke arun abatch acall", "llm"
    ),
    Sdk(_PREDICTING, "predict", "`.apredict`", _PREDICTING, "apredict", "llm"),
    Sdk((_ENGINE,), "query", "`.aquery`", (_ENGINE,), "aquery", "llm"),
    Sdk((_CHAT,), "chat stream_chat", "`.achat` or `.astream_chat`", (_CHAT,), "achat astream_chat", "llm"),
    Sdk((_RETRIEVES,), "retrieve", "`.aretrieve`", (_RETRIEVES,), "aretrieve"),
    Sdk(("llama_index.core.VectorStoreIndex",), "from_documents insert", kind="llm"),
    Sdk(_AGENTS, "run print_response", "`.arun`", _AGENTS, "arun aprint_response", "llm"),
    Sdk(("strands.Agent",), "__call__", "`.invoke_async`", ("strands.Agent",), "invoke_async", "llm"),
    Sdk(
        ("ibm_watsonx_ai.foundation_models.ModelInference",),
        "generate generate_text chat",
        "`.agenerate` or `.achat`",
        ("ibm_watsonx_ai.foundation_models.ModelInference",),
        "agenerate achat",
        "llm",
    ),
    Sdk(("serpapi.GoogleSearch",), "get_dict get_json get_dictionary", "an asynchronous HTTP client"),
    Sdk(("datasets",), "load_dataset", "a queue worker"),
    Sdk(("crewai.Crew",), "kickoff", "`.kickoff_async`", ("crewai.Crew",), "kickoff_async akickoff", "llm"),
    Sdk(("mem0.Memory",), _MEMORY, "`mem0.AsyncMemory`", ("mem0.AsyncMemory",), kind="llm"),
    Sdk(("mem0.MemoryClient",), _MEMORY, "`mem0.AsyncMemoryClient`", ("mem0.AsyncMemoryClient",)),
    Sdk(
        ("upstash_redis.Redis",), _UPSTASH, "`upstash_redis.asyncio.Redis`", ("upstash_redis.asyncio.Redis",)
    ),
    Sdk(("web3.Web3",), _ETH, "`web3.AsyncWeb3`", ("web3.AsyncWeb3",)),
    Sdk(
        ("solana.rpc.api.Client",),
        _SOLANA,
        "`solana.rpc.async_api.AsyncClient`",
        ("solana.rpc.async_api.AsyncClient",),
    ),
    Sdk(("e2b.Sandbox",), _SANDBOX, "`AsyncSandbox`", ("e2b.AsyncSandbox",)),
    Sdk(("docker.models.containers.Container",), _CONTAINER, "`aiodocker`"),
    Sdk(
        ("docker.DockerClient",),
        "ping info version df login networks.create networks.list networks.get networks.prune volumes.create"
        " volumes.list volumes.get volumes.prune",
        "`aiodocker`",
    ),
    Sdk(("docker.models.networks.Network",), "connect disconnect remove reload", "`aiodocker`"),
    Sdk(("docker.models.volumes.Volume", "docker.models.images.Image"), "remove reload", "`aiodocker`"),
    Sdk(
        ("docker.APIClient",),
        "containers images pull build create_container start stop logs inspect_container exec_create exec_start",
        "`aiodocker`",
    ),
    Sdk(("gspread.Client",), "open open_by_key open_by_url create"),
    Sdk(("gspread.Spreadsheet",), "worksheet worksheets add_worksheet get_worksheet values_batch_update"),
    Sdk(("gspread.Worksheet",), _SHEET),
    Sdk(("msal.ConfidentialClientApplication", "msal.PublicClientApplication"), _MSAL),
    Sdk(("msal.ConfidentialClientApplication",), "acquire_token_for_client acquire_token_on_behalf_of"),
    Sdk(("plaid.api.plaid_api.PlaidApi",), _PLAID),
    Sdk(
        ("razorpay.Client",),
        "order.create order.fetch payment.fetch payment.capture payment.refund subscription.create",
    ),
    Sdk(("braintree.BraintreeGateway",), "transaction.sale transaction.find customer.create customer.find"),
    Sdk(("mailjet_rest.Client",), "send.create", kind="mail"),
    Sdk(("mailchimp_transactional.Client",), "messages.send messages.send_template", kind="mail"),
    Sdk(("sib_api_v3_sdk.TransactionalEmailsApi",), "send_transac_email", kind="mail"),
    Sdk(
        ("plivo.RestClient",),
        "messages.create calls.create calls.get calls.update calls.hangup calls.transfer",
    ),
    *(Sdk((f"vonage.{thing}", f"vonage.Client.{held}"), calls, _REST) for thing, held, calls in _VONAGE),
    Sdk(("vonage.Vonage",), _VONAGE_4, _REST),
    Sdk(("messagebird.Client",), _MESSAGEBIRD, _REST),
    Sdk(
        ("keystoneauth1.session.Session",),
        "get head post put patch delete request get_token get_endpoint get_auth_headers get_user_id get_project_id",
        _REST,
    ),
    Sdk(_KEYSTONE, "get_auth_ref get_access get_token get_endpoint", _REST),
    Sdk(("pywebpush",), "webpush"),
    Sdk(("dropbox.Dropbox",), _DIRECTORY),
    Sdk(("pyairtable.Table",), "all get create update delete first batch_create batch_update"),
    Sdk(("simple_salesforce.Salesforce",), "query query_all query_more search"),
    Sdk(("github.PullRequest.PullRequest",), f"{_PULL} create_comment", "`githubkit`"),
    Sdk(("github.Issue.Issue",), "create_comment edit get_comments add_to_labels", "`githubkit`"),
    Sdk(
        ("github.Repository.Repository",),
        "update_file delete_file get_readme get_git_ref create_git_ref create_git_release get_latest_release",
        "`githubkit`",
    ),
    Sdk(("gitlab.v4.objects.Project",), f"{_GITLAB} save delete"),
    Sdk(
        ("git.Remote", "git.Repo.remotes.origin"),
        _REMOTE,
        "`asyncio.create_subprocess_exec`",
        waits=Kind.PROC,
    ),
    Sdk(
        ("git.cmd.Git", "git.Repo.git"),
        "clone fetch pull push checkout ls_remote log diff show add commit status execute merge rebase rev_parse",
        "`asyncio.create_subprocess_exec`",
        waits=Kind.PROC,
    ),
    Sdk(("git.Repo",), "clone", "`asyncio.create_subprocess_exec`", waits=Kind.PROC),
    Sdk(
        ("storage3.SyncBucket",),
        "upload download remove list create_signed_url move copy update",
        "`supabase.acreate_client`",
        ("storage3.AsyncBucket",),
    ),
    Sdk(
        ("zmq.Socket",),
        "recv recv_json recv_string recv_pyobj recv_multipart poll",
        "`zmq.asyncio.Context`",
        waits=Kind.NET,
    ),
    Sdk(("yt_dlp.YoutubeDL",), "extract_info download", "a queue worker"),
    Sdk(
        ("youtube_transcript_api.YouTubeTranscriptApi",),
        "get_transcript list_transcripts get_transcripts fetch list",
    ),
    Sdk(("duckduckgo_search.DDGS", "ddgs.DDGS"), "text news images videos", "a queue worker"),
    Sdk(("trafilatura",), "fetch_url"),
    Sdk(
        ("dapr.clients.DaprClient",),
        _DAPR,
        "`dapr.aio.clients.DaprClient`",
        ("dapr.aio.clients.DaprClient",),
        kind="queue",
    ),
    Sdk(
        ("dapr.ext.workflow.DaprWorkflowClient",),
        _WORKFLOWS,
        "`dapr.ext.workflow.aio.DaprWorkflowClient`",
        ("dapr.ext.workflow.aio.DaprWorkflowClient",),
    ),
    Sdk(("newspaper.Article",), "download"),
    Sdk(("gtts.gTTS",), "save write_to_fp"),
    Sdk(("speech_recognition.Recognizer",), "recognize_google recognize_openai"),
    Sdk(("consul.Consul",), "kv.get kv.put agent.service.register agent.services health.service"),
    Sdk(
        ("langfuse.Langfuse",),
        "flush auth_check create_dataset create_dataset_item get_dataset create_prompt update_prompt",
    ),
    Sdk(("lancedb.table.Table",), "add delete update count_rows", "`lancedb.connect_async`", waits=Kind.DB),
    Sdk(
        ("lancedb.DBConnection",),
        "open_table create_table table_names",
        "`lancedb.connect_async`",
        waits=Kind.DB,
    ),
)
_FILTERS = "eq neq gt gte lt lte like ilike is_ in_ or_ not_ match contains contained_by overlaps filter"
_SHAPES = "text_search order limit offset range single maybe_single csv"
_BUILDERS = (("supabase.Client", "Sync", False), ("supabase.AsyncClient", "Async", True))


def _posted() -> Iterator[tuple[str, str]]:
    """What each step of `client.table("orders").select("*").eq("id", 1)` gives."""
    for client, kind, _ in _BUILDERS:
        table, reads, writes = (
            f"postgrest.{kind}{name}" for name in ("RequestBuilder", "SelectBuilder", "WriteBuilder")
        )
        for name in ("table", "from_"):
            yield f"{client}.{name}", table
        yield f"{client}.rpc", reads
        yield f"{table}.select", reads
        for name in ("insert", "upsert", "update", "delete"):
            yield f"{table}.{name}", writes
        for builder in (reads, writes):
            yield from ((f"{builder}.{name}", builder) for name in _FILTERS.split())
        yield from ((f"{reads}.{name}", reads) for name in _SHAPES.split())
        yield f"{client}.storage.from_", f"storage3.{kind}Bucket"
        yield client, client


_LOOKS_UP = Blocking(
    "email_validator.validate_email",
    Kind.NET,
    "`check_deliverability=False`, or a worker thread",
    weight="medium",
)


_MADE = [
    owner
    for owner in made(_SDKS)
    if not owner.startswith(
        ("llama_index.core.base", "weaviate.coll", "storage3", "kubernetes", "fsspec", "arxiv.Results")
    )
]

LIBRARY = Library(
    former={
        **dict.fromkeys(
            ("langchain.agents.AgentExecutor", "langchain.chains", "langchain.vectorstores"),
            "langchain==0.3.27 langchain-community==0.3.31",
        ),
        **dict.fromkeys(
            (
                f"langchain_community.vectorstores.{name}"
                for name in ("Pinecone", "Qdrant", "Milvus", "Weaviate")
            ),
            "langchain-community==0.3.31",
        ),
        **{
            f"{_RETRIEVER}.{name}": "langchain-core==0.2.43"
            for name in ("get_relevant_documents", "aget_relevant_documents")
        },
        **{
            f"notion_client.{name}.databases.query": "notion-client==2.2.1"
            for name in ("Client", "AsyncClient")
        },
        "haystack.AsyncPipeline": "haystack-ai==2.20.0",
        "langgraph.graph.graph": "langgraph==0.2.76",
        "solana.rpc.api": "solana==0.36.12",
        **{
            f"vonage.{name}": "vonage==3.17.4"
            for thing, held, calls in _VONAGE
            for name in (
                *("Client", "client", "Verify2", held),
                *(f"{thing}.{call}" for call in calls.split() if f"{thing}.{call}" not in _STILL_IN_VONAGE),
            )
        },
        "supabase._sync.client.SyncClient": "supabase==2.15.3",
        **{
            f"youtube_transcript_api.YouTubeTranscriptApi.{name}": "youtube-transcript-api==0.6.3"
            for name in ("get_transcript", "get_transcripts", "list_transcripts")
        },
    },
    blocking=(
        *waiting(_SDKS),
        _LOOKS_UP,
        *each(
            Blocking("", Kind.DB, "`supabase.acreate_client`"),
            ("postgrest.SyncSelectBuilder", "postgrest.SyncWriteBuilder"),
            "execute",
        ),
        *each(
            Blocking("", Kind.NET, "`weaviate.use_async_with_local` and its like", construct=True),
            "weaviate",
            "connect_to_local connect_to_weaviate_cloud connect_to_wcs connect_to_custom",
        ),
        *each(Blocking("", Kind.NET, "`AsyncSandbox`"), "e2b.Sandbox", "create connect"),
        *each(
            Blocking("", Kind.CPU, "a queue worker", weight="critical"),
            "docling.document_converter.DocumentConverter",
            "convert",
        ),
        *each(
            Blocking("", Kind.CPU, "a queue worker", weight="critical"),
            "unstructured.partition",
            "auto.partition pdf.partition_pdf docx.partition_docx",
        ),
    ),
    clients=(
        Client(
            "posthog.Posthog",
            "shutdown",
            "sdk",
            "a thread that sends what it has queued, and its connections",
        ),
        Client("langsmith.Client", "close", "sdk", "threads that send what is traced, and its connections"),
        Client("aiodocker.Docker", "close", "sdk", "its session and connections anew", is_async=True),
        Client("daytona.AsyncDaytona", "close", "sdk", _ANEW, is_async=True),
        Client("livekit.api.LiveKitAPI", "aclose", "sdk", _ANEW, is_async=True),
        Client("turbopuffer.Turbopuffer", "close", "sdk", _TLS, 21.0),
        Client("turbopuffer.AsyncTurbopuffer", "close", "sdk", _ANEW, 0.1, is_async=True),
        Client("elevenlabs.ElevenLabs", "", "sdk", _TLS, 19.0),
        Client("elevenlabs.AsyncElevenLabs", "", "sdk", _TLS, 22.0, is_async=True),
        Client("deepgram.DeepgramClient", "", "sdk", _TLS, 18.0),
        Client("deepgram.AsyncDeepgramClient", "", "sdk", _TLS, 21.0, is_async=True),
        Client("notion_client.Client", "close", "sdk", _TLS, 18.0),
        Client("notion_client.AsyncClient", "aclose", "sdk", _TLS, 21.0, is_async=True),
        Client("pinecone.Pinecone", "close", "sdk", _TLS, 19.0),
        Client("pinecone.PineconeAsyncio", "close", "sdk", _ANEW, 0.1, is_async=True),
        Client("solana.rpc.async_api.AsyncClient", "close", "sdk", _TLS, 20.0, is_async=True),
    ),
    queries=tuple(
        Query(f"postgrest.{kind}{builder}.execute", means, is_async, "supabase")
        for _, kind, is_async in _BUILDERS
        for builder, means in (("SelectBuilder", "select"), ("WriteBuilder", "write"))
    ),
    external=tuple(leaving(_SDKS)),
    returns={
        **dict(_posted()),
        "supabase.acreate_client": "supabase.AsyncClient",
        "daytona.Daytona.create": "daytona.Sandbox",
        "daytona.Daytona.get": "daytona.Sandbox",
        "daytona.AsyncDaytona.create": "daytona.AsyncSandbox",
        "daytona.AsyncDaytona.get": "daytona.AsyncSandbox",
        **{name: name for name in _FILE_SYSTEMS},
        "fsspec.filesystem": _NAMED_FILES,
        "arxiv.Client.results": _PAPERS,
        "kubernetes.watch.Watch": "kubernetes.watch.Watch",
        **{
            f"aiodocker.Docker.containers.{name}": _RUNNING
            for name in ("get", "create", "create_or_replace", "run", "container")
        },
        "aiodocker.Docker.containers.list": "aiodocker.containers.DockerContainers",
        "asyncssh.connect": "asyncssh.SSHClientConnection",
        "asyncssh.SSHClientConnection.start_sftp_client": "asyncssh.SFTPClient",
        "langchain.agents.create_agent": _GRAPH,
        "deepagents.create_deep_agent": _GRAPH,
        f"{_GRAPH}.with_config": _GRAPH,
        "lark_oapi.Client.builder": "lark_oapi.client.ClientBuilder",
        **{
            f"lark_oapi.client.ClientBuilder.{name}": "lark_oapi.client.ClientBuilder"
            for name in ("app_id", "app_secret", "domain", "log_level", "timeout", "enable_set_token")
        },
        "lark_oapi.client.ClientBuilder.build": "lark_oapi.Client",
        "supabase.Client.schema": "supabase.Client",
        **{name: name for name in _MADE},
        "vonage.Client": "vonage.Client",
        "turbopuffer.Turbopuffer.namespace": "turbopuffer.Namespace",
        "turbopuffer.AsyncTurbopuffer.namespace": "turbopuffer.AsyncNamespace",
        **{
            f"weaviate.{name}": "weaviate.WeaviateClient"
            for name in (
                "connect_to_local",
                "connect_to_weaviate_cloud",
                "connect_to_wcs",
                "connect_to_custom",
            )
        },
        **{
            f"weaviate.{name}": "weaviate.WeaviateAsyncClient"
            for name in ("use_async_with_local", "use_async_with_weaviate_cloud", "use_async_with_custom")
        },
        "weaviate.WeaviateClient.collections.get": "weaviate.collections.Collection",
        "weaviate.WeaviateClient.collections.use": "weaviate.collections.Collection",
        "weaviate.WeaviateAsyncClient.collections.get": "weaviate.collections.CollectionAsync",
        "weaviate.WeaviateAsyncClient.collections.use": "weaviate.collections.CollectionAsync",
        "typesense.collections.Collections.__getitem__": "typesense.collection.Collection",
        "typesense.documents.Documents.__getitem__": "typesense.document.Document",
        "typesense.Client": "typesense.Client",
        "hubspot.Client.create": "hubspot.HubSpot",
        **{f"{store}.as_retriever": _RETRIEVER for store in _STORES},
        **{f"{store}.{name}": store for store in _STORES for name in ("from_documents", "from_texts")},
        "langchain_community.vectorstores.FAISS.load_local": "langchain_community.vectorstores.FAISS",
        "langgraph.graph.StateGraph": "langgraph.graph.StateGraph",
        "langgraph.graph.StateGraph.compile": _GRAPH,
        "langgraph.prebuilt.create_react_agent": _GRAPH,
        "langchain.chains.RetrievalQA.from_chain_type": "langchain.chains.RetrievalQA",
        **{
            f"langchain.chains.{name}.from_llm": f"langchain.chains.{name}"
            for name in ("RetrievalQA", "ConversationalRetrievalChain")
        },
        "llama_index.core.VectorStoreIndex.from_documents": "llama_index.core.VectorStoreIndex",
        "llama_index.core.VectorStoreIndex.from_vector_store": "llama_index.core.VectorStoreIndex",
        "llama_index.core.VectorStoreIndex.as_query_engine": _ENGINE,
        "llama_index.core.VectorStoreIndex.as_chat_engine": _CHAT,
        "llama_index.core.VectorStoreIndex.as_retriever": _RETRIEVES,
        "llama_index.core.load_index_from_storage": "llama_index.core.VectorStoreIndex",
        "mem0.Memory.from_config": "mem0.Memory",
        "mem0.AsyncMemory.from_config": "mem0.AsyncMemory",
        "e2b.Sandbox.create": "e2b.Sandbox",
        "e2b.AsyncSandbox.create": "e2b.AsyncSandbox",
        **{
            f"docker.DockerClient.containers.{name}": "docker.models.containers.Container"
            for name in ("get", "create", "run")
        },
        **alike("get create", "docker.models.networks.Network", "docker.DockerClient.networks"),
        **alike("get create", "docker.models.volumes.Volume", "docker.DockerClient.volumes"),
        **alike("get pull", "docker.models.images.Image", "docker.DockerClient.images"),
        "docker.DockerClient.containers.list": "docker.models.containers.ContainerCollection",
        "gspread.service_account": "gspread.Client",
        "gspread.service_account_from_dict": "gspread.Client",
        "gspread.authorize": "gspread.Client",
        **{
            f"gspread.Client.{name}": "gspread.Spreadsheet" for name in ("open", "open_by_key", "open_by_url")
        },
        "gspread.Spreadsheet.worksheet": "gspread.Worksheet",
        "gspread.Spreadsheet.get_worksheet": "gspread.Worksheet",
        **{f"haystack.Pipeline.{name}": "haystack.Pipeline" for name in ("load", "loads", "from_dict")},
        "pyairtable.Api": "pyairtable.Api",
        "pyairtable.Api.table": "pyairtable.Table",
        "github.Repository.Repository.get_pull": "github.PullRequest.PullRequest",
        "github.Repository.Repository.get_issue": "github.Issue.Issue",
        "gitlab.Gitlab.projects.get": "gitlab.v4.objects.Project",
        "git.Repo": "git.Repo",
        "git.Repo.clone_from": "git.Repo",
        "git.Repo.init": "git.Repo",
        "git.Repo.remote": "git.Remote",
        "zmq.Context": "zmq.Context",
        "zmq.Context.instance": "zmq.Context",
        "zmq.Context.socket": "zmq.Socket",
        "zmq.asyncio.Context": "zmq.asyncio.Context",
        "zmq.asyncio.Context.socket": "zmq.asyncio.Socket",
        "lancedb.connect": "lancedb.DBConnection",
        "lancedb.DBConnection.open_table": "lancedb.table.Table",
        "lancedb.DBConnection.create_table": "lancedb.table.Table",
        "docling.document_converter.DocumentConverter": "docling.document_converter.DocumentConverter",
    },
    attributes={
        "langchain_chroma.Chroma._collection": "chromadb.Collection",
        "langchain_community.vectorstores.Chroma._collection": "chromadb.Collection",
        "typesense.Client.collections": "typesense.collections.Collections",
        "typesense.collection.Collection.documents": "typesense.documents.Documents",
    },
    bases=dict.fromkeys(_FILE_SYSTEMS, "fsspec.AbstractFileSystem"),
    items={
        "aiodocker.containers.DockerContainers": _RUNNING,
        "docker.models.containers.ContainerCollection": "docker.models.containers.Container",
    },
    aliases={
        "huggingface_hub.hf_api.HfApi": _HUB_API,
        "aiodocker.docker.Docker": "aiodocker.Docker",
        "aiodocker.docker.DockerContainer": _RUNNING,
        "fsspec.spec.AbstractFileSystem": "fsspec.AbstractFileSystem",
        "s3fs.core.S3FileSystem": "s3fs.S3FileSystem",
        "gcsfs.core.GCSFileSystem": "gcsfs.GCSFileSystem",
        "gql.client.Client": "gql.Client",
        "langsmith.client.Client": "langsmith.Client",
        "haystack.core.pipeline.Pipeline": "haystack.Pipeline",
        "haystack.core.pipeline.pipeline.Pipeline": "haystack.Pipeline",
        "spotipy.client.Spotify": "spotipy.Spotify",
        **{f"vonage.{held}.{thing}": f"vonage.{thing}" for thing, held, _ in _VONAGE},
        "vonage.client.Client": "vonage.Client",
        "messagebird.client.Client": "messagebird.Client",
        "googlemaps.client.Client": "googlemaps.Client",
        "apprise.apprise.Apprise": "apprise.Apprise",
        "dapr.aio.clients.grpc.client.DaprGrpcClientAsync": "dapr.aio.clients.DaprClient",
        "dapr.clients.grpc.client.DaprGrpcClient": "dapr.clients.DaprClient",
        "dapr.ext.workflow.dapr_workflow_client.DaprWorkflowClient": "dapr.ext.workflow.DaprWorkflowClient",
        "lark_oapi.client.Client": "lark_oapi.Client",
        "elevenlabs.client.ElevenLabs": "elevenlabs.ElevenLabs",
        "elevenlabs.client.AsyncElevenLabs": "elevenlabs.AsyncElevenLabs",
        "voyageai.client.Client": "voyageai.Client",
        "weaviate.client.WeaviateClient": "weaviate.WeaviateClient",
        "weaviate.client.WeaviateAsyncClient": "weaviate.WeaviateAsyncClient",
        "pymilvus.orm.collection.Collection": "pymilvus.Collection",
        "e2b_code_interpreter.Sandbox": "e2b.Sandbox",
        "e2b_code_interpreter.AsyncSandbox": "e2b.AsyncSandbox",
        "git.repo.base.Repo": "git.Repo",
        "git.Git": "git.cmd.Git",
        "langgraph.graph.graph.CompiledGraph": _GRAPH,
        "langgraph.graph.state.StateGraph": "langgraph.graph.StateGraph",
        "supabase.create_async_client": "supabase.acreate_client",
        "supabase.client.Client": "supabase.Client",
        "supabase._sync.client.SyncClient": "supabase.Client",
        "supabase._async.client.AsyncClient": "supabase.AsyncClient",
        "langchain.vectorstores": "langchain_community.vectorstores",
        "langchain_community.vectorstores.chroma.Chroma": "langchain_community.vectorstores.Chroma",
        "langchain_community.vectorstores.faiss.FAISS": "langchain_community.vectorstores.FAISS",
        "langchain_classic": "langchain",
        "email_validator.validate_email.validate_email": "email_validator.validate_email",
    },
)

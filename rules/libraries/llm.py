"""Language-model SDKs: OpenAI, Anthropic and their like, litellm, LangChain; hosts of other generating models."""

from rules.libraries.model import (
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Sdk,
    Timeout,
    each,
    leaving,
    made,
    waiting,
)

_SMOL_OPENAI = ("smolagents.OpenAIServerModel", "smolagents.OpenAIModel")
_SMOL_MODELS = (
    *_SMOL_OPENAI,
    "smolagents.AzureOpenAIModel",
    "smolagents.LiteLLMModel",
    "smolagents.InferenceClientModel",
)

_OPENAI_CALLS = (
    "chat.completions.create",
    "chat.completions.parse",
    "chat.completions.stream",
    "beta.chat.completions.parse",
    "beta.chat.completions.stream",
    "completions.create",
    "responses.create",
    "responses.parse",
    "responses.stream",
    "responses.retrieve",
    "embeddings.create",
    "images.generate",
    "images.edit",
    "audio.transcriptions.create",
    "audio.translations.create",
    "audio.speech.create",
    "moderations.create",
    "files.create",
    "files.retrieve",
    "files.delete",
    "files.content",
    "models.list",
    "models.retrieve",
    "batches.create",
    "fine_tuning.jobs.create",
    "beta.threads.create",
    "beta.threads.messages.create",
    "beta.threads.messages.list",
    "beta.threads.runs.create",
    "beta.threads.runs.create_and_poll",
    "beta.threads.runs.retrieve",
    "beta.threads.runs.submit_tool_outputs",
    "beta.threads.retrieve",
    "beta.threads.delete",
    "beta.assistants.create",
    "beta.assistants.retrieve",
    "beta.assistants.update",
    "beta.assistants.delete",
    "vector_stores.create",
    "vector_stores.retrieve",
    "vector_stores.delete",
    "vector_stores.search",
    "vector_stores.files.create",
    "vector_stores.files.create_and_poll",
    "vector_stores.files.upload_and_poll",
    "vector_stores.file_batches.upload_and_poll",
    "conversations.create",
    "chat.completions.with_raw_response.create",
    "responses.with_raw_response.create",
    "audio.speech.with_streaming_response.create",
)
ANSWERING = (
    *(".embeddings.create", ".chat.completions.create", ".moderations.create", ".responses.create"),
    *("AsyncAnthropic.messages.create", "AsyncOpenAI.completions.create"),
)
"""How calls end that create nothing but an answer."""
_ANTHROPIC_CALLS = (
    "messages.create",
    "messages.stream",
    "messages.count_tokens",
    "messages.batches.create",
    "completions.create",
    "beta.messages.create",
    "beta.messages.stream",
    "models.list",
)
# What Anthropic's models are asked for through other companies' clouds.
_CLOUD_CALLS = ("messages.create", "messages.stream", "beta.messages.create")
_GROQ_CALLS = ("chat.completions.create", "audio.transcriptions.create", "models.list")
_MISTRAL_CALLS = (
    "chat.complete",
    "chat.stream",
    "embeddings.create",
    "ocr.process",
    "fim.complete",
    "agents.complete",
)
_COHERE_CALLS = ("chat", "chat_stream", "embed", "rerank", "generate", "classify", "summarize", "tokenize")
_GENAI_CALLS = (
    "models.generate_content",
    "models.generate_content_stream",
    "models.embed_content",
    "models.count_tokens",
    "models.generate_images",
    "models.edit_image",
    "models.generate_videos",
    "models.get",
    "files.upload",
    "files.get",
    "files.delete",
    "caches.create",
    "operations.get",
)
_GENAI_CHATS = (
    ("google.genai.Client.chats.create", "google.genai.chats.Chat", False),
    ("google.genai.Client.aio.chats.create", "google.genai.chats.AsyncChat", True),
)
_TURNS = "send_message send_message_stream"
_CHAT = "google.generativeai.ChatSession"
_OPENAI_COST = "a TLS context, tens of milliseconds of processor time, and every connection anew"

_SDKS: tuple[tuple[tuple[str, ...], tuple[str, ...], str, tuple[str, ...]], ...] = (
    (
        ("openai.OpenAI", "openai.AzureOpenAI"),
        ("openai.AsyncOpenAI", "openai.AsyncAzureOpenAI"),
        "`openai.AsyncOpenAI`",
        _OPENAI_CALLS,
    ),
    (
        ("anthropic.Anthropic",),
        ("anthropic.AsyncAnthropic",),
        "`anthropic.AsyncAnthropic`",
        _ANTHROPIC_CALLS,
    ),
    (
        ("anthropic.AnthropicBedrock", "anthropic.AnthropicVertex"),
        ("anthropic.AsyncAnthropicBedrock", "anthropic.AsyncAnthropicVertex"),
        "the client with `Async` before its name",
        _CLOUD_CALLS,
    ),
    (("groq.Groq",), ("groq.AsyncGroq",), "`groq.AsyncGroq`", _GROQ_CALLS),
    (("together.Together",), ("together.AsyncTogether",), "`together.AsyncTogether`", _GROQ_CALLS),
    (
        ("cohere.Client", "cohere.ClientV2"),
        ("cohere.AsyncClient", "cohere.AsyncClientV2"),
        "`cohere.AsyncClient`",
        _COHERE_CALLS,
    ),
)
_LC_MODELS = (
    "langchain_openai.ChatOpenAI",
    "langchain_openai.AzureChatOpenAI",
    "langchain_openai.OpenAI",
    "langchain_anthropic.ChatAnthropic",
    "langchain_google_genai.ChatGoogleGenerativeAI",
    "langchain_google_vertexai.ChatVertexAI",
    "langchain_groq.ChatGroq",
    "langchain_mistralai.ChatMistralAI",
    "langchain_ollama.ChatOllama",
    "langchain_community.chat_models.ChatOpenAI",
    "langchain_aws.ChatBedrock",
    "langchain_aws.ChatBedrockConverse",
    "langchain_cohere.ChatCohere",
    "langchain_community.chat_models.ChatOllama",
    "langchain_deepseek.ChatDeepSeek",
    "langchain_fireworks.ChatFireworks",
    "langchain_ibm.ChatWatsonx",
    "langchain_litellm.ChatLiteLLM",
    "langchain_nvidia_ai_endpoints.ChatNVIDIA",
    "langchain_ollama.OllamaLLM",
    "langchain_xai.ChatXAI",
)
_LC_EMBEDDINGS = (
    "langchain_openai.OpenAIEmbeddings",
    "langchain_openai.AzureOpenAIEmbeddings",
    "langchain_google_genai.GoogleGenerativeAIEmbeddings",
    "langchain_google_vertexai.VertexAIEmbeddings",
    "langchain_aws.BedrockEmbeddings",
    "langchain_cohere.CohereEmbeddings",
    "langchain_community.embeddings.BedrockEmbeddings",
    "langchain_community.embeddings.OllamaEmbeddings",
    "langchain_mistralai.MistralAIEmbeddings",
    "langchain_nvidia_ai_endpoints.NVIDIAEmbeddings",
    "langchain_ollama.OllamaEmbeddings",
)
_LI_MODEL, _LI_EMBEDDING = "llama_index.llms.openai.OpenAI", "llama_index.embeddings.openai.OpenAIEmbedding"
_LI_ANSWERS = "complete chat stream_complete stream_chat"
_LI_EMBEDS = "get_text_embedding get_query_embedding get_text_embedding_batch"
_LI_AEMBEDS = "aget_text_embedding aget_query_embedding aget_text_embedding_batch"
_SOUGHT = ("langchain_community.utilities.SQLDatabase",)
_LOADED = ("langchain_community.document_loaders.WebBaseLoader",)
_LC_PROMPTS = (
    "langchain_core.prompts.PromptTemplate",
    "langchain_core.prompts.ChatPromptTemplate",
    "langchain_core.prompts.FewShotPromptTemplate",
    "langchain_core.prompts.FewShotChatMessagePromptTemplate",
)
_LC_CHAIN = "langchain_core.runnables.RunnableSequence"
"""What `prompt | model | parser` is, and a model with its output or tools bound to it."""
_LC_RUNS = "invoke stream batch"

_VOYAGE = "embed contextualized_embed rerank multimodal_embed"
_GENERATORS = (
    Sdk(("voyageai.Client",), _VOYAGE, "`voyageai.AsyncClient`", ("voyageai.AsyncClient",), kind="llm"),
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
    Sdk(
        ("ibm_watsonx_ai.foundation_models.ModelInference",),
        "generate generate_text chat",
        "`.agenerate` or `.achat`",
        ("ibm_watsonx_ai.foundation_models.ModelInference",),
        "agenerate achat",
        "llm",
    ),
)

LIBRARY = Library(
    blocking=(
        *(
            entry
            for owners, _, instead, calls in _SDKS
            for entry in each(Blocking("", Kind.NET, instead), owners, " ".join(calls))
        ),
        *each(Blocking("", Kind.NET, "the `…_async` method"), "mistralai.Mistral", " ".join(_MISTRAL_CALLS)),
        *each(Blocking("", Kind.NET, "`client.aio.models`"), "google.genai.Client", " ".join(_GENAI_CALLS)),
        *each(Blocking("", Kind.NET, "`client.aio.chats`"), _GENAI_CHATS[0][1], _TURNS),
        *each(Blocking("", Kind.NET, "`send_message_async`"), _CHAT, "send_message"),
        *each(
            Blocking("", Kind.NET, "`generate_content_async`"),
            "google.generativeai.GenerativeModel",
            "generate_content count_tokens",
        ),
        *each(
            Blocking("", Kind.NET, "`generate_content_async`"),
            "vertexai.generative_models.GenerativeModel",
            "generate_content count_tokens",
        ),
        *each(Blocking("", Kind.NET, "`litellm.acompletion`"), "litellm", "completion text_completion"),
        *each(Blocking("", Kind.NET, "`litellm.aembedding`"), "litellm", "embedding"),
        *each(
            Blocking("", Kind.NET, "`litellm.atranscription`"),
            "litellm",
            "transcription image_generation moderation rerank",
        ),
        *each(
            Blocking("", Kind.NET, "`ollama.AsyncClient`"),
            ("ollama", "ollama.Client"),
            "chat generate embed embeddings list pull",
        ),
        *each(Blocking("", Kind.NET, "`replicate.async_run`"), "replicate", "run"),
        *each(
            Blocking("", Kind.NET, "`.ainvoke`, `.astream` or `.abatch`"),
            _LC_MODELS,
            "invoke stream batch",
        ),
        *each(Blocking("", Kind.NET, "`.ainvoke`, `.astream` or `.abatch`"), _LC_CHAIN, _LC_RUNS),
        *each(
            Blocking("", Kind.NET, "`.aembed_documents` or `.aembed_query`"),
            _LC_EMBEDDINGS,
            "embed_documents embed_query",
        ),
        *each(Blocking("", Kind.NET, "the same method with `a` before its name"), _LI_MODEL, _LI_ANSWERS),
        *each(Blocking("", Kind.NET, "the same method with `a` before its name"), _LI_EMBEDDING, _LI_EMBEDS),
        *each(Blocking("", Kind.DB, "a `def` endpoint"), _SOUGHT, "run run_no_throw get_table_info"),
        *each(Blocking("", Kind.NET, "a worker thread"), _LOADED, "load aload"),
        *each(
            Blocking("", Kind.NET, "`huggingface_hub.AsyncInferenceClient`"),
            "huggingface_hub.InferenceClient",
            "chat_completion text_generation feature_extraction text_to_image",
        ),
        *each(
            Blocking("", Kind.NET, "a worker thread"),
            "huggingface_hub.HfFileSystem",
            "open ls exists info isfile isdir find glob cat_file read_text read_bytes",
        ),
        *each(Blocking("", Kind.NET, "a queue worker"), _SMOL_MODELS, "generate"),
        *each(
            Blocking("", Kind.CPU, "a worker thread", weight="medium"),
            "tiktoken.Encoding",
            "encode encode_batch",
        ),
        *waiting(_GENERATORS),
    ),
    external=(
        *(
            entry
            for owners, _, _, calls in _SDKS
            for entry in each(External("", False, "llm"), owners, " ".join(calls))
        ),
        *(
            entry
            for _, owners, _, calls in _SDKS
            for entry in each(External("", True, "llm"), owners, " ".join(calls))
        ),
        *each(External("", False, "llm"), _SMOL_MODELS, "generate"),
        *each(External("", False, "llm"), "mistralai.Mistral", " ".join(_MISTRAL_CALLS)),
        *each(
            External("", True, "llm"),
            "mistralai.Mistral",
            " ".join(f"{name}_async" for name in _MISTRAL_CALLS),
        ),
        *each(External("", False, "llm"), "google.genai.Client", " ".join(_GENAI_CALLS)),
        *each(External("", True, "llm"), "google.genai.Client.aio", " ".join(_GENAI_CALLS)),
        *(
            entry
            for _, chat, is_async in _GENAI_CHATS
            for entry in each(External("", is_async, "llm"), chat, _TURNS)
        ),
        *each(External("", False, "llm"), _CHAT, "send_message"),
        *each(External("", True, "llm"), _CHAT, "send_message_async"),
        *each(External("", True, "llm"), "google.generativeai.GenerativeModel", "generate_content_async"),
        *each(External("", False, "llm"), "litellm", "completion embedding transcription image_generation"),
        *each(
            External("", True, "llm"), "litellm", "acompletion aembedding atranscription aimage_generation"
        ),
        *each(External("", False, "llm"), _LC_MODELS, "invoke stream batch"),
        *each(External("", True, "llm"), _LC_MODELS, "ainvoke astream abatch"),
        *each(External("", False, "llm"), _LC_CHAIN, _LC_RUNS),
        *each(External("", True, "llm"), _LC_CHAIN, "ainvoke astream abatch"),
        *each(External("", False, "llm"), _LC_EMBEDDINGS, "embed_documents embed_query"),
        *each(External("", True, "llm"), _LC_EMBEDDINGS, "aembed_documents aembed_query"),
        *each(External("", False, "llm"), _LI_MODEL, _LI_ANSWERS),
        *each(External("", True, "llm"), _LI_MODEL, "acomplete achat astream_complete astream_chat"),
        *each(External("", False, "llm"), _LI_EMBEDDING, _LI_EMBEDS),
        *each(External("", True, "llm"), _LI_EMBEDDING, _LI_AEMBEDS),
        *each(External("", False), _LOADED, "load aload"),
        *each(External("", True, "llm"), "ollama.AsyncClient", "chat generate embed embeddings"),
        *leaving(_GENERATORS),
    ),
    clients=(
        *each(
            Client("", "close", "sdk", _OPENAI_COST, 65.0),
            "openai",
            "OpenAI AzureOpenAI",
        ),
        *each(
            Client("", "close", "sdk", _OPENAI_COST, 65.0, is_async=True),
            "openai",
            "AsyncOpenAI AsyncAzureOpenAI",
        ),
        *each(
            Client("", "close", "sdk", _OPENAI_COST),
            "anthropic",
            "Anthropic AnthropicBedrock AnthropicVertex",
        ),
        *each(
            Client("", "close", "sdk", _OPENAI_COST, is_async=True),
            "anthropic",
            "AsyncAnthropic AsyncAnthropicBedrock AsyncAnthropicVertex",
        ),
        Client("groq.Groq", "close", "sdk", _OPENAI_COST),
        Client("groq.AsyncGroq", "close", "sdk", _OPENAI_COST, is_async=True),
        Client("together.Together", "close", "sdk", _OPENAI_COST),
        Client("together.AsyncTogether", "close", "sdk", _OPENAI_COST, is_async=True),
        Client("cohere.Client", "", "sdk", _OPENAI_COST),
        Client("cohere.ClientV2", "", "sdk", _OPENAI_COST),
        Client("cohere.AsyncClient", "", "sdk", _OPENAI_COST, is_async=True),
        Client("cohere.AsyncClientV2", "", "sdk", _OPENAI_COST, is_async=True),
        Client("mistralai.Mistral", "", "sdk", _OPENAI_COST),
        Client("google.genai.Client", "close", "sdk", _OPENAI_COST),
        Client("ollama.AsyncClient", "", "sdk", _OPENAI_COST, is_async=True),
        Client("ollama.Client", "", "sdk", _OPENAI_COST),
    ),
    timeouts=(
        *each(
            Timeout("", "timeout", seconds=600.0, suggest="30", retries=True),
            "openai",
            "OpenAI AsyncOpenAI AzureOpenAI AsyncAzureOpenAI",
        ),
        *each(
            Timeout("", "timeout", seconds=600.0, suggest="30", retries=True),
            "anthropic",
            "Anthropic AsyncAnthropic",
        ),
        # Its own options hold the timeout, in milliseconds; without one it waits as long as the connection lives.
        Timeout(
            "google.genai.types.HttpOptions",
            "timeout",
            also=("httpx_client", "httpx_async_client"),
            suggest="30_000",
        ),
    ),
    returns={
        **{name: name for owners, siblings, _, _ in _SDKS for name in (*owners, *siblings)},
        **{name: name for name in (*_LC_MODELS, *_LC_EMBEDDINGS)},
        **{name: name for name in (_LI_MODEL, _LI_EMBEDDING, *_SOUGHT, *_LOADED)},
        f"{_SOUGHT[0]}.from_uri": _SOUGHT[0],
        **{
            name: name
            for name in (
                "mistralai.Mistral",
                "google.genai.Client",
                "google.generativeai.GenerativeModel",
                "vertexai.generative_models.GenerativeModel",
                "ollama.Client",
                "ollama.AsyncClient",
                "huggingface_hub.InferenceClient",
            )
        },
        **{name: name for name in _LC_PROMPTS},
        **{f"{name}.{made}": name for name in _LC_PROMPTS for made in ("partial",)},
        **{
            f"langchain_core.prompts.{name}": f"langchain_core.prompts.{name.partition('.')[0]}"
            for name in (
                "PromptTemplate.from_template",
                "PromptTemplate.from_file",
                "ChatPromptTemplate.from_template",
                "ChatPromptTemplate.from_messages",
            )
        },
        **{
            f"{name}.{bound}": _LC_CHAIN
            for name in (*_LC_PROMPTS, *_LC_MODELS, _LC_CHAIN)
            for bound in ("__or__", "__ror__", "pipe")
        },
        **{
            f"{name}.{bound}": _LC_CHAIN
            for name in (*_LC_MODELS, _LC_CHAIN)
            for bound in ("bind", "with_config", "with_fallbacks", "with_retry")
        },
        **{
            f"{name}.{bound}": _LC_CHAIN
            for name in _LC_MODELS
            # these complete text, and know no tools
            if name not in ("langchain_openai.OpenAI", "langchain_ollama.OllamaLLM")
            for bound in ("bind_tools", "with_structured_output")
        },
        **{maker: chat for maker, chat, _ in _GENAI_CHATS},
        "google.generativeai.GenerativeModel.start_chat": _CHAT,
        "tiktoken.get_encoding": "tiktoken.Encoding",
        "tiktoken.encoding_for_model": "tiktoken.Encoding",
        "openai.OpenAI.with_options": "openai.OpenAI",
        "openai.AsyncOpenAI.with_options": "openai.AsyncOpenAI",
        "anthropic.Anthropic.with_options": "anthropic.Anthropic",
        "anthropic.AsyncAnthropic.with_options": "anthropic.AsyncAnthropic",
        **made(_GENERATORS),
    },
    attributes={f"{name}.client": "openai.OpenAI" for name in _SMOL_OPENAI},
    aliases={
        "huggingface_hub.hf_file_system.HfFileSystem": "huggingface_hub.HfFileSystem",
        **{f"smolagents.models.{name.partition('.')[2]}": name for name in _SMOL_MODELS},
        "openai.lib.azure.AzureOpenAI": "openai.AzureOpenAI",
        "mistralai.client.Mistral": "mistralai.Mistral",
        "openai.lib.azure.AsyncAzureOpenAI": "openai.AsyncAzureOpenAI",
        **{f"langchain.prompts.{name.rpartition('.')[2]}": name for name in _LC_PROMPTS},
        "langchain.PromptTemplate": "langchain_core.prompts.PromptTemplate",
        "langchain.prompts.prompt.PromptTemplate": "langchain_core.prompts.PromptTemplate",
        "langchain.prompts.chat.ChatPromptTemplate": "langchain_core.prompts.ChatPromptTemplate",
        **{
            f"langchain_core.prompts.{module}": f"langchain_core.prompts.{name}"
            for module, name in (
                ("prompt.PromptTemplate", "PromptTemplate"),
                ("chat.ChatPromptTemplate", "ChatPromptTemplate"),
                ("few_shot.FewShotPromptTemplate", "FewShotPromptTemplate"),
            )
        },
        "langchain.chat_models.ChatOpenAI": "langchain_community.chat_models.ChatOpenAI",
        "langchain_openai.chat_models.ChatOpenAI": "langchain_openai.ChatOpenAI",
        "langchain_openai.chat_models.base.ChatOpenAI": "langchain_openai.ChatOpenAI",
        "langchain_openai.embeddings.OpenAIEmbeddings": "langchain_openai.OpenAIEmbeddings",
        "langchain_openai.embeddings.base.OpenAIEmbeddings": "langchain_openai.OpenAIEmbeddings",
        "langchain_mistralai.embeddings.MistralAIEmbeddings": "langchain_mistralai.MistralAIEmbeddings",
        "langchain_community.utilities.sql_database.SQLDatabase": _SOUGHT[0],
        "langchain_community.document_loaders.web_base.WebBaseLoader": _LOADED[0],
        "google.generativeai.generative_models.ChatSession": _CHAT,
        "vertexai.preview.generative_models.GenerativeModel": "vertexai.generative_models.GenerativeModel",
        "voyageai.client.Client": "voyageai.Client",
    },
    former={
        **{
            f"anthropic.{client}.completions": "anthropic==0.125.0"
            for client in ("Anthropic", "AsyncAnthropic")
        },
        **dict.fromkeys(
            ("langchain.prompts", "langchain.PromptTemplate", "langchain.chat_models.ChatOpenAI"),
            "langchain==0.3.27 langchain-community==0.3.31",
        ),
        **{
            f"langchain_community.chat_models.{name}": "langchain-community==0.3.31"
            for name in ("ChatOllama", "ChatOpenAI")
        },
    },
    bases={
        "openai.AzureOpenAI": "openai.OpenAI",
        "openai.AsyncAzureOpenAI": "openai.AsyncOpenAI",
    },
)

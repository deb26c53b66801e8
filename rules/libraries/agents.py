"""Agents and their tools: MCP, agent frameworks, LangChain's general types, workflow engines."""

from rules.libraries.model import Blocking, External, Kind, Library, each

_MCP = "list_tools call_tool list_resources list_resource_templates read_resource list_prompts get_prompt complete send_ping"
_FAST_MCP = "list_tools call_tool list_resources read_resource list_prompts get_prompt ping call_tool_mcp list_tools_mcp"
_CHAT_MODEL, _LANGUAGE_MODEL = (
    "langchain_core.language_models.BaseChatModel",
    "langchain_core.language_models.BaseLanguageModel",
)
_EMBEDDINGS = "langchain_core.embeddings.Embeddings"
_STORE = "langchain_core.vectorstores.VectorStore"
_RETRIEVER = "langchain_core.retrievers.BaseRetriever"
_SEARCHES = "similarity_search similarity_search_with_score max_marginal_relevance_search add_documents add_texts delete"
_CHAIN = "langchain_core.runnables.RunnableSequence"
_BY_HTTP = "`httpx2.AsyncClient` with its HTTP interface"
_HANDLE = "temporalio.client.WorkflowHandle"
_CHATS = "chat.completions.create embeddings.create"
_MADE = (
    *("mcp.ClientSession", "fastmcp.Client", "pydantic_ai.Agent", "zhipuai.ZhipuAI", "composio.Composio"),
    *("volcenginesdkarkruntime.Ark", "volcenginesdkarkruntime.AsyncArk"),
    *("langchain_huggingface.HuggingFaceEmbeddings", "langchain_community.embeddings.HuggingFaceEmbeddings"),
    "langchain_mcp_adapters.client.MultiServerMCPClient",
)


def _with_a(names: str) -> str:
    """The same names with LangChain's `a` before each."""
    return " ".join(f"a{name}" for name in names.split())


LIBRARY = Library(
    blocking=(
        *each(
            Blocking("", Kind.NET, "`.ainvoke`, `.astream` or `.abatch`"),
            (_CHAT_MODEL, _LANGUAGE_MODEL),
            "invoke stream batch generate",
        ),
        *each(
            Blocking("", Kind.NET, "`.aembed_documents` or `.aembed_query`"),
            _EMBEDDINGS,
            "embed_documents embed_query",
        ),
        *each(
            Blocking("", Kind.CPU, "an inference server or a queue worker", weight="critical"),
            (
                "langchain_huggingface.HuggingFaceEmbeddings",
                "langchain_community.embeddings.HuggingFaceEmbeddings",
            ),
            "embed_documents embed_query",
        ),
        *each(Blocking("", Kind.NET, "the same method with `a` before its name"), _STORE, _SEARCHES),
        *each(Blocking("", Kind.NET, "`.ainvoke`"), _RETRIEVER, "invoke batch"),
        *each(Blocking("", Kind.NET, "`await agent.run(…)`"), "pydantic_ai.Agent", "run_sync"),
        *each(Blocking("", Kind.NET, "`await Runner.run(…)`"), "agents.Runner", "run_sync"),
        *each(Blocking("", Kind.NET, _BY_HTTP), "zhipuai.ZhipuAI", _CHATS),
        *each(
            Blocking("", Kind.NET, "`volcenginesdkarkruntime.AsyncArk`"),
            "volcenginesdkarkruntime.Ark",
            _CHATS,
        ),
        *each(
            Blocking("", Kind.NET, "`dashscope.AioGeneration` and its like"),
            "dashscope",
            "Generation.call MultiModalConversation.call ImageSynthesis.call",
        ),
        *each(Blocking("", Kind.NET, _BY_HTTP), "dashscope", "TextEmbedding.call TextReRank.call"),
        *each(
            Blocking("", Kind.NET, _BY_HTTP),
            "composio.Composio",
            "tools.execute tools.get connected_accounts.get connected_accounts.list connected_accounts.delete"
            " connected_accounts.initiate auth_configs.list",
        ),
    ),
    external=(
        *each(External("", True, "sdk"), ("mcp.ClientSession", "mcp.Client"), _MCP),
        External("mcp.ClientSession.initialize", True, "sdk"),
        *each(External("", True, "sdk"), "fastmcp.Client", _FAST_MCP),
        *each(
            External("", True, "sdk"),
            "langchain_mcp_adapters.client.MultiServerMCPClient",
            "get_tools get_prompt get_resources",
        ),
        External("langchain_mcp_adapters.tools.load_mcp_tools", True, "sdk"),
        *each(
            External("", True, "llm"),
            (_CHAT_MODEL, _LANGUAGE_MODEL),
            "ainvoke astream abatch agenerate",
        ),
        *each(External("", False, "llm"), (_CHAT_MODEL, _LANGUAGE_MODEL), "invoke stream batch generate"),
        *each(External("", True, "llm"), _EMBEDDINGS, "aembed_documents aembed_query"),
        *each(External("", True, "llm"), _STORE, _with_a(_SEARCHES)),
        *each(External("", True, "llm"), _RETRIEVER, "ainvoke abatch"),
        *each(External("", True, "llm"), "pydantic_ai.Agent", "run"),
        *each(External("", True, "llm"), "agents.Runner", "run"),
        *each(External("", False, "llm"), ("zhipuai.ZhipuAI", "volcenginesdkarkruntime.Ark"), _CHATS),
        *each(External("", True, "llm"), "volcenginesdkarkruntime.AsyncArk", _CHATS),
        *each(
            External("", True, "sdk"),
            "temporalio.client.Client",
            "start_workflow execute_workflow count_workflows",
        ),
        *each(
            External("", True, "sdk"), _HANDLE, "result describe query signal cancel terminate execute_update"
        ),
    ),
    returns={
        **{name: name for name in _MADE},
        "langchain.chat_models.init_chat_model": _CHAT_MODEL,
        "langchain.embeddings.init_embeddings": _EMBEDDINGS,
        **{
            f"{model}.{bound}": _CHAIN
            for model in (_CHAT_MODEL, _LANGUAGE_MODEL)
            for bound in (
                *("__or__", "__ror__", "pipe", "bind", "with_config", "with_fallbacks", "with_retry"),
                "with_structured_output",
            )
        },
        f"{_CHAT_MODEL}.bind_tools": _CHAIN,
        f"{_STORE}.as_retriever": "langchain_core.vectorstores.VectorStoreRetriever",
        "temporalio.client.Client.connect": "temporalio.client.Client",
        "temporalio.client.Client.get_workflow_handle": _HANDLE,
        "temporalio.client.Client.start_workflow": _HANDLE,
    },
    aliases={
        "mcp.client.session.ClientSession": "mcp.ClientSession",
        "mcp.client.client.Client": "mcp.Client",
        "fastmcp.client.Client": "fastmcp.Client",
        "fastmcp.client.client.Client": "fastmcp.Client",
        "pydantic_ai.agent.Agent": "pydantic_ai.Agent",
        "agents.run.Runner": "agents.Runner",
        "langchain_core.language_models.chat_models.BaseChatModel": _CHAT_MODEL,
        "langchain.chat_models.base.BaseChatModel": _CHAT_MODEL,
        "langchain.chat_models.BaseChatModel": _CHAT_MODEL,
        "langchain.chat_models.base.init_chat_model": "langchain.chat_models.init_chat_model",
        "langchain_core.language_models.base.BaseLanguageModel": _LANGUAGE_MODEL,
        "langchain.schema.language_model.BaseLanguageModel": _LANGUAGE_MODEL,
        "langchain.base_language.BaseLanguageModel": _LANGUAGE_MODEL,
        "langchain_core.language_models.BaseLLM": _LANGUAGE_MODEL,
        "langchain_core.language_models.llms.BaseLLM": _LANGUAGE_MODEL,
        "langchain_core.embeddings.embeddings.Embeddings": _EMBEDDINGS,
        "langchain.embeddings.base.Embeddings": _EMBEDDINGS,
        "langchain_core.vectorstores.base.VectorStore": _STORE,
        "langchain.schema.vectorstore.VectorStore": _STORE,
        "langchain_huggingface.embeddings.HuggingFaceEmbeddings": "langchain_huggingface.HuggingFaceEmbeddings",
    },
    former=dict.fromkeys(
        ("langchain.base_language", "langchain.schema.language_model", "langchain.schema.vectorstore"),
        "langchain==0.3.27 langchain-community==0.3.31",
    ),
)

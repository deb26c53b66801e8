"""Chains, graphs and agents that ask a model, what they remember, and the indexes they search."""

from rules.libraries.model import Library, Sdk, leaving, made, waiting

_AGENTS = ("agno.agent.Agent", "agno.team.Team")
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
_DSPY = ("dspy.Predict", "dspy.ChainOfThought", "dspy.ReAct")
_SDKS = (
    Sdk(_DSPY, "__call__", "`.acall`", _DSPY, "acall", "llm"),
    Sdk(("smolagents.CodeAgent", "smolagents.ToolCallingAgent"), "run", "a queue worker", kind="llm"),
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
    Sdk(
        ("haystack.Pipeline",),
        "run",
        "`run_async`",
        ("haystack.Pipeline", "haystack.AsyncPipeline"),
        "run_async",
        "llm",
    ),
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
    Sdk(("crewai.Crew",), "kickoff", "`.kickoff_async`", ("crewai.Crew",), "kickoff_async akickoff", "llm"),
    Sdk(("mem0.Memory",), _MEMORY, "`mem0.AsyncMemory`", ("mem0.AsyncMemory",), kind="llm"),
    Sdk(("mem0.MemoryClient",), _MEMORY, "`mem0.AsyncMemoryClient`", ("mem0.AsyncMemoryClient",)),
)

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
        "haystack.AsyncPipeline": "haystack-ai==2.20.0",
        "langgraph.graph.graph": "langgraph==0.2.76",
    },
    blocking=(*waiting(_SDKS),),
    external=tuple(leaving(_SDKS)),
    returns={
        **made(
            _SDKS,
            "llama_index.core.base.base_query_engine.BaseQueryEngine",
            "llama_index.core.base.base_retriever.BaseRetriever",
        ),
        "langchain.agents.create_agent": _GRAPH,
        "deepagents.create_deep_agent": _GRAPH,
        f"{_GRAPH}.with_config": _GRAPH,
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
        **{f"haystack.Pipeline.{name}": "haystack.Pipeline" for name in ("load", "loads", "from_dict")},
    },
    attributes={
        "langchain_chroma.Chroma._collection": "chromadb.Collection",
        "langchain_community.vectorstores.Chroma._collection": "chromadb.Collection",
    },
    aliases={
        "haystack.core.pipeline.Pipeline": "haystack.Pipeline",
        "haystack.core.pipeline.pipeline.Pipeline": "haystack.Pipeline",
        "langgraph.graph.graph.CompiledGraph": _GRAPH,
        "langgraph.graph.state.StateGraph": "langgraph.graph.StateGraph",
        "langchain.vectorstores": "langchain_community.vectorstores",
        "langchain_community.vectorstores.chroma.Chroma": "langchain_community.vectorstores.Chroma",
        "langchain_community.vectorstores.faiss.FAISS": "langchain_community.vectorstores.FAISS",
        "langchain_classic": "langchain",
    },
)

"""Models and dictionaries that take seconds and much memory to load, and documents that hardly ever change."""

from __future__ import annotations

import re

LOADERS = {
    "sentence_transformers.SentenceTransformer": "the model",
    "sentence_transformers.CrossEncoder": "the model",
    "transformers.pipeline": "the model",
    "torch.load": "the weights",
    "torch.jit.load": "the model",
    "torch.hub.load": "the model",
    "joblib.load": "the model",
    "spacy.load": "the language model",
    "whisper.load_model": "the model",
    "faster_whisper.WhisperModel": "the model",
    "ultralytics.YOLO": "the model",
    "easyocr.Reader": "the recognition models",
    "paddleocr.PaddleOCR": "the recognition models",
    "onnxruntime.InferenceSession": "the model",
    "tensorflow.keras.models.load_model": "the model",
    "keras.models.load_model": "the model",
    "keras.saving.load_model": "the model",
    "tensorflow.saved_model.load": "the model",
    "fasttext.load_model": "the model",
    "llama_cpp.Llama": "the model",
    "faiss.read_index": "the index",
    "langchain_community.vectorstores.FAISS.load_local": "the index",
    "llama_index.core.load_index_from_storage": "the index",
    "vllm.LLM": "the model",
    "FlagEmbedding.BGEM3FlagModel": "the model",
    "FlagEmbedding.FlagModel": "the model",
    "FlagEmbedding.FlagReranker": "the model",
    "fastembed.TextEmbedding": "the model",
    "fastembed.SparseTextEmbedding": "the model",
    "fastembed.LateInteractionTextEmbedding": "the model",
    "fastembed.ImageEmbedding": "the model",
    "fastembed.rerank.cross_encoder.TextCrossEncoder": "the model",
    "openvino.Core.compile_model": "the model",
    "pywhispercpp.model.Model": "the model",
    "gensim.models.KeyedVectors.load": "the vectors",
    "gensim.models.KeyedVectors.load_word2vec_format": "the vectors",
    "lightgbm.Booster": "the model",
    "catboost.CatBoostClassifier.load_model": "the model",
    "nltk.download": "the corpus, over the network",
    "langchain_huggingface.HuggingFaceEmbeddings": "the model",
    "langchain_community.embeddings.HuggingFaceEmbeddings": "the model",
    "insightface.app.FaceAnalysis": "the models",
    "presidio_analyzer.AnalyzerEngine": "the language model",
    "docling.document_converter.DocumentConverter": "the layout models, with its first document,",
    "stanza.Pipeline": "the language model",
    "keybert.KeyBERT": "the model",
    "rembg.new_session": "the model",
    "sentencepiece.SentencePieceProcessor": "the vocabulary",
    "tokenizers.Tokenizer.from_file": "the vocabulary",
    "tokenizers.Tokenizer.from_pretrained": "the vocabulary",
    "language_tool_python.LanguageTool": "a Java server",
    "timezonefinder.TimezoneFinder": "the shapes of all time zones",
    "pymorphy3.MorphAnalyzer": "the dictionaries",
    "spellchecker.SpellChecker": "the dictionary",
    "nltk.sentiment.SentimentIntensityAnalyzer": "the lexicon",
    "mlflow.pyfunc.load_model": "the model",
    "diffusers.DiffusionPipeline.from_pretrained": "the model",
}
"""Calls that load a model into memory -> what they load."""

DICTIONARIES = frozenset(
    {
        "nltk.sentiment.SentimentIntensityAnalyzer",
        "pymorphy3.MorphAnalyzer",
        "sentencepiece.SentencePieceProcessor",
        "spellchecker.SpellChecker",
        "timezonefinder.TimezoneFinder",
        "tokenizers.Tokenizer.from_file",
        "tokenizers.Tokenizer.from_pretrained",
    }
)
"""Those of the loaders that take a good part of a second, not several."""

FROM_PRETRAINED = ("transformers.", "diffusers.", "sentence_transformers.", "peft.", "optimum.")
"""Packages whose classes load a model with `from_pretrained`."""

SLOW_TO_CHANGE = re.compile(
    r"jwks|well-known|openid|\bcerts?\b|discovery|public_?keys?|signing_?keys?|exchange_?rates?|feature_?flags?"
    r"|currencies|countries|country_codes",
    re.IGNORECASE,
)
"""What an address says when its document changes once a day or less."""

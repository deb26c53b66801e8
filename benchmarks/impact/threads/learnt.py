"""Models. Their weights are on the network, so these have random ones: what computes with them is the same code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *(chr(each) for each in range(97, 123)),
    *(f"##{chr(each)}" for each in range(97, 123)),
    *["the", "shop", "sent", "order", "to", "other", "address"],
]
TEXT = "the shop sent the order to the other address " * 12


def _bert(layers: int, width: int) -> Path:
    """A model and its tokenizer in a folder, as `from_pretrained` reads them."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    place = folder() / f"bert-{layers}-{width}"
    if not place.exists():
        place.mkdir()
        (place / "vocab.txt").write_text("\n".join(WORDS))
        BertTokenizerFast(str(place / "vocab.txt")).save_pretrained(place)
        shape = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            intermediate_size=4 * width,
            num_labels=1,
        )
        BertForSequenceClassification(shape).save_pretrained(place)
    return place


def sentences() -> Mapping[str, Call]:
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    place = str(_bert(4, 256))
    words = Transformer(place)
    model = SentenceTransformer(modules=[words, Pooling(256)], device="cpu")
    kept = str(folder() / "sentences")
    model.save(kept)
    texts = [TEXT] * 8
    crossed, pairs = CrossEncoder(place, device="cpu"), [(TEXT, TEXT)] * 8
    return {
        "sentence_transformers.SentenceTransformer.encode": lambda: model.encode(
            texts, show_progress_bar=False
        ),
        "sentence_transformers.SentenceTransformer": lambda: SentenceTransformer(kept, device="cpu"),
        "sentence_transformers.CrossEncoder.predict": lambda: crossed.predict(pairs, show_progress_bar=False),
        "sentence_transformers.CrossEncoder.rank": lambda: crossed.rank(
            TEXT, [TEXT] * 8, show_progress_bar=False
        ),
        "sentence_transformers.CrossEncoder": lambda: CrossEncoder(place, device="cpu"),
    }


def transformers() -> Mapping[str, Call]:
    import transformers

    large = str(_bert(6, 768))

    def loading(name: str) -> Call:
        return lambda: getattr(transformers, name).from_pretrained(large)

    loads: dict[str, Call] = {
        f"transformers.{name}.from_pretrained": loading(name)
        for name in (
            "AutoModel",
            "AutoTokenizer",
            "AutoModelForSequenceClassification",
            "AutoModelForCausalLM",
        )
    }
    return loads | {
        "transformers.pipeline": lambda: transformers.pipeline(
            "text-classification", model=large, device="cpu"
        )
    }


def torch() -> Mapping[str, Call]:
    import torch

    place = folder() / "weights.pt"
    torch.save({f"layer {number}": torch.rand(2_000, 2_000) for number in range(20)}, place)
    return {"torch.load": lambda: torch.load(place)}


def joblib() -> Mapping[str, Call]:
    import joblib
    import numpy

    place = folder() / "model.joblib"
    random = numpy.random.default_rng(1)
    joblib.dump({f"layer {number}": random.random((2_000, 2_000)) for number in range(12)}, place)
    return {"joblib.load": lambda: joblib.load(place)}


def spacy() -> Mapping[str, Call]:
    import spacy

    place = folder() / "english"
    spacy.blank("en").to_disk(place)
    parser = spacy.blank("en")
    parser.add_pipe("sentencizer")
    text = "\n".join(f"{TEXT}. Number {number}." for number in range(300))
    return {
        "spacy.load": lambda: spacy.load(place),
        "spacy.language.Language.__call__": lambda: parser(text),
        "spacy.language.Language.pipe": lambda: list(parser.pipe(text.split("\n") * 4)),
    }


def onnxruntime() -> Mapping[str, Call]:
    import numpy
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    random = numpy.random.default_rng(1)
    layers = [random.random((1_500, 1_500), dtype=numpy.float32) for _ in range(8)]
    graph = helper.make_graph(
        [helper.make_node("MatMul", [f"x{n}", f"w{n}"], [f"x{n + 1}"]) for n in range(len(layers))],
        "layers",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, [None, 1_500])],
        [helper.make_tensor_value_info(f"x{len(layers)}", TensorProto.FLOAT, [None, 1_500])],
        [onnx.numpy_helper.from_array(layer, f"w{n}") for n, layer in enumerate(layers)],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    rows = random.random((200, 1_500), dtype=numpy.float32)
    return {"onnxruntime.InferenceSession.run": lambda: session.run(None, {"x0": rows})}


def sklearn() -> Mapping[str, Call]:
    import importlib

    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score, cross_validate
    from sklearn.preprocessing import StandardScaler

    random = numpy.random.default_rng(1)
    rows = random.random((6_000, 20))
    kinds = (rows[:, 0] + rows[:, 1] * rows[:, 2] + random.random(6_000) > 1.2).astype(int)

    def made(name: str, *given: object, **options: object) -> Any:
        module, _, cls = name.rpartition(".")
        return getattr(importlib.import_module(module), cls)(*given, **options)

    def fitting(name: str, count: int, *given: object, **options: object) -> Call:
        return lambda: made(name, *given, **options).fit(rows[:count], kinds[:count])

    steps = [("scaled", StandardScaler()), ("model", LogisticRegression(max_iter=2_000))]
    wide = random.random((40_000, 40))
    curve = {"C": [0.1, 1.0, 10.0]}
    fits = {
        "sklearn.ensemble.RandomForestClassifier": fitting("sklearn.ensemble.RandomForestClassifier", 1_500),
        "sklearn.ensemble.RandomForestRegressor": fitting("sklearn.ensemble.RandomForestRegressor", 800),
        "sklearn.ensemble.GradientBoostingClassifier": fitting(
            "sklearn.ensemble.GradientBoostingClassifier", 1_000
        ),
        "sklearn.ensemble.GradientBoostingRegressor": fitting(
            "sklearn.ensemble.GradientBoostingRegressor", 1_000
        ),
        "sklearn.ensemble.ExtraTreesClassifier": fitting("sklearn.ensemble.ExtraTreesClassifier", 2_000),
        "sklearn.ensemble.ExtraTreesRegressor": fitting("sklearn.ensemble.ExtraTreesRegressor", 1_500),
        "sklearn.ensemble.IsolationForest": fitting("sklearn.ensemble.IsolationForest", 6_000),
        "sklearn.ensemble.AdaBoostClassifier": fitting("sklearn.ensemble.AdaBoostClassifier", 1_500),
        "sklearn.linear_model.LogisticRegression": lambda: LogisticRegression(max_iter=5_000, tol=1e-9).fit(
            wide, wide[:, 0] > 0.5
        ),
        "sklearn.linear_model.SGDClassifier": fitting(
            "sklearn.linear_model.SGDClassifier", 6_000, max_iter=400, tol=None
        ),
        "sklearn.svm.SVC": fitting("sklearn.svm.SVC", 3_000),
        "sklearn.svm.SVR": fitting("sklearn.svm.SVR", 2_500),
        "sklearn.tree.DecisionTreeClassifier": lambda: made("sklearn.tree.DecisionTreeClassifier").fit(
            wide[:12_000], wide[:12_000, 0] > random.random(12_000)
        ),
        "sklearn.tree.DecisionTreeRegressor": lambda: made("sklearn.tree.DecisionTreeRegressor").fit(
            wide[:8_000], random.random(8_000)
        ),
        "sklearn.cluster.KMeans": fitting("sklearn.cluster.KMeans", 6_000, n_clusters=60, n_init=4),
        "sklearn.cluster.DBSCAN": fitting("sklearn.cluster.DBSCAN", 6_000, eps=1.2),
        "sklearn.cluster.AgglomerativeClustering": fitting("sklearn.cluster.AgglomerativeClustering", 3_000),
        "sklearn.neural_network.MLPClassifier": fitting(
            "sklearn.neural_network.MLPClassifier", 2_000, max_iter=40
        ),
        "sklearn.neural_network.MLPRegressor": fitting(
            "sklearn.neural_network.MLPRegressor", 2_000, max_iter=40
        ),
        "sklearn.pipeline.Pipeline": lambda: made("sklearn.pipeline.Pipeline", steps).fit(
            wide, wide[:, 0] > 0.5
        ),
        "sklearn.model_selection.GridSearchCV": fitting(
            "sklearn.model_selection.GridSearchCV", 2_000, LogisticRegression(max_iter=500), curve
        ),
        "sklearn.model_selection.RandomizedSearchCV": fitting(
            "sklearn.model_selection.RandomizedSearchCV",
            2_000,
            LogisticRegression(max_iter=500),
            curve,
            n_iter=3,
        ),
    }
    kmeans = made("sklearn.cluster.KMeans", n_clusters=60, n_init=4)
    dense = made("sklearn.cluster.DBSCAN", eps=1.2)
    return {
        **{f"{name}.fit": call for name, call in fits.items()},
        "sklearn.cluster.KMeans.fit_predict": lambda: kmeans.fit_predict(rows),
        "sklearn.cluster.DBSCAN.fit_predict": lambda: dense.fit_predict(rows),
        "sklearn.manifold.TSNE.fit_transform": lambda: made(
            "sklearn.manifold.TSNE", max_iter=250, perplexity=10
        ).fit_transform(rows[:300]),
        "sklearn.decomposition.PCA.fit_transform": lambda: made(
            "sklearn.decomposition.PCA", 20
        ).fit_transform(random.random((3_000, 600))),
        "sklearn.model_selection.cross_val_score": lambda: cross_val_score(
            LogisticRegression(max_iter=500), rows, kinds, cv=10
        ),
        "sklearn.model_selection.cross_validate": lambda: cross_validate(
            LogisticRegression(max_iter=500), rows, kinds, cv=10
        ),
    }


def whisper() -> Mapping[str, Call]:
    import numpy
    import torch
    import whisper
    from whisper.model import ModelDimensions, Whisper

    sizes = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=128,
        n_audio_head=2,
        n_audio_layer=2,
        n_vocab=51865,
        n_text_ctx=448,
        n_text_state=128,
        n_text_head=2,
        n_text_layer=2,
    )
    model = Whisper(sizes)
    place = folder() / "whisper.pt"
    torch.save({"dims": vars(sizes), "model_state_dict": model.state_dict()}, place)
    sound = numpy.random.default_rng(1).random(16_000, dtype=numpy.float32)
    return {
        "whisper.model.Whisper.transcribe": lambda: model.transcribe(
            sound, language="en", fp16=False, temperature=0.0, sample_len=20
        ),
        "whisper.load_model": lambda: whisper.load_model(str(place), device="cpu"),
    }


def keras() -> Mapping[str, Call]:
    import os

    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    model = keras.Sequential([keras.layers.Input((1_000,)), *(keras.layers.Dense(2_000) for _ in range(6))])
    place = folder() / "model.keras"
    model.save(place)
    return {"keras.models.load_model": lambda: keras.models.load_model(place)}


WITHOUT = {
    **dict.fromkeys(
        (
            "FlagEmbedding.BGEM3FlagModel",
            "TTS.api.TTS",
            "diffusers.StableDiffusionPipeline",
            "rapidocr_onnxruntime.RapidOCR",
            "vllm.LLM",
            "FlagEmbedding.FlagReranker",
            "chonkie.BaseEmbeddings",
            "chonkie.LateChunker",
            "chonkie.SemanticChunker",
            "easyocr.Reader",
            "face_recognition",
            "fastembed.TextEmbedding",
            "fastembed.ImageEmbedding",
            "fastembed.LateInteractionTextEmbedding",
            "fastembed.SparseTextEmbedding",
            "fastembed.rerank.cross_encoder.TextCrossEncoder",
            "pywhispercpp.model.Model",
            "insightface.app.FaceAnalysis",
            "langchain_community.embeddings.HuggingFaceEmbeddings",
            "langchain_huggingface.HuggingFaceEmbeddings",
            "paddleocr.PaddleOCR",
            "presidio_analyzer.AnalyzerEngine",
            "ultralytics.YOLO",
        ),
        "its models are on the network",
    ),
    "llama_cpp.Llama": "its models are on the network",
    "faster_whisper.WhisperModel.transcribe": "a model of random weights has no tokenizer that it reads",
    "transformers.Pipeline": "some gigabytes to install, for what a thread is never offered",
    "transformers.PreTrainedModel": "some gigabytes to install, for what a thread is never offered",
    "tensorflow.keras.models.load_model": "half a gigabyte for one call, which a thread is never offered for",
}


def openvino() -> Mapping[str, Call]:
    import numpy
    import openvino
    from openvino import opset13

    rows = opset13.parameter([512, 2_000], dtype=numpy.float32)
    given, made = rows, numpy.random.default_rng(1).random((2_000, 2_000), dtype=numpy.float32)
    for _ in range(12):
        given = opset13.relu(opset13.matmul(given, opset13.constant(made), False, False))
    compiled = openvino.Core().compile_model(openvino.Model([given], [rows], "layers"), "CPU")
    asked = compiled.create_infer_request()
    values = numpy.ones((512, 2_000), dtype=numpy.float32)
    return {
        "openvino.CompiledModel.__call__": lambda: compiled(values),
        "openvino.InferRequest.infer": lambda: asked.infer([values]),
    }


def boosted() -> Mapping[str, Call]:
    import lightgbm
    import numpy
    import xgboost

    chance = numpy.random.default_rng(1)
    rows = chance.normal(size=(6_000, 20))
    classes, values = (rows[:, 0] > 0).astype(int), rows[:, 0] * 3
    matrix = xgboost.DMatrix(rows, values)
    return {
        "xgboost.XGBClassifier.fit": lambda: xgboost.XGBClassifier(n_estimators=60).fit(rows, classes),
        "xgboost.XGBRegressor.fit": lambda: xgboost.XGBRegressor(n_estimators=60).fit(rows, values),
        "xgboost.train": lambda: xgboost.train({}, matrix, 60),
        "lightgbm.LGBMClassifier.fit": lambda: lightgbm.LGBMClassifier(verbose=-1).fit(rows, classes),
        "lightgbm.LGBMRegressor.fit": lambda: lightgbm.LGBMRegressor(verbose=-1).fit(rows, values),
        "lightgbm.train": lambda: lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, values), 60),
    }


GROUPS = (
    boosted,
    openvino,
    sentences,
    transformers,
    torch,
    joblib,
    spacy,
    onnxruntime,
    sklearn,
    whisper,
    keras,
)

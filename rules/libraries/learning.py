"""Estimators and language models: training, and what is computed with them."""

from rules.libraries.model import Blocking, Kind, Library, each

_train = Blocking("", Kind.CPU, "a process pool, or a queue worker")
# One call of compiled code that keeps the interpreter for most of its time.
_held = Blocking("", Kind.CPU, "a process pool, or a queue worker", holds_gil=True)
_infer = Blocking("", Kind.CPU, "a process pool, a queue worker or an inference server", weight="critical")

_ESTIMATORS = tuple(
    f"sklearn.{module}.{name}"
    for module, names in {
        "ensemble": "RandomForestClassifier RandomForestRegressor GradientBoostingClassifier GradientBoostingRegressor"
        " ExtraTreesClassifier ExtraTreesRegressor IsolationForest AdaBoostClassifier",
        "linear_model": "LogisticRegression SGDClassifier",
        "svm": "SVC SVR",
        "tree": "DecisionTreeClassifier DecisionTreeRegressor",
        "cluster": "KMeans DBSCAN AgglomerativeClustering",
        "neural_network": "MLPClassifier MLPRegressor",
        "pipeline": "Pipeline",
        "model_selection": "GridSearchCV RandomizedSearchCV",
    }.items()
    for name in names.split()
)
_HELD = "sklearn.cluster.AgglomerativeClustering"
_BOOSTED = tuple(
    f"{package}.{name}"
    for package, names in {
        "xgboost": "XGBClassifier XGBRegressor",
        "lightgbm": "LGBMClassifier LGBMRegressor",
    }.items()
    for name in names.split()
)
_DIFFUSED = tuple(
    f"diffusers.{name}"
    for name in (
        *("StableDiffusionPipeline", "DiffusionPipeline", "StableDiffusionXLPipeline", "FluxPipeline"),
        *("AutoPipelineForText2Image", "AutoPipelineForImage2Image"),
    )
)
_LOADED = tuple(
    f"transformers.AutoModel{kind}"
    for kind in (
        *("ForCausalLM", "ForSeq2SeqLM", "ForSequenceClassification", "ForTokenClassification"),
        *("ForSpeechSeq2Seq", "ForImageTextToText"),
    )
)

# One row through a fitted estimator (`predict`), a forward pass of a small network: a millisecond as often as a hundred,
# and nobody sees which. They are not here.
LIBRARY = Library(
    blocking=(
        *each(_train, tuple(name for name in _ESTIMATORS if name != _HELD), "fit"),
        *each(_held, _HELD, "fit"),
        *each(_train, ("sklearn.cluster.KMeans", "sklearn.cluster.DBSCAN"), "fit_predict"),
        *each(_train, ("sklearn.manifold.TSNE", "sklearn.decomposition.PCA"), "fit_transform"),
        *each(_train, "sklearn.model_selection", "cross_val_score cross_validate"),
        *each(_infer, "transformers.PreTrainedModel", "generate"),
        *each(_train, _BOOSTED, "fit"),
        *each(_train, ("xgboost", "lightgbm"), "train"),
        *each(_infer, _DIFFUSED[0], "__call__"),
        *each(_infer, "vllm.LLM", "generate chat"),
        *each(_infer, "rapidocr_onnxruntime.RapidOCR", "__call__"),
        *each(_infer, "TTS.api.TTS", "tts tts_to_file"),
        *each(_infer, "pywhispercpp.model.Model", "transcribe"),
        *each(_infer, "openvino.CompiledModel", "__call__"),
        *each(_infer, "openvino.InferRequest", "infer"),
        *each(
            Blocking("", Kind.CPU, "one instance made at start-up", construct=True, weight="critical"),
            "openvino.Core",
            "compile_model",
        ),
        *each(
            Blocking("", Kind.CPU, "one instance made at start-up", construct=True),
            "safetensors.torch",
            "load_file",
        ),
    ),
    returns={
        **{name: name for name in (*_ESTIMATORS, "sklearn.manifold.TSNE", "sklearn.decomposition.PCA")},
        **{f"{name}.fit": name for name in _ESTIMATORS},
        **{
            name: name
            for name in (
                *_BOOSTED,
                "vllm.LLM",
                "rapidocr_onnxruntime.RapidOCR",
                "TTS.api.TTS",
                "pywhispercpp.model.Model",
                "openvino.Core",
            )
        },
        "openvino.Core.compile_model": "openvino.CompiledModel",
        "openvino.CompiledModel.create_infer_request": "openvino.InferRequest",
        **{f"{name}.from_pretrained": _DIFFUSED[0] for name in _DIFFUSED},
        f"{_DIFFUSED[0]}.to": _DIFFUSED[0],
        **{f"{name}.from_pretrained": "transformers.PreTrainedModel" for name in _LOADED},
        **{
            f"transformers.PreTrainedModel.{name}": "transformers.PreTrainedModel"
            for name in ("to", "eval", "half")
        },
    },
    aliases={
        "xgboost.sklearn.XGBClassifier": "xgboost.XGBClassifier",
        "xgboost.sklearn.XGBRegressor": "xgboost.XGBRegressor",
    },
)

"""Estimators, language models and networks: training, inference, and what loads them."""

from rules.libraries.model import Blocking, Kind, Library, alike, each

_AWAY = "a process pool, a queue worker or an inference server"
_train = Blocking("", Kind.CPU, "a process pool or a queue worker")
_infer = Blocking("", Kind.CPU, _AWAY, weight="critical")
_parse = Blocking("", Kind.CPU, _AWAY)
# One row through a fitted estimator, a forward pass of a small network: a millisecond as often as a hundred.
_predict = Blocking("", Kind.CPU, "a worker thread for many rows", weight="medium")
_load = Blocking("", Kind.CPU, "one instance loaded at start-up", construct=True, weight="critical")

_ESTIMATORS = tuple(
    f"sklearn.{module}.{name}"
    for module, names in {
        "ensemble": "RandomForestClassifier RandomForestRegressor GradientBoostingClassifier GradientBoostingRegressor"
        " ExtraTreesClassifier ExtraTreesRegressor IsolationForest AdaBoostClassifier HistGradientBoostingClassifier"
        " HistGradientBoostingRegressor",
        "linear_model": "LogisticRegression LinearRegression Ridge Lasso ElasticNet SGDClassifier SGDRegressor",
        "svm": "SVC SVR LinearSVC",
        "neighbors": "KNeighborsClassifier KNeighborsRegressor NearestNeighbors",
        "tree": "DecisionTreeClassifier DecisionTreeRegressor",
        "cluster": "KMeans MiniBatchKMeans DBSCAN AgglomerativeClustering SpectralClustering",
        "neural_network": "MLPClassifier MLPRegressor",
        "pipeline": "Pipeline",
    }.items()
    for name in names.split()
)
_SEARCHES = ("sklearn.model_selection.GridSearchCV", "sklearn.model_selection.RandomizedSearchCV")
_PROJECTIONS = ("sklearn.manifold.TSNE", "sklearn.decomposition.PCA", "sklearn.decomposition.TruncatedSVD")
_CLUSTERS = tuple(name for name in _ESTIMATORS if ".cluster." in name and "Spectral" not in name)
_PREDICTING = tuple(
    name
    for name in _ESTIMATORS
    if name not in _CLUSTERS and not name.endswith(("SpectralClustering", "NearestNeighbors"))
)
_LOADED = tuple(
    f"transformers.{name}"
    for name in (
        "AutoModel",
        "AutoModelForCausalLM",
        "AutoModelForSequenceClassification",
        "AutoModelForSeq2SeqLM",
        "AutoModelForTokenClassification",
        "AutoModelForQuestionAnswering",
        "AutoModelForImageClassification",
    )
)

LIBRARY = Library(
    blocking=(
        *each(_train, (*_ESTIMATORS, *_SEARCHES), "fit"),
        *each(_train, _CLUSTERS, "fit_predict"),
        *each(_train, _PROJECTIONS, "fit fit_transform"),
        *each(_train, "sklearn.model_selection", "cross_val_score cross_validate cross_val_predict"),
        *each(_predict, (*_PREDICTING, *_SEARCHES), "predict"),
        *each(_parse, "spacy.language.Language", "__call__ pipe"),
        *each(_infer, "transformers.Pipeline", "__call__"),
        *each(_infer, "transformers.PreTrainedModel", "__call__ generate"),
        *each(_load, _LOADED, "from_pretrained"),
        *each(_load, "transformers.AutoTokenizer", "from_pretrained"),
        *each(_predict, ("torch.nn.Module", "torch.jit.ScriptModule"), "__call__"),
        *each(_load, "torch.jit", "load"),
        *each(_load, "torch.hub", "load"),
    ),
    returns={
        **{name: name for name in (*_ESTIMATORS, *_SEARCHES, *_PROJECTIONS)},
        **{f"{name}.fit": name for name in _ESTIMATORS},
        "spacy.load": "spacy.language.Language",
        "spacy.blank": "spacy.language.Language",
        "transformers.pipeline": "transformers.Pipeline",
        **{f"{name}.from_pretrained": "transformers.PreTrainedModel" for name in _LOADED},
        **alike(
            "to eval half float cuda cpu", "transformers.PreTrainedModel", "transformers.PreTrainedModel"
        ),
        "torch.jit.load": "torch.jit.ScriptModule",
    },
    aliases={
        "spacy.Language": "spacy.language.Language",
        "transformers.pipelines.pipeline": "transformers.pipeline",
    },
    bases={"transformers.PreTrainedModel": "torch.nn.Module"},
)

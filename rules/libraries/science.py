"""Computing with graphs, maps, sound and statistics, and on clusters: ray, dask, Spark."""

from rules.libraries.model import Blocking, Kind, Library, alike, each

_WORKER = "a worker thread, or a queue worker when it takes more than a second"
_compiled = Blocking("", Kind.CPU, _WORKER)
# Loops in Python: in a thread they take turns with the loop, which goes on, slower.
_looping = Blocking("", Kind.CPU, "a process pool, or a queue worker")
_held = Blocking("", Kind.CPU, "a process pool, or a queue worker", holds_gil=True)
_sound = Blocking("", Kind.CPU, _WORKER, weight="critical")

# What looks at each pair of nodes, or at all again and again: half a second to two for a thousand nodes. A path between two
# nodes, or the parts of a graph, takes a millisecond.
_OF_GRAPHS = (
    "betweenness_centrality edge_betweenness_centrality closeness_centrality harmonic_centrality load_centrality"
    " all_simple_paths all_pairs_shortest_path all_pairs_shortest_path_length all_pairs_dijkstra all_pairs_dijkstra_path"
    " all_pairs_dijkstra_path_length floyd_warshall average_shortest_path_length diameter eccentricity find_cliques"
    " spring_layout kamada_kawai_layout"
)
_FRAME = "geopandas.GeoDataFrame"
_SPARK_FRAME, _SPARK = "pyspark.sql.DataFrame", "pyspark.sql.SparkSession"
_DASK_FRAME, _DASK_CLIENT = "dask.dataframe.DataFrame", "dask.distributed.Client"
_FITTED = ("statsmodels.tsa.arima.model.ARIMA", "statsmodels.tsa.holtwinters.ExponentialSmoothing")

_SOLVER = "ortools.sat.python.cp_model.CpSolver"

LIBRARY = Library(
    blocking=(
        *each(_looping, "networkx", _OF_GRAPHS),
        *each(_looping, "networkx.community", "greedy_modularity_communities girvan_newman"),
        *each(_held, "geopandas", "read_file"),
        *each(_compiled, _FRAME, "to_file dissolve"),
        *each(_looping, _FRAME, "to_json"),
        *each(_compiled, "geopandas", "overlay"),
        *each(_compiled, "rasterio.io.DatasetReader", "read"),
        *each(_compiled, "rasterio.warp", "reproject"),
        *each(_sound, "librosa", "load stft cqt griffinlim"),
        *each(_held, "librosa", "pyin"),
        *each(_sound, "librosa.feature", "mfcc melspectrogram chroma_stft"),
        *each(_sound, "librosa.beat", "beat_track"),
        *each(_sound, "librosa.onset", "onset_detect"),
        *each(_sound, "librosa.effects", "hpss time_stretch pitch_shift"),
        *each(_looping, "scipy.optimize", "differential_evolution dual_annealing"),
        *each(_looping, _FITTED, "fit"),
        *each(_looping, _SOLVER, "solve Solve"),
        *each(Blocking("", Kind.PROC, "a queue worker"), "pulp.LpProblem", "solve"),
        *each(_looping, "cvxpy.Problem", "solve"),
        # What they wait for is computed elsewhere.
        *each(
            Blocking("", Kind.WAIT, "`await` on the reference itself, or `asyncio.wrap_future`"),
            "ray",
            "get wait",
        ),
        Blocking("ray.init", Kind.NET, "the start of the application", construct=True),
        *each(Blocking("", Kind.NET, "a queue worker"), "dask", "compute persist"),
        *each(Blocking("", Kind.NET, "a queue worker"), _DASK_FRAME, "compute persist to_parquet to_csv"),
        *each(
            Blocking("", Kind.NET, "a client made with `asynchronous=True`"), _DASK_CLIENT, "gather compute"
        ),
        *each(
            Blocking("", Kind.NET, "a queue worker"),
            _SPARK_FRAME,
            "collect toPandas count show take first head foreach",
        ),
        *each(
            Blocking("", Kind.NET, "a queue worker"),
            "pyspark.sql.DataFrameWriter",
            "save saveAsTable parquet csv json",
        ),
    ),
    returns={
        **{name: name for name in (*(_SOLVER, "pulp.LpProblem", "cvxpy.Problem"),)},
        **alike("read_file overlay", _FRAME, "geopandas"),
        _FRAME: _FRAME,
        **alike("to_crs dissolve copy explode", _FRAME, _FRAME),
        **alike("read_csv read_parquet from_pandas", _DASK_FRAME, "dask.dataframe"),
        _DASK_CLIENT: _DASK_CLIENT,
        "pyspark.sql.SparkSession.Builder.getOrCreate": _SPARK,
        **alike("appName master config enableHiveSupport", f"{_SPARK}.Builder", f"{_SPARK}.Builder"),
        **alike("sql table createDataFrame range", _SPARK_FRAME, _SPARK),
        **alike("csv parquet json table load", _SPARK_FRAME, "pyspark.sql.DataFrameReader"),
        **alike("format option options schema", "pyspark.sql.DataFrameReader", "pyspark.sql.DataFrameReader"),
        **alike(
            "mode format option options partitionBy",
            "pyspark.sql.DataFrameWriter",
            "pyspark.sql.DataFrameWriter",
        ),
        **alike(
            "filter where select withColumn drop join orderBy limit distinct dropDuplicates",
            _SPARK_FRAME,
            _SPARK_FRAME,
        ),
        "rasterio.open": "rasterio.io.DatasetReader",
        **{name: name for name in _FITTED},
    },
    attributes={
        f"{_SPARK}.builder": f"{_SPARK}.Builder",
        f"{_SPARK}.read": "pyspark.sql.DataFrameReader",
        f"{_SPARK_FRAME}.write": "pyspark.sql.DataFrameWriter",
    },
    aliases={
        "distributed.Client": _DASK_CLIENT,
        "networkx.algorithms.community": "networkx.community",
        "geopandas.geodataframe.GeoDataFrame": _FRAME,
        "rasterio.DatasetReader": "rasterio.io.DatasetReader",
        "statsmodels.tsa.api.ARIMA": "statsmodels.tsa.arima.model.ARIMA",
        "statsmodels.tsa.api.ExponentialSmoothing": "statsmodels.tsa.holtwinters.ExponentialSmoothing",
    },
)

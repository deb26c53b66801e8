"""Graphs, maps, sound and statistics."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder


def networkx() -> Mapping[str, Call]:
    import networkx

    graph = networkx.random_regular_graph(4, 300, seed=1)
    small = networkx.random_regular_graph(4, 60, seed=1)
    grid = networkx.grid_2d_graph(4, 5)
    dense = networkx.gnp_random_graph(70, 0.5, seed=1)
    first, last = (0, 0), (3, 4)
    return {
        "networkx.betweenness_centrality": lambda: networkx.betweenness_centrality(graph),
        "networkx.edge_betweenness_centrality": lambda: networkx.edge_betweenness_centrality(graph),
        "networkx.closeness_centrality": lambda: networkx.closeness_centrality(graph),
        "networkx.harmonic_centrality": lambda: networkx.harmonic_centrality(graph),
        "networkx.load_centrality": lambda: networkx.load_centrality(graph),
        "networkx.all_simple_paths": lambda: list(networkx.all_simple_paths(grid, first, last)),
        "networkx.all_pairs_shortest_path": lambda: dict(networkx.all_pairs_shortest_path(graph)),
        "networkx.all_pairs_shortest_path_length": lambda: dict(
            networkx.all_pairs_shortest_path_length(graph)
        ),
        "networkx.all_pairs_dijkstra": lambda: dict(networkx.all_pairs_dijkstra(graph)),
        "networkx.all_pairs_dijkstra_path": lambda: dict(networkx.all_pairs_dijkstra_path(graph)),
        "networkx.all_pairs_dijkstra_path_length": lambda: dict(
            networkx.all_pairs_dijkstra_path_length(graph)
        ),
        "networkx.floyd_warshall": lambda: networkx.floyd_warshall(small),
        "networkx.average_shortest_path_length": lambda: networkx.average_shortest_path_length(graph),
        "networkx.diameter": lambda: networkx.diameter(graph),
        "networkx.eccentricity": lambda: networkx.eccentricity(graph),
        "networkx.find_cliques": lambda: list(networkx.find_cliques(dense)),
        "networkx.spring_layout": lambda: networkx.spring_layout(graph, iterations=200, seed=1),
        "networkx.kamada_kawai_layout": lambda: networkx.kamada_kawai_layout(small),
        "networkx.community.greedy_modularity_communities": lambda: (
            networkx.community.greedy_modularity_communities(graph)
        ),
        "networkx.community.girvan_newman": lambda: next(networkx.community.girvan_newman(small)),
    }


def geopandas() -> Mapping[str, Call]:
    import geopandas
    from shapely.geometry import Point

    shapes = [Point(number % 100, number // 100).buffer(1, 8) for number in range(6_000)]
    frame = geopandas.GeoDataFrame({"name": range(len(shapes))}, geometry=shapes, crs=4326)
    place = folder()
    frame.to_file(place / "shapes.geojson", driver="GeoJSON")
    return {
        "geopandas.read_file": lambda: geopandas.read_file(place / "shapes.geojson"),
        "geopandas.GeoDataFrame.to_file": lambda: frame[:2_000].to_file(place / "out.gpkg"),
        "geopandas.GeoDataFrame.to_json": lambda: frame.to_json(),
        "geopandas.GeoDataFrame.dissolve": lambda: frame.dissolve(),
        "geopandas.overlay": lambda: geopandas.overlay(frame[:700], frame[:700]),
    }


def rasterio() -> Mapping[str, Call]:
    import numpy
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.warp import reproject

    heights = numpy.random.default_rng(1).random((4_000, 4_000)).astype("float32")
    place = from_origin(0, 0, 0.01, 0.01)
    path = folder() / "heights.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=4_000,
        width=4_000,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=place,
        compress="deflate",
    ) as written:
        written.write(heights, 1)
    opened, turned = rasterio.open(path), numpy.zeros((2_000, 2_000), "float32")
    there = from_origin(0, 0, 2_000, 2_000)
    return {
        "rasterio.io.DatasetReader.read": lambda: opened.read(1),
        "rasterio.warp.reproject": lambda: reproject(
            heights,
            turned,
            src_transform=place,
            src_crs="EPSG:4326",
            dst_transform=there,
            dst_crs="EPSG:3857",
        ),
    }


def librosa() -> Mapping[str, Call]:
    import librosa
    import numpy
    import soundfile

    sound = numpy.random.default_rng(1).standard_normal(22_050 * 60).astype("float32") * 0.1
    path = folder() / "sound.wav"
    soundfile.write(path, numpy.tile(sound, 4), 44_100)
    part = sound[: 22_050 * 8]
    return {
        "librosa.load": lambda: librosa.load(path),
        "librosa.stft": lambda: librosa.stft(numpy.tile(sound, 4)),
        "librosa.cqt": lambda: librosa.cqt(sound),
        "librosa.pyin": lambda: librosa.pyin(part, fmin=65, fmax=400),
        "librosa.griffinlim": lambda: librosa.griffinlim(numpy.abs(librosa.stft(part)), n_iter=8),
        "librosa.feature.mfcc": lambda: librosa.feature.mfcc(y=sound, sr=22_050),
        "librosa.feature.melspectrogram": lambda: librosa.feature.melspectrogram(y=numpy.tile(sound, 3)),
        "librosa.feature.chroma_stft": lambda: librosa.feature.chroma_stft(y=sound, sr=22_050),
        "librosa.beat.beat_track": lambda: librosa.beat.beat_track(y=sound, sr=22_050),
        "librosa.onset.onset_detect": lambda: librosa.onset.onset_detect(y=sound, sr=22_050),
        "librosa.effects.hpss": lambda: librosa.effects.hpss(part),
        "librosa.effects.time_stretch": lambda: librosa.effects.time_stretch(sound, rate=1.2),
        "librosa.effects.pitch_shift": lambda: librosa.effects.pitch_shift(part, sr=22_050, n_steps=2),
    }


def statistics() -> Mapping[str, Call]:
    import numpy
    from scipy.optimize import differential_evolution, dual_annealing
    from statsmodels.tsa.arima.model import ARIMA
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    random = numpy.random.default_rng(1)
    series = random.standard_normal(300).cumsum()
    places = [(-5.0, 5.0)] * 6

    def height(point: object) -> float:
        return float((numpy.asarray(point) ** 2).sum())

    return {
        "scipy.optimize.differential_evolution": lambda: differential_evolution(height, places, seed=1),
        "scipy.optimize.dual_annealing": lambda: dual_annealing(height, places, maxiter=150, rng=1),
        "statsmodels.tsa.arima.model.ARIMA.fit": lambda: ARIMA(series, order=(1, 1, 1)).fit(),
        "statsmodels.tsa.holtwinters.ExponentialSmoothing.fit": lambda: ExponentialSmoothing(
            series - series.min() + 1, trend="add", seasonal="add", seasonal_periods=12
        ).fit(),
    }


def ranking() -> Mapping[str, Call]:
    import qrcode
    from rank_bm25 import BM25Okapi

    texts = [[f"word{(one * other) % 997}" for other in range(60)] for one in range(3_000)]
    return {
        "rank_bm25.BM25Okapi": lambda: BM25Okapi(texts),
        "qrcode.make": lambda: qrcode.make("https://shop.example/orders/1?" + "x" * 900),
    }


def texts() -> Mapping[str, Call]:
    import docx
    import mammoth
    from pdfminer.high_level import extract_text
    from reportlab.pdfgen.canvas import Canvas

    place = folder()
    canvas = Canvas(str(place / "pages.pdf"))
    for page in range(12):
        for line in range(50):
            canvas.drawString(40, 800 - 15 * line, f"page {page}, line {line}: " + "some words " * 6)
        canvas.showPage()
    canvas.save()
    written = docx.Document()
    for number in range(1_500):
        written.add_paragraph(f"paragraph {number}: " + "some words " * 10)
    written.save(str(place / "pages.docx"))
    return {
        "pdfminer.high_level.extract_text": lambda: extract_text(place / "pages.pdf"),
        "mammoth.convert_to_html": lambda: mammoth.convert_to_html((place / "pages.docx").open("rb")),
    }


def sounds() -> Mapping[str, Call]:
    import numpy
    import soundfile

    noise = numpy.random.default_rng(1).uniform(-0.5, 0.5, 44_100 * 150)
    place = str(folder() / "noise.flac")
    soundfile.write(place, noise, 44_100)
    return {
        "soundfile.read": lambda: soundfile.read(place),
        "soundfile.write": lambda: soundfile.write(place.replace("noise", "again"), noise, 44_100),
    }


def statements() -> Mapping[str, Call]:
    import rdflib

    graph = rdflib.Graph()
    for number in range(2_000):
        graph.add((rdflib.URIRef(f"http://shop/{number}"), rdflib.RDFS.label, rdflib.Literal(number)))
    text = graph.serialize(format="turtle")
    return {
        "rdflib.Graph.parse": lambda: rdflib.Graph().parse(data=text, format="turtle"),
        "rdflib.Graph.serialize": lambda: graph.serialize(format="turtle"),
    }


def solvers() -> Mapping[str, Call]:
    import cvxpy
    import numpy
    from ortools.sat.python import cp_model

    random = numpy.random.default_rng(1)

    def scheduled() -> cp_model.CpModel:
        model = cp_model.CpModel()
        starts = [model.new_int_var(0, 600, f"start {number}") for number in range(60)]
        lengths = [int(each) for each in random.integers(3, 30, 60)]
        tasks = [
            model.new_interval_var(start, length, start + length, "")
            for start, length in zip(starts, lengths, strict=True)
        ]
        model.add_cumulative(tasks, [int(each) for each in random.integers(1, 6, 60)], 8)
        end = model.new_int_var(0, 600, "end")
        for start, length in zip(starts, lengths, strict=True):
            model.add(end >= start + length)
        model.minimize(end)
        return model

    def solved() -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = 1.0
        return solver

    planned = scheduled()
    matrix, right = random.random((600, 300)), random.random(600)
    weights = cvxpy.Variable(300)
    problem = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum_squares(matrix @ weights - right)), [weights >= 0, cvxpy.sum(weights) == 1]
    )
    return {
        "ortools.sat.python.cp_model.CpSolver.solve": lambda: solved().solve(planned),
        "ortools.sat.python.cp_model.CpSolver.Solve": lambda: solved().Solve(planned),
        "cvxpy.Problem.solve": lambda: problem.solve(),
    }


GROUPS = (solvers, sounds, statements, networkx, geopandas, rasterio, librosa, statistics, ranking, texts)

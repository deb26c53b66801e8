"""Data frames and arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import partial

from benchmarks.impact.threads.gaps import Call
from benchmarks.impact.threads.inputs import folder, table


def pandas() -> Mapping[str, Call]:
    import pandas
    from sqlalchemy import create_engine

    text = table(300_000)
    longer = text + text.partition("\n")[2] * 4
    frame = pandas.read_csv(io.StringIO(text))
    named = frame.assign(name=[f"item {number}" for number in range(len(frame))])
    few, some = named[:6_000], named[:60_000]
    # Strings as Python's own objects, as they were before Arrow and still often are: the dearest to pickle.
    objects = named.assign(name=named.name.astype(object))
    place = folder()
    engine = create_engine(f"sqlite:///{place}/frames.db")
    some.to_sql("items", engine, index=False)
    few.to_excel(place / "few.xlsx", index=False)
    many = pandas.concat([named] * 6, ignore_index=True)
    many.to_parquet(place / "many.parquet")
    many.to_feather(place / "many.feather")
    (place / "some.json").write_text(some.to_json(orient="records"))
    (place / "few.html").write_text(few[:2_000].to_html())
    few.to_xml(place / "few.xml")
    framed = io.BytesIO()
    pandas.concat([objects] * 3).to_pickle(framed)
    other = named.assign(d=1)
    queries = {
        "read_sql": "select * from items",
        "read_sql_query": "select * from items",
        "read_sql_table": "items",
    }
    reads: dict[str, Call] = {
        f"pandas.{name}": partial(getattr(pandas, name), query, engine) for name, query in queries.items()
    }
    return reads | {
        "pandas.read_csv": lambda: pandas.read_csv(io.StringIO(longer)),
        "pandas.read_excel": lambda: pandas.read_excel(place / "few.xlsx"),
        "pandas.read_parquet": lambda: pandas.read_parquet(place / "many.parquet"),
        "pandas.read_json": lambda: pandas.read_json(place / "some.json"),
        "pandas.read_feather": lambda: pandas.read_feather(place / "many.feather"),
        "pandas.read_html": lambda: pandas.read_html(place / "few.html"),
        "pandas.read_xml": lambda: pandas.read_xml(place / "few.xml"),
        "pandas.read_pickle": lambda: pandas.read_pickle(io.BytesIO(framed.getvalue())),
        "pandas.DataFrame.to_csv": lambda: named[:100_000].to_csv(place / "out.csv"),
        "pandas.DataFrame.to_excel": lambda: few[:2_000].to_excel(place / "out.xlsx"),
        "pandas.DataFrame.to_sql": lambda: some.to_sql("out", engine, if_exists="replace"),
        "pandas.DataFrame.to_parquet": lambda: named.to_parquet(place / "out.parquet"),
        "pandas.DataFrame.to_feather": lambda: many.to_feather(place / "out.feather"),
        "pandas.DataFrame.to_json": lambda: frame.to_json(orient="records"),
        "pandas.DataFrame.to_pickle": lambda: objects.to_pickle(io.BytesIO()),
        "pandas.DataFrame.merge": lambda: named.merge(other, on="name"),
        "pandas.DataFrame.iterrows": lambda: sum(1 for _ in frame[:6_000].iterrows()),
        "pandas.DataFrame.apply": lambda: frame[:8_000].apply(lambda row: row.a + row.b, axis=1),
        "pandas.DataFrame.groupby": lambda: [many.groupby("b").c.sum() for _ in range(5)],
        "pandas.DataFrame.pivot_table": lambda: [
            many.pivot_table(values="c", index="b", aggfunc="median") for _ in range(4)
        ],
        "pandas.DataFrame.sort_values": lambda: many.sort_values("c", ascending=False),
        "pandas.merge": lambda: pandas.merge(named, other, on="name"),
        "pandas.concat": lambda: pandas.concat([many] * 6, ignore_index=True),
    }


def polars() -> Mapping[str, Call]:
    import polars
    from sqlalchemy import create_engine

    place, text = folder(), table(300_000)
    raw = text.encode() * 1
    large = polars.concat([polars.read_csv(io.BytesIO(raw))] * 10)
    large.write_parquet(place / "large.parquet")
    large[:300_000].write_json(place / "large.json")
    large[:100_000].write_excel(place / "large.xlsx")
    engine = create_engine(f"sqlite:///{place}/polars.db")
    large[:60_000].to_pandas().to_sql("items", engine, index=False)
    body = raw + b"".join([raw[6:]] * 9)
    return {
        "polars.read_csv": lambda: polars.read_csv(io.BytesIO(body)),
        "polars.read_excel": lambda: polars.read_excel(place / "large.xlsx"),
        "polars.read_parquet": lambda: [polars.read_parquet(place / "large.parquet") for _ in range(3)],
        "polars.read_json": lambda: polars.read_json(place / "large.json"),
        "polars.read_database": lambda: polars.read_database("select * from items", engine),
        "polars.LazyFrame.collect": lambda: (
            large.lazy().sort("c").group_by("b").agg(polars.col("c").sum()).collect()
        ),
    }


def numpy() -> Mapping[str, Call]:
    import numpy

    random = numpy.random.default_rng(1)
    large, small = random.random((2_000, 2_000)), random.random((180, 180))
    right = random.random(2_000)
    return {
        "numpy.linalg.inv": lambda: numpy.linalg.inv(large[:1000, :1000]),
        "numpy.linalg.svd": lambda: numpy.linalg.svd(small),
        "numpy.linalg.eig": lambda: numpy.linalg.eig(small),
        "numpy.linalg.solve": lambda: numpy.linalg.solve(large, right),
        "numpy.linalg.lstsq": lambda: numpy.linalg.lstsq(large[:400, :400], right[:400], rcond=None),
        "numpy.linalg.qr": lambda: numpy.linalg.qr(large[:600, :600]),
        "numpy.linalg.det": lambda: numpy.linalg.det(large),
    }


def pyarrow() -> Mapping[str, Call]:
    import numpy
    import pyarrow
    from pyarrow import csv, dataset, feather, json, orc, parquet

    random = numpy.random.default_rng(1)
    large = pyarrow.table({f"c{number}": random.random(1_500_000) for number in range(6)})
    place = folder()
    some, lines, keyed = place / "some.parquet", place / "some.csv", place / "some.json"
    parquet.write_table(large, some)
    feather.write_feather(large, place / "some.feather", compression="zstd")
    orc.write_table(large, place / "some.orc")
    csv.write_csv(large, lines)
    keyed.write_text("".join(f'{{"a": {number}, "b": "item {number}"}}\n' for number in range(1_500_000)))
    return {
        "pyarrow.parquet.read_table": lambda: parquet.read_table(some),
        "pyarrow.parquet.write_table": lambda: parquet.write_table(large, place / "out.parquet"),
        "pyarrow.parquet.ParquetFile.read": lambda: parquet.ParquetFile(some).read(),
        "pyarrow.parquet.ParquetFile.read_row_group": lambda: parquet.ParquetFile(some).read_row_group(0),
        "pyarrow.parquet.ParquetFile.read_row_groups": lambda: parquet.ParquetFile(some).read_row_groups(
            [0, 1]
        ),
        "pyarrow.csv.read_csv": lambda: csv.read_csv(lines),
        "pyarrow.csv.write_csv": lambda: csv.write_csv(large, place / "out.csv"),
        "pyarrow.json.read_json": lambda: json.read_json(keyed),
        "pyarrow.feather.read_table": lambda: feather.read_table(place / "some.feather", memory_map=False),
        "pyarrow.feather.write_feather": lambda: feather.write_feather(
            large, place / "out.feather", compression="zstd"
        ),
        "pyarrow.orc.read_table": lambda: orc.read_table(place / "some.orc"),
        "pyarrow.orc.write_table": lambda: orc.write_table(large, place / "out.orc"),
        "pyarrow.dataset.Dataset.to_table": lambda: dataset.dataset(some).to_table(),
    }


GROUPS = (pandas, polars, numpy, pyarrow)

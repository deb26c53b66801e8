"""FP217: two collections of twenty rows each, joined to their parents in one statement."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.impact import tables
from benchmarks.impact.pair import Pair, at
from benchmarks.impact.tables import Team

pair = Pair("FP217", *at(1, 8, rows=10, each=tables.EACH), needs=("database",))
pair.setup(tables.use)


def sizes(teams: list[Team]) -> int:
    return sum(len(team.players) + len(team.games) for team in teams)


@pair.slow("`joinedload` of both collections")
def slow(rows: int) -> int:
    with tables.Session() as session:
        query = select(Team).limit(rows).options(joinedload(Team.players), joinedload(Team.games))
        return sizes(list(session.scalars(query).unique()))


@pair.fast("`selectinload` of both")
def fast(rows: int) -> int:
    with tables.Session() as session:
        query = select(Team).limit(rows).options(selectinload(Team.players), selectinload(Team.games))
        return sizes(list(session.scalars(query)))

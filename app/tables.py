"""Our tables, as they are by now; `app.migrations` has how they came to be so."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata = sa.MetaData()

blobs = sa.Table(
    "fastperf_blobs",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("sha", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("used_at", sa.Float, nullable=False, index=True),
)
trees = sa.Table(
    "fastperf_trees",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("commit_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("used_at", sa.Float, nullable=False, index=True),
)
reviews = sa.Table(
    "fastperf_reviews",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("head_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("conclusion", sa.String(32), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
reports = sa.Table(
    "fastperf_reports",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
answers = sa.Table(
    "fastperf_answers",
    metadata,
    sa.Column("report_id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""What was answered at length to comments on a pull request, beside the report of its head at that time."""
costs = sa.Table(
    "fastperf_costs",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("base_ref", sa.String(255), nullable=False),
    sa.Column("head_sha", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""What merged pull requests did to endpoint costs."""
verdicts = sa.Table(
    "fastperf_verdicts",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
begun = sa.Table(
    "fastperf_begun_checks",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("head_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
claims = sa.Table(
    "fastperf_check_claims",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("head_sha", sa.String(64), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("holder", sa.String(255), nullable=False),
    sa.Column("run_id", sa.BigInteger),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""Which machine makes the one check run of a commit, and which run that is."""
pulls = sa.Table(
    "fastperf_pulls",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
said = sa.Table(
    "fastperf_said",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("token", sa.String(128), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
resolved = sa.Table(
    "fastperf_resolved",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("token", sa.String(128), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
"""Findings whose thread somebody resolved."""
waivers = sa.Table(
    "fastperf_waivers",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("path", sa.String(500), primary_key=True),
    sa.Column("token", sa.String(128), primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("author", sa.String(255), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("whole_path", sa.Text),
)
"""`path` is a digest where the path itself, in `whole_path`, is longer than an index can hold."""
pauses = sa.Table(
    "fastperf_pauses",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("author", sa.String(255), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
advised = sa.Table(
    "fastperf_advised",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("head_sha", sa.String(64), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""The one review of a repository that said what the project lacks; kept for as long as the repository is."""
log = sa.Table(
    "fastperf_log",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("installation_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False, index=True),
)
machines = sa.Table(
    "fastperf_machines",
    metadata,
    sa.Column("id", sa.String(255), primary_key=True),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("version", sa.String(64)),
)
lost = sa.Table(
    "fastperf_lost_deliveries",
    metadata,
    sa.Column("guid", sa.String(64), primary_key=True),
    sa.Column("delivery_id", sa.BigInteger, nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""Deliveries that failed, until they arrived or GitHub forgets them."""
marks = sa.Table(
    "fastperf_marks",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
)
"""Up to when something was read."""
OWNED: Final = (
    blobs,
    trees,
    reviews,
    reports,
    answers,
    costs,
    verdicts,
    begun,
    claims,
    pulls,
    said,
    resolved,
    waivers,
    pauses,
    advised,
    log,
)

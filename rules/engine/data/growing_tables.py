"""Tables that grow with use, going by what they hold or by whose rows they are: orders, messages, the notes of each user.

Most other tables hold what somebody sets up, and only their owner knows how much of it there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.engine.reading.regexes import regex

if TYPE_CHECKING:
    from rules.engine.data.tables import Table

_GROWING = frozenset(
    {
        *("user", "customer", "member", "contact", "lead", "guest", "patient", "student", "subscriber"),
        *(
            "follower",
            "follow",
            "friend",
            "candidate",
            "applicant",
            "participant",
            "attendee",
            "person",
            "people",
        ),
        *("order", "invoice", "payment", "transaction", "purchase", "sale", "refund", "cart", "receipt"),
        *(
            "shipment",
            "delivery",
            "parcel",
            "booking",
            "reservation",
            "appointment",
            "visit",
            "trip",
            "flight",
        ),
        *(
            "contract",
            "deal",
            "quote",
            "offer",
            "bid",
            "claim",
            "subscription",
            "donation",
            "expense",
            "charge",
        ),
        *(
            "message",
            "chat",
            "conversation",
            "thread",
            "comment",
            "reply",
            "post",
            "article",
            "story",
            "tweet",
        ),
        *("review", "rating", "like", "vote", "feedback", "reaction", "bookmark", "favorite", "favourite"),
        *(
            "event",
            "log",
            "audit",
            "history",
            "activity",
            "notification",
            "alert",
            "incident",
            "alarm",
            "error",
            "span",
            "trace",
        ),
        *("request", "email", "mail", "letter", "visitor"),
        *("job", "task", "run", "execution", "build", "deployment", "import", "export", "attempt"),
        *(
            "document",
            "file",
            "image",
            "photo",
            "picture",
            "video",
            "recording",
            "upload",
            "attachment",
            "asset",
        ),
        *(
            "note",
            "todo",
            "record",
            "entry",
            "snapshot",
            "measurement",
            "reading",
            "sample",
            "observation",
            "metric",
        ),
        *("item", "product", "stock", "line", "movie", "show", "episode", "song", "track", "book", "torrent"),
        *("download", "spool", "batch", "ticket", "issue", "bug", "case", "report", "score", "result"),
        *("prediction", "experiment", "publication", "paper", "dataset", "gene", "variant", "annotation"),
        *("chunk", "question", "answer", "submission", "enrollment", "grade", "lesson", "quiz"),
        *("outbox", "reminder", "payout", "transfer", "withdrawal", "deposit", "attendance", "hit", "click"),
        *("recipe", "listing", "trade", "balance", "ledger", "game", "player"),
    }
)
"""Last words of tables that the use of an application fills."""
_OWNER = regex(
    r"(?:user|owner|author|customer|client|member|patient|student|account|sender|recipient)_?(?:id|uuid)"
)
"""Columns by which each person has rows of their own."""
_CAPITAL = regex(r"(?<=[a-z0-9])(?=[A-Z])")


def grows(table: Table) -> bool:
    """Whether a table's name or class says that use fills it, or whether its rows belong to people."""
    if grows_by_name(table.name) or grows_by_name(table.symbol.rpartition(".")[2]):
        return True
    return any(_OWNER.fullmatch(name) for name in table.columns)


def grows_by_name(name: str) -> bool:
    """As `grows`, of a table or collection known by its name alone."""
    last = _CAPITAL.sub("_", name.rpartition(".")[2]).lower().strip("_").rpartition("_")[2]
    spelled = {last, last.removesuffix("s"), last.removesuffix("es"), last.removesuffix("ies") + "y"}
    return not spelled.isdisjoint(_GROWING)

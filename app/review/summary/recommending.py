"""What to do, in order of what it brings for the effort."""

from __future__ import annotations

from app.review import comments
from app.review.advice import Place, Recommendation
from app.review.markdown import Section, code, lowered, plural, prose
from app.review.summary.drawing import section
from app.review.summary.facts import Facts

_MOST_PLACES = 4
"""Of one recommendation."""


def recommendations(facts: Facts, context: comments.Context) -> Section:
    if not facts.recommendations:
        return Section(("",))

    def draw(most: int) -> str:
        lines = ["### Recommendations"]
        told: dict[str, int] = {}
        for number, item in enumerate(facts.recommendations[:most], start=1):
            lines.append(
                f"{number}. {_recommendation(item, context, number, told.setdefault(item.expected, number))}"
            )
        left = len(facts.recommendations) - most
        if left > 0:
            lines.append(f"\n{left} more, each worth less for the effort.")
        return "\n".join(lines)

    return section(draw, len(facts.recommendations), rank=3)


def _recommendation(item: Recommendation, context: comments.Context, number: int, told_at: int) -> str:
    """What to do, where, and what it brings; an effect that an earlier one has too is told there (`told_at`)."""
    rule = context.links.rule(item.code)
    name = f"[{item.code}]({rule})" if rule else item.code
    places = ", ".join(_place(place, context) for place in item.places[:_MOST_PLACES])
    if len(item.places) > _MOST_PLACES:
        places += f" and {len(item.places) - _MOST_PLACES} more"
    words = [f"**{prose(item.title)}** — {item.severity}, {item.effort}, {name}", places]
    if item.endpoints > 1:
        words.append(plural(item.endpoints, "endpoint"))
    mended = [item.how] if item.how else []
    if item.meanwhile:
        mended += [prose(lowered(item.meanwhile))] if item.by_hand else []
        words.append(f"until then, in this change: {', '.join(mended)}")
    else:
        words += mended
    if item.expected:
        words.append(
            f"expected: {prose(item.expected, inside=True) if told_at == number else f'as in {told_at}'}"
        )
    return " · ".join(words)


def _place(place: Place, context: comments.Context) -> str:
    symbol = place.symbol.rpartition(".")[2]
    return f"{code(symbol)} {context.links.place(place.path, place.line)}".strip()

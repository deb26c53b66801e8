"""The check run's title and summary: assessment, recommendations, implementation, monitoring, next steps."""

from __future__ import annotations

from app.review import comments
from app.review.markdown import Section, fit
from app.review.summary.assessing import assessment, budgets, severities
from app.review.summary.facts import Facts
from app.review.summary.folding import tail
from app.review.summary.following import checklist, monitoring, next_steps, questions
from app.review.summary.heading import headline
from app.review.summary.implementing import implementation
from app.review.summary.recommending import recommendations


def render(facts: Facts, context: comments.Context) -> str:
    """The summary, within GitHub's limit. Longer parts are shortened by rows, never cut."""
    return fit(
        [
            Section((headline(facts, context),)),
            Section((severities(facts),)),
            assessment(facts),
            budgets(facts),
            recommendations(facts, context),
            *implementation(facts, context),
            Section((monitoring(facts), ""), rank=1),
            Section((next_steps(facts, context),)),
            Section((questions(facts), ""), rank=1),
            Section((checklist(facts, context), ""), rank=2),
            tail(facts, context),
        ]
    )

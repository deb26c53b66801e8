"""What comes after the merge: metrics to watch, steps in order, questions, and what the project lacks."""

from __future__ import annotations

from app.review import comments
from app.review.advice import metrics, tools
from app.review.markdown import code, listed, lowered, plural, prose, sentence
from app.review.summary.drawing import upper
from app.review.summary.facts import Facts

_MOST_STEPS = 5


def monitoring(facts: Facts) -> str:
    shown = metrics(facts.heard)
    if not shown:
        return ""
    lines = ["### Monitoring"]
    lines += [f"- {upper(prose(metric))} ({', '.join(codes)})" for metric, codes in shown[:12]]
    known = tools(facts.heard)
    if known:
        lines.append(f"\n<sub>Seen with {'; '.join(known)}.</sub>")
    return "\n".join(lines)


def next_steps(facts: Facts, context: comments.Context) -> str:
    if not facts.heard:
        return ""
    steps: list[str] = []
    clicks, patched = len(facts.one_click), len(facts.patched)
    if clicks and patched > clicks:
        steps.append(
            f"Apply the patch above ({plural(patched, 'fix', 'fixes')}), or {plural(clicks, 'suggestion')} by click."
        )
    elif clicks:
        steps.append(
            f"Apply the {'suggestion' if clicks == 1 else f'{clicks} suggestions'} on the pull request."
        )
    elif patched:
        steps.append(f"Apply the patch above ({plural(patched, 'fix', 'fixes')}).")
    numbered = list(enumerate(facts.recommendations, start=1))
    left = [(number, item) for number, item in numbered if item.by_hand and not item.meanwhile]
    if left:
        alike = {item.effort for _, item in left} if len(left) > 1 else set()
        named = [
            str(number) if len(alike) == 1 else f"{number} ({item.effort})"
            for number, item in left[:_MOST_STEPS]
        ]
        if len(left) > _MOST_STEPS:
            named.append(f"{len(left) - _MOST_STEPS} more")
        several = len(named) > 1
        order = ", in this order" if several else ""
        effort = f" ({left[0][1].effort} each)" if len(alike) == 1 else ""
        steps.append(f"Follow recommendation{'s' if several else ''} {listed(named)}{order}{effort}.")
    if designs := [str(number) for number, item in numbered if item.meanwhile]:
        steps.append(
            f"Mend this change as recommendation{'s' if len(designs) > 1 else ''} {listed(designs)} "
            f"say{'' if len(designs) > 1 else 's'}; how all endpoints wait is a decision of its own."
        )
    told = {
        finding.trade_offs
        for entry in facts.heard
        for finding in entry.findings
        if finding.fingerprint in facts.commented
    }
    trading = next(
        (
            entry.first
            for entry in facts.heard
            if entry.first.trade_offs
            and not entry.first.trade_offs.startswith("None")
            and entry.first.trade_offs not in told
        ),
        None,
    )
    if trading is not None:
        steps.append(
            f"Check the trade-off of {trading.code}: {prose(lowered(sentence(trading.trade_offs, 240)))}"
        )
    if facts.stopping and facts.conclusion == "failure":
        steps.append("Push: the new head is reviewed by itself, and what is fixed is marked so.")
    return "### Next steps\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))


def questions(facts: Facts) -> str:
    if not facts.questions:
        return ""
    lines = ["<sub>Questions whose answers change this advice:</sub>"]
    for item in facts.questions:
        why = f" — {prose(item.why)}" if item.why else ""
        lines.append(f"- <sub>{prose(item.text)} ({code(f'[tool.fastperf.context] {item.key}')}){why}</sub>")
    return "\n".join(lines)


def checklist(facts: Facts, context: comments.Context) -> str:
    """What the project lacks: boxes to tick for a new service, folded for one that has been there; said once."""
    if not facts.checklist:
        return ""
    rows = [
        f"- [ ] {prose(finding.message)} {prose(sentence(finding.instead))}"
        f" <sub>{_linked(finding.code, context)} · {finding.effort}</sub>"
        for finding in facts.checklist
    ]
    if facts.is_new_service:
        return "\n".join(["### Checklist for a new service", *rows])
    title = f"What the project lacks as a service ({len(rows)}), said this once"
    return "\n".join([f"<details><summary>{title}</summary>", "", *rows, "", "</details>"])


def _linked(rule: str, context: comments.Context) -> str:
    link = context.links.rule(rule)
    return f"[{rule}]({link})" if link else rule

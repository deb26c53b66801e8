"""fastperf's engine in a few words: `analyze` what a project contains, and read its `Finding`s."""

from rules.engine.analysis import Analysis, affected, analyze, extract, portions
from rules.engine.finding import (
    Confidence,
    Cost,
    Edit,
    Effort,
    Endpoint,
    EndpointRef,
    Finding,
    Hop,
    Impact,
    Options,
    ProvenFix,
    Result,
    Safety,
    Severity,
    Skipped,
    Statistics,
    Suppressed,
)
from rules.engine.reading.facts import ENGINE_VERSION, ModuleFacts
from rules.engine.reading.source import SourceError
from rules.engine.rule import Fix, Invalid, Match, Rule, Valid
from rules.engine.succession import Succession

__all__ = [
    "ENGINE_VERSION",
    "Analysis",
    "Confidence",
    "Cost",
    "Edit",
    "Effort",
    "Endpoint",
    "EndpointRef",
    "Finding",
    "Fix",
    "Hop",
    "Impact",
    "Invalid",
    "Match",
    "ModuleFacts",
    "Options",
    "ProvenFix",
    "Result",
    "Rule",
    "Safety",
    "Severity",
    "Skipped",
    "SourceError",
    "Statistics",
    "Succession",
    "Suppressed",
    "Valid",
    "affected",
    "analyze",
    "extract",
    "portions",
]

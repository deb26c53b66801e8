"""What the words of a cache key say about how many keys there may be."""

from __future__ import annotations

import ast
import re

from rules.engine.reading.regexes import regex

# Words for what comes in ever new values.
_ENDLESS = regex(
    r"(?:^|_)(?:(?:user|chat|session|order|room|client|device|account|channel|player|request|job)ids?"
    r"|uuid|guid|token|jwt|url|uri|href|email|mail|query|q|text|prompt|question|message|msg|content|body"
    r"|ip|session|user|username|login|phone|hash|digest|filename|slug|search|term|sub"
    r"|subject|timestamp|time|date|now|nonce|otp|title|line|word|phrase|title|domain|pattern|regex|sql|params"
    r"|payload|coordinates|lat|lon|lng|latitude|longitude|conversation|chat|job|run|order|cart|room|sid)(?:$|_)"
)
# Words for what there are a handful of.
_FEW = regex(
    r"(?:^|_)(?:kind|type|types|mode|level|locale|lang|language|provider|engine|model|env|environment|name|names|cls|klass"
    r"|class|plugin|plugins|module|backend|driver|version|format|fmt|unit|currency|region|zone|enabled|flag|setting|config"
    r"|source|category|method|scheme|role|alg|algorithm|encoding|dialect|schema|section|theme|tz|timezone|connector)(?:$|_)"
)
# Words for what operators set up: as many as the configuration has, or a table that they fill.
_CONFIGURED = regex(
    r"(?:^|_)(?:server|node|host|backend|worker|provider|model|instance|deployment|endpoint|cluster|datasource|data_source"
    r"|datastore|database|shard|replica|connector|integration|plugin|tool|gateway|broker|adapter|printer|camera|station|region|site"
    r"|organi[sz]ation|org|tenant|realm|issuer|idp|repo|repository)_(?:ids?|pk|name|key)$|(?:^|_)(?:api_base|base)(?:_url)?$"
    r"|(?:^|_)(?:jwks|issuer|idp|repo|repository|database|db|dsn|redis|broker|engine|bot)_(?:url|uri|path|dsn|token)$"
)
# Whose ids never end; what else has an id may be a table of a dozen rows.
_MANY = (
    r"user|merchant|buyer|seller|chat|session|order|room|client|device|account|channel|player|request|req|job|conversation|thread|message|msg|document|doc"
    r"|file|upload|customer|member|contact|visitor|task|run|trace|event|item|product|post|comment|article|image|video|photo|track"
    r"|connection|conn|socket|peer|correlation|transaction|payment|invoice|ticket|lead|cart|game|match|call|subscri\w+|recipient"
    r"|owner|person|profile|patient|guest|author|follower|viewer|query|execution|analysis|process|batch|operation|token|entry"
    r"|record|row|chunk|answer|question|note|experiment|sample|artifact|atom"
)
_NUMBERED = regex(rf"^(?:\w+_)?(?:{_MANY})_ids?$|^ids?$")
_COUNTLESS = regex(r"(?:^|_)(?:ids?|token|email|url|hash|query)(?:$|_)")


def is_endless(name: str) -> bool:
    """Whether a key of that name comes in as many values as there are users, texts or moments."""
    words = _words(name)
    return bool(_ENDLESS.search(words) or _NUMBERED.search(words)) and not is_few(name)


def is_few(name: str) -> bool:
    """Whether a key of that name has a handful of values."""
    words = _words(name)
    if _CONFIGURED.search(words):
        return True
    found = _FEW.search(words)
    if found is None:
        return False
    return found[0].strip("_") in ("config", "setting") or not _COUNTLESS.search(words)


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")


def names_in(expression: ast.AST) -> list[str]:
    """The names and final attributes that a key is made of."""
    found: list[str] = []
    stack = [expression]
    while stack:
        node = stack.pop()
        match node:
            case ast.Name(id=name):
                found.append(name)
            case ast.Attribute(attr="id" | "pk" as name, value=ast.Name(id=owner)):
                found.append(f"{owner}_{name}")
            case ast.Attribute(attr=name, value=value):
                found.append(name)
                if isinstance(value, ast.Call):
                    stack.append(value)
            case ast.Call(func=function, args=arguments):
                if isinstance(function, ast.Attribute):
                    stack.append(function.value)
                    found.append(function.attr)
                stack.extend(arguments)
            case _:
                stack.extend(ast.iter_child_nodes(node))
    return found

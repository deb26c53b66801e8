"""The GraphQL side: every document is validated against GitHub's public schema and executed on the state.

A field that the schema has and no resolver knows is an error of the stand-in and fails the test, as an
operation that is not implemented does.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import graphql
from graphql import language as ast

from . import auth, gql_checks, gql_comments, gql_mutations, gql_pulls, gql_repositories
from .call import Event
from .gql_fields import JSON, RESOLVERS, Context, GitObject, ProblemError, UnimplementedError
from .spec import DATA
from .state import User, node_id

if TYPE_CHECKING:
    from .server import World

RESOLVING = (gql_checks, gql_comments, gql_mutations, gql_pulls, gql_repositories)
"""The modules whose import fills `RESOLVERS`."""
MAX_NODES = 500_000
TYPES = {
    "R": "Repository", "PR": "PullRequest", "PRRT": "PullRequestReviewThread", "PRRC": "PullRequestReviewComment",
    "PRR": "PullRequestReview", "IC": "IssueComment", "CR": "CheckRun", "CS": "CheckSuite", "A": "App",
    "LA": "Label", "REA": "Reaction",
}  # fmt: skip


@functools.cache
def schema() -> graphql.GraphQLSchema:
    """GitHub's public schema, built once per process (about a second)."""
    text = gzip.decompress((DATA / "schema.graphql.gz").read_bytes()).decode()
    built = graphql.build_schema(text, assume_valid=True, no_location=True)
    # GitHub's ids left 32 bits long ago, and its Int fields carry them all the same.
    integer = built.type_map["Int"]
    assert isinstance(integer, graphql.GraphQLScalarType)
    integer.coerce_output_value = int
    return built


@functools.cache
def warm() -> None:
    """Do all that is slow the first time, so that no client's patience pays for it."""
    _parsed("{ viewer { login } }")


@functools.lru_cache(maxsize=512)
def _parsed(query: str) -> tuple[ast.DocumentNode | None, tuple[graphql.GraphQLError, ...]]:
    try:
        document = graphql.parse(query)
    except graphql.GraphQLError as error:
        return None, (error,)
    return document, tuple(graphql.validate(schema(), document))


def execute(world: World, principal: auth.Principal, body: Any, events: list[Event]) -> JSON:
    """Answer a GraphQL request; what it made happen is added to `events`."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return {
            "message": "A query attribute must be specified and must be a string.",
            "errors": [_plain("A query attribute must be specified and must be a string.")],
        }
    document, errors = _parsed(body["query"])
    if document is None or errors:
        return {"errors": [_invalid(error) for error in errors]}
    for name in sorted(world.lacks):
        if re.search(rf"\b{name}\(", body["query"]):
            message = f"Field '{name}' doesn't exist on type 'Mutation'"
            code = {"code": "undefinedField", "typeName": "Mutation", "fieldName": name}
            return {"errors": [_plain(message) | {"extensions": code}]}
    variables = body.get("variables") or {}
    cost, nodes, missing = _cost(document, variables, body.get("operationName"))
    if missing:
        return {"errors": missing}
    if nodes > MAX_NODES:
        text = f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit of {MAX_NODES:,}."
        return {"errors": [_plain(text) | {"type": "MAX_NODE_LIMIT_EXCEEDED"}]}
    bucket = world.limits.bucket(principal.key, "graphql", world.state.clock())
    bucket.used += cost
    result = graphql.execute_sync(
        schema(),
        document,
        context_value=Context(world, principal, cost, events),
        variable_values=variables,
        operation_name=body.get("operationName"),
        field_resolver=_resolve,
        type_resolver=_type_of,
    )
    answer: JSON = {"data": result.data}
    if result.errors:
        answer["errors"] = [_formatted(world, error) for error in result.errors]
    for fault in world.faults.take("graphql", "graphql_partial"):
        fields = list(answer["data"] or {})
        keep = fields[: len(fields) // 2]
        answer["data"] = {name: value if name in keep else None for name, value in answer["data"].items()}
        message = fault.settings.get("message", "Something went wrong while executing your query.")
        answer.setdefault("errors", []).append({"message": message, "type": "SERVICE_UNAVAILABLE"})
    return answer


def _plain(message: str) -> JSON:
    return {"message": message}


def _invalid(error: graphql.GraphQLError) -> JSON:
    locations = [{"line": place.line, "column": place.column} for place in error.locations or []]
    made: JSON = {"message": error.message, "locations": locations}
    match = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    if match:
        made["message"] = f"Field '{match[1]}' doesn't exist on type '{match[2]}'"
        made["extensions"] = {"code": "undefinedField", "typeName": match[2], "fieldName": match[1]}
    return made


def _formatted(world: World, error: graphql.GraphQLError) -> JSON:
    made: JSON = {"message": error.message, "path": list(error.path or [])}
    made["locations"] = [{"line": place.line, "column": place.column} for place in error.locations or []]
    if isinstance(error.original_error, ProblemError):
        made["type"] = error.original_error.kind
    elif error.original_error is not None:
        world.violation(f"graphql: {error.original_error!r} at {error.path}")
    return made


def _cost(document: ast.DocumentNode, variables: JSON, name: str | None) -> tuple[int, int, list[JSON]]:
    """GitHub's price in points, the nodes asked for, and errors for connections without bounds."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, ast.FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, ast.OperationDefinitionNode)]
    operation = next(
        (o for o in operations if name is None or (o.name and o.name.value == name)), operations[0]
    )
    requests, nodes = 0, 0
    missing: list[JSON] = []

    def bound(node: ast.FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, ast.IntValueNode):
                    return int(value.value)
                if isinstance(value, ast.VariableNode):
                    return int(variables.get(value.name.value) or 0)
        return None

    def walk(selection: ast.SelectionSetNode | None, times: int) -> None:
        nonlocal requests, nodes
        for item in selection.selections if selection else ():
            if isinstance(item, ast.FragmentSpreadNode):
                walk(fragments[item.name.value].selection_set, times)
            elif isinstance(item, ast.InlineFragmentNode):
                walk(item.selection_set, times)
            elif isinstance(item, ast.FieldNode):
                count = bound(item)
                below = {
                    s.name.value
                    for s in (item.selection_set.selections if item.selection_set else ())
                    if isinstance(s, ast.FieldNode)
                }
                title = item.name.value
                if count is None and below & {"nodes", "edges"}:
                    text = f"You must provide a `first` or `last` value to properly paginate the `{title}` connection."
                    missing.append(_plain(text) | {"type": "MISSING_PAGINATION_BOUNDARIES"})
                if count is not None and not 1 <= count <= 100:
                    text = f"Requesting {count} records on the `{title}` connection exceeds the `first` limit of 100 records."
                    missing.append(_plain(text) | {"type": "EXCESSIVE_PAGINATION"})
                if count is not None:
                    requests += times
                    nodes += times * count
                walk(item.selection_set, times * (count or 1))

    walk(operation.selection_set, 1)
    return max(1, round(requests / 100)), nodes, missing


# Resolving


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _resolve(source: Any, info: graphql.GraphQLResolveInfo[Context], **arguments: Any) -> Any:
    parent, name = info.parent_type.name, info.field_name
    resolver = RESOLVERS.get((parent, name))
    if resolver is not None:
        return resolver(info.context, source, arguments)
    if isinstance(source, Mapping):
        if name in source:
            return source[name]
    elif name == "id" and hasattr(source, "kind"):
        return node_id(source)
    elif name in ("databaseId", "fullDatabaseId") and hasattr(source, "kind"):
        return source.id if name == "databaseId" else str(source.id)
    elif hasattr(source, _snake(name)):
        return getattr(source, _snake(name))
    raise UnimplementedError(f"{parent}.{name} is not implemented by the stand-in")


def _type_of(value: Any, info: graphql.GraphQLResolveInfo[Context], abstract: Any) -> str | None:
    if isinstance(value, GitObject):
        return value.type
    if isinstance(value, User):
        return value.type
    if isinstance(value, Mapping):
        return str(value.get("__typename"))
    return TYPES.get(getattr(value, "kind", ""))

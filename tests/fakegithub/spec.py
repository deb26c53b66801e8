"""GitHub's own documents: which operations exist, what a request may hold, what an answer must hold.

`Spec` reads the OpenAPI document (trimmed, see `data/refresh.py`), the community's webhook schemas and the
recorded webhook examples. Validators are compiled when first used, each with only the components it reaches.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

DATA = Path(__file__).parent / "data"
COMPONENT = "#/components/schemas/"

# Where real GitHub is known to answer outside its own description: (component, property) -> schema.
DEVIATIONS: dict[tuple[str, str], Mapping[str, Any]] = {
    # A comment whose line is gone answers null, and clients rely on it.
    ("pull-request-review-comment", "line"): {"type": ["integer", "null"]},
    ("pull-request-review-comment", "position"): {"type": ["integer", "null"]},
    ("review-comment", "line"): {"type": ["integer", "null"]},
    ("review-comment", "position"): {"type": ["integer", "null"]},
}


def _read(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / name).read_bytes()))


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    multi: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One REST operation: `id` is GitHub's operationId."""

    id: str
    method: str
    template: str
    parameters: tuple[Parameter, ...]
    body: Mapping[str, Any] | None
    body_required: bool
    responses: Mapping[str, Any]
    doc: str
    pattern: re.Pattern[str]

    @property
    def query(self) -> Mapping[str, Parameter]:
        return {p.name: p for p in self.parameters if p.place == "query"}

    @property
    def path(self) -> Mapping[str, Parameter]:
        return {p.name: p for p in self.parameters if p.place == "path"}


@dataclass(frozen=True)
class Fault:
    """Why an instance does not satisfy a schema, in GitHub's wording where it is known."""

    kind: str
    message: str
    where: str


@dataclass
class Spec:
    ops: dict[str, Operation]
    schemas: dict[str, Any]
    webhooks: dict[str, Any]
    community: Mapping[str, Any]
    examples: Mapping[str, list[dict[str, Any]]]
    source: str
    _validators: dict[str, Any] = field(default_factory=dict)
    _skeletons: dict[str, str] = field(default_factory=dict)

    def route(self, method: str, raw_path: str) -> tuple[Operation | None, dict[str, str], bool]:
        """The operation of a request, its path parameters (decoded), and whether the path exists at all."""
        known = False
        best: tuple[int, Operation, dict[str, str]] | None = None
        for operation in self.ops.values():
            match = operation.pattern.fullmatch(raw_path)
            if match is None:
                continue
            known = True
            if operation.method != method:
                continue
            literal = len(re.sub(r"\{[^}]*\}", "", operation.template))
            if best is None or literal > best[0]:
                best = (literal, operation, {k: unquote(v) for k, v in match.groupdict().items()})
        if best is None:
            return None, {}, known
        return best[1], best[2], True

    def body_faults(self, operation: Operation, body: Any) -> list[Fault]:
        """What is wrong with a request body; unknown keys count, at any depth."""
        if operation.body is None:
            return []
        validator = self._validator(f"body {operation.id}", operation.body, closed=True)
        return [_fault(error) for error in validator.iter_errors(body)]

    def response_faults(self, operation: Operation, status: int, body: Any) -> list[Fault]:
        """Whether an answer of the stand-in is one that GitHub could have given."""
        key = str(status)
        if key not in operation.responses:
            # Error answers that every operation can give without listing them.
            if status in (400, 401, 403, 404, 422, 429):
                return self.check("basic-error", body)
            return [Fault("response", f"{operation.id} never answers {status}", "")]
        schema = operation.responses[key]
        if schema is None:
            return (
                [] if body in (None, "") else [Fault("response", f"{operation.id} {status} has no body", "")]
            )
        if status == 422:
            # The document names one error form; the real service answers in all three.
            forms = [
                schema,
                {"$ref": f"{COMPONENT}validation-error"},
                {"$ref": f"{COMPONENT}validation-error-simple"},
            ]
            forms.append({"$ref": f"{COMPONENT}basic-error"})
            schema = {"anyOf": forms}
        validator = self._validator(f"response {operation.id} {key}", schema)
        return [_fault(error) for error in validator.iter_errors(body)]

    def check(self, component: str, instance: Any) -> list[Fault]:
        validator = self._validator(f"component {component}", {"$ref": COMPONENT + component})
        return [_fault(error) for error in validator.iter_errors(instance)]

    def webhook_faults(self, event: str, action: str | None, payload: Any) -> list[Fault]:
        """A delivery has to satisfy GitHub's schema and the community's, which is stricter on meaning."""
        faults = []
        name = event if action is None else f"{event}-{action}"
        name = name.replace("_", "-")
        if name in self.webhooks:
            validator = self._validator(f"webhook {name}", self.webhooks[name])
            faults += [_fault(error) for error in validator.iter_errors(payload)]
        definition = f"{event}${action or 'event'}"
        known = definition in self.community["definitions"]
        if known:
            validator = self._community(definition)
            faults += [_fault(error) for error in validator.iter_errors(payload)]
        if name not in self.webhooks and not known:
            faults.append(Fault("webhook", f"no schema for {name}", ""))
        return faults

    def make(self, component: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The smallest instance of a component with `values` laid over it."""
        return self.complete(component, {"$ref": COMPONENT + component}, values)

    def complete(self, key: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        if key not in self._skeletons:
            self._skeletons[key] = json.dumps(self._smallest(schema, key, 0))
        made: dict[str, Any] = lay_over(json.loads(self._skeletons[key]), values)
        return made

    def webhook_skeleton(self, event: str, action: str | None) -> dict[str, Any]:
        name = (event if action is None else f"{event}-{action}").replace("_", "-")
        if name not in self.webhooks:
            return {}
        return self.complete(f"webhook {name}", self.webhooks[name], {})

    def example(self, event: str, action: str | None) -> dict[str, Any]:
        """A recorded example of the event, of the same action where there is one."""
        recorded = self.examples.get(event, [])
        same = [example for example in recorded if example.get("action") == action]
        chosen = (same or recorded or [{}])[0]
        copy: dict[str, Any] = json.loads(json.dumps(chosen))
        return copy

    def _smallest(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        if "$ref" in schema:
            target = schema["$ref"].removeprefix(COMPONENT)
            return self._smallest(self.schemas[target], target, depth + 1)
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else list(kinds or [])
        if "null" in kinds or depth > 24:
            return None
        if "enum" in schema:
            return schema["enum"][0]
        if "const" in schema:
            return schema["const"]
        if "allOf" in schema:
            made: dict[str, Any] = {}
            for part in schema["allOf"]:
                made |= self._smallest(part, name, depth + 1) or {}
            return made
        for choice in ("oneOf", "anyOf"):
            if choice in schema and "properties" not in schema:
                if any(option.get("type") == "null" for option in schema[choice]):
                    return None
                return self._smallest(schema[choice][0], name, depth + 1)
        if kinds == ["object"] or "properties" in schema:
            properties = schema.get("properties", {})
            return {
                key: self._smallest(properties.get(key, {}), key, depth + 1)
                for key in schema.get("required", [])
            }
        if not kinds:
            return {}
        return _scalar(kinds[0], schema, name)

    def _closure(self, schema: Any) -> dict[str, Any]:
        wanted = list(_references(schema))
        found: dict[str, Any] = {}
        while wanted:
            name = wanted.pop()
            if name in found:
                continue
            found[name] = self.schemas[name]
            wanted.extend(_references(self.schemas[name]))
        return found

    def _validator(self, key: str, schema: Mapping[str, Any], *, closed: bool = False) -> Any:
        if key not in self._validators:
            components = self._closure(schema)
            if closed:
                schema = close(schema)
                components = {name: close(part) for name, part in components.items()}
            document = {"allOf": [schema], "components": {"schemas": components}}
            self._validators[key] = jsonschema_rs.Draft202012Validator(document, validate_formats=True)
        return self._validators[key]

    def _community(self, definition: str) -> Any:
        key = f"community {definition}"
        if key not in self._validators:
            definitions = self.community["definitions"]
            wanted, found = [definition], {}
            while wanted:
                name = wanted.pop()
                if name in found:
                    continue
                found[name] = _open(definitions[name])
                wanted.extend(_references(definitions[name], "#/definitions/"))
            document = {"allOf": [{"$ref": f"#/definitions/{definition}"}], "definitions": found}
            self._validators[key] = jsonschema_rs.Draft7Validator(document, validate_formats=True)
        return self._validators[key]


@functools.cache
def load() -> Spec:
    """The documents, read once per process."""
    document = _read("api.github.com.trimmed.json.gz")
    schemas = document["schemas"]
    for (component, name), schema in DEVIATIONS.items():
        properties = schemas.get(component, {}).get("properties", {})
        if name in properties:
            properties[name] = schema
    for name in document["webhooks"]:
        _any_event(schemas.get(f"webhook-{name}", {}))
    # The document asks for an account that is a user and an enterprise at once.
    document["ops"]["apps/list-installations"]["responses"]["200"] = {
        "type": "array",
        "items": {"$ref": f"{COMPONENT}installation"},
    }
    community = _read("webhooks.schema.json.gz")
    # Events have been added since the community wrote them down.
    community["definitions"]["webhook-events"] = {"type": "array", "items": {"type": "string"}}
    ops = {}
    for identity, raw in document["ops"].items():
        parameters = tuple(Parameter(p["name"], p["in"], p["multi"], p["schema"]) for p in raw["params"])
        body = raw.get("body")
        ops[identity] = Operation(
            id=identity,
            method=raw["method"],
            template=raw["path"],
            parameters=parameters,
            body=body["schema"] if body else None,
            body_required=bool(body and body["required"]),
            responses=raw["responses"],
            doc=raw["doc"],
            pattern=_pattern(raw["path"], parameters),
        )
    return Spec(
        ops=ops,
        schemas=schemas,
        webhooks=document["webhooks"],
        community=community,
        examples=_read("webhook_examples.json.gz"),
        source=document["source"],
    )


def lay_over(below: Any, above: Any) -> Any:
    """`above` wins; objects are merged, everything else is replaced."""
    if isinstance(below, dict) and isinstance(above, Mapping):
        merged = dict(below)
        for key, value in above.items():
            merged[key] = lay_over(below.get(key), value)
        return merged
    return above


def close(schema: Any, *, inside_choice: bool = False) -> Any:
    """The same schema, refusing unknown keys wherever the document says nothing about them."""
    if isinstance(schema, list):
        return [close(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            closed[key] = {name: close(part) for name, part in value.items()}
        elif key in ("anyOf", "oneOf", "allOf"):
            combined = "properties" in schema
            closed[key] = [close(part, inside_choice=combined) for part in value]
        elif key == "additionalProperties" and value is True and inside_choice:
            continue
        elif key in ("enum", "required", "const", "default", "example"):
            closed[key] = value
        else:
            closed[key] = close(value)
    if "properties" in schema and "additionalProperties" not in schema and not inside_choice:
        closed["unevaluatedProperties"] = False
    return closed


def _any_event(schema: Any) -> None:
    """Payloads list the events an app hears; the document froze that list before merge queues."""
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            if key == "events" and isinstance(value, dict):
                value.get("items", {}).pop("enum", None)
        for value in schema.values():
            _any_event(value)
    elif isinstance(schema, list):
        for value in schema:
            _any_event(value)


def _open(schema: Any) -> Any:
    """A community schema that lets unknown keys through: GitHub has added fields since it was written."""
    if isinstance(schema, dict):
        return {
            key: _open(value)
            for key, value in schema.items()
            if not (key == "additionalProperties" and value is False)
        }
    return [_open(value) for value in schema] if isinstance(schema, list) else schema


def _references(schema: Any, prefix: str = COMPONENT) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(prefix):
                yield value.removeprefix(prefix)
            elif key != "discriminator":
                yield from _references(value, prefix)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value, prefix)


def _pattern(template: str, parameters: tuple[Parameter, ...]) -> re.Pattern[str]:
    multi = {p.name for p in parameters if p.multi}
    pattern = ""
    for part in re.split(r"(\{[^}]*\})", template):
        name = part[1:-1]
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif name in multi or name in ("base", "head"):
            pattern += f"(?P<{name}>.+?)" if name == "base" else f"(?P<{name}>.*)"
        else:
            pattern += f"(?P<{name}>[^/]+)"
    return re.compile(pattern)


def _scalar(kind: str, schema: Mapping[str, Any], name: str) -> Any:
    if kind == "string":
        form = schema.get("format")
        if form == "date-time":
            return "2026-01-01T00:00:00Z"
        if form == "uri" or name.endswith("url"):
            return f"https://api.github.invalid/{name}"
        return "x" * schema.get("minLength", 0)
    if kind == "array":
        return []
    return {"integer": schema.get("minimum", 0), "number": 0, "boolean": False}[kind]


def _fault(error: Any) -> Fault:
    where = "/".join(str(step) for step in error.instance_path)
    kind = error.kind.name
    value = error.instance
    if kind == "maxItems":
        message = f"No more than {error.kind.limit} items are allowed; {len(value)} were supplied."
    elif kind == "maxLength":
        message = f"Only {error.kind.limit} characters are allowed; {len(value)} were supplied."
    elif kind == "required":
        message = error.kind.property
    elif kind in ("additionalProperties", "unevaluatedProperties"):
        message = ", ".join(f'"{key}"' for key in error.kind.unexpected)
        message += (
            " is not a permitted key." if len(error.kind.unexpected) == 1 else " are not permitted keys."
        )
    elif kind == "type":
        message = f"For '{where or 'properties'}', {_ruby(value)} is not {_article(error.kind.types)}."
    elif kind == "enum":
        message = f"{_ruby(value)} is not a member of {_ruby(list(error.kind.options))}."
    elif kind == "format":
        message = f"{_ruby(value)} is not a valid {error.kind.format}."
    else:
        message = error.message
    return Fault(kind, message, where)


def _ruby(value: Any) -> str:
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)[:200]


def _article(types: Any) -> str:
    names = [str(name) for name in types]
    return " or ".join(f"an {name}" if name[0] in "aeio" else f"a {name}" for name in names)


def invalid_request(faults: list[Fault]) -> str:
    """The message of a 422 for a body that the document refuses."""
    missing = sorted({fault.message for fault in faults if fault.kind == "required"})
    lines = []
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        lines.append(f"{names} {'wasn' if len(missing) == 1 else 'weren'}'t supplied.")
    lines += dict.fromkeys(fault.message for fault in faults if fault.kind != "required")
    return "Invalid request.\n\n" + "\n".join(lines)

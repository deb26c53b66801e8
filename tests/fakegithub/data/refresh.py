"""Rebuild the data files beside this script from GitHub's npm packages: `python refresh.py` (needs npm; about 30 MB).

The files are GitHub's own documents, cut down to what the stand-in uses. `sha256.json` records what this script
wrote; a test compares, so that nobody edits them by hand.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PACKAGES = {
    "openapi": "@octokit/openapi@23.0.2",
    "graphql": "@octokit/graphql-schema@15.26.1",
    "schemas": "@octokit/webhooks-schemas@7.6.1",
    "examples": "@octokit/webhooks-examples@7.6.1",
}
RECORD = "sha256.json"

OPERATIONS = """
apps/create-from-manifest apps/create-installation-access-token apps/get-authenticated apps/get-installation
apps/get-repo-installation apps/get-webhook-config-for-app apps/get-webhook-delivery apps/list-installations
apps/list-repos-accessible-to-installation apps/list-webhook-deliveries apps/redeliver-webhook-delivery
apps/revoke-installation-access-token apps/update-webhook-config-for-app
checks/create checks/create-suite checks/get checks/get-suite checks/list-annotations checks/list-for-ref
checks/list-for-suite checks/list-suites-for-ref checks/rerequest-run checks/rerequest-suite checks/update
git/create-ref git/get-blob git/get-commit git/get-ref git/get-tree
issues/add-labels issues/create-comment issues/delete-comment issues/get issues/get-comment issues/list-comments
issues/list-labels-on-issue issues/update-comment meta/get meta/root
pulls/create pulls/create-reply-for-review-comment pulls/create-review pulls/create-review-comment pulls/delete-pending-review
pulls/delete-review-comment pulls/dismiss-review pulls/get pulls/get-review pulls/get-review-comment pulls/list
pulls/list-comments-for-review pulls/list-commits pulls/list-files pulls/list-review-comments pulls/list-reviews
pulls/merge pulls/submit-review pulls/update pulls/update-review pulls/update-review-comment
rate-limit/get reactions/create-for-issue-comment reactions/create-for-pull-request-review-comment
reactions/delete-for-issue-comment reactions/list-for-issue-comment
repos/compare-commits repos/create-commit-status repos/create-or-update-file-contents repos/download-tarball-archive repos/get
repos/get-branch repos/get-branch-rules
repos/get-collaborator-permission-level repos/get-combined-status-for-ref repos/get-commit repos/get-content
repos/list-commits repos/list-pull-requests-associated-with-commit users/get-authenticated
""".split()  # noqa: SIM905 - seventy names read better as words
EVENTS = (
    "check-run", "check-suite", "github-app-authorization", "installation", "installation-repositories",
    "installation-target", "issue-comment", "merge-group", "ping", "pull-request", "pull-request-review",
    "pull-request-review-comment", "pull-request-review-thread", "push", "repository",
)  # fmt: skip
EXAMPLES = (
    "check_run", "check_suite", "installation", "installation_repositories", "issue_comment", "merge_group", "ping",
    "pull_request", "pull_request_review_comment", "pull_request_review_thread",
)  # fmt: skip
PROSE = frozenset({"description", "example", "examples", "title", "externalDocs", "deprecated"})


def packed(package: str, folder: Path) -> tarfile.TarFile:
    """A package of the npm registry, by the ordinary client."""
    done = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    )
    return tarfile.open(folder / done.stdout.split()[-1])


def member(archive: tarfile.TarFile, name: str) -> bytes:
    found = archive.extractfile(f"package/{name}")
    assert found is not None, name
    return found.read()


def trim(schema: Any) -> Any:
    """Without prose; OpenAPI 3.0's `nullable` as JSON Schema says it. Properties keep their names, whatever they are."""
    if isinstance(schema, list):
        return [trim(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: trim(part) for name, part in value.items()}
        elif key in ("enum", "required", "default", "const"):
            made[key] = value
        elif key not in PROSE and key != "nullable" and not key.startswith("x-"):
            made[key] = trim(value)
    if schema.get("nullable"):
        if isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
            if "enum" in made and None not in made["enum"]:
                made["enum"] = [*made["enum"], None]
        elif made:
            made = {"anyOf": [made, {"type": "null"}]}
    return made


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            else:
                yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def trimmed(document: dict[str, Any]) -> dict[str, Any]:
    """The operations and webhooks we use, and the components they reach."""
    components = document["components"]

    def resolved(thing: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in thing:
            _, _, kind, name = thing["$ref"].split("/")
            found: dict[str, Any] = components[kind][name]
            return found
        return thing

    def schema_of(content: dict[str, Any]) -> tuple[str | None, Any]:
        for kind in ("application/json", "application/scim+json"):
            if kind in content:
                return kind, trim(content[kind]["schema"])
        return (next(iter(content), None), None)

    operations: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            raw = raw if isinstance(raw, dict) else {}
            identity = raw.get("operationId")
            if identity not in OPERATIONS:
                continue
            made: dict[str, Any] = {
                "method": method.upper(),
                "path": path,
                "doc": raw["externalDocs"]["url"],
                "gh_app": raw["x-github"]["enabledForGitHubApps"],
            }
            parameters = [resolved(parameter) for parameter in raw.get("parameters", [])]
            made["params"] = [
                {
                    "name": parameter["name"],
                    "in": parameter["in"],
                    "required": parameter.get("required", False),
                    "multi": parameter.get("x-multi-segment", False),
                    "schema": trim(parameter["schema"]),
                }
                for parameter in parameters
            ]
            if "requestBody" in raw:
                body = resolved(raw["requestBody"])
                kind, schema = schema_of(body["content"])
                made["body"] = {"ct": kind, "required": body.get("required", False), "schema": schema}
            made["responses"] = {
                status: schema_of(resolved(response).get("content", {}))[1]
                for status, response in raw["responses"].items()
            }
            operations[identity] = made
    missing = set(OPERATIONS) - set(operations)
    assert not missing, missing
    webhooks = {
        name: trim(raw["post"]["requestBody"]["content"]["application/json"]["schema"])
        for name, raw in document["x-webhooks"].items()
        if raw["post"]["operationId"].partition("/")[0] in EVENTS
    }
    schemas: dict[str, Any] = {}
    wanted = [*references(operations), *references(webhooks)]
    while wanted:
        name = wanted.pop()
        if name not in schemas:
            schemas[name] = trim(components["schemas"][name])
            wanted += references(schemas[name])
    source = " ".join(PACKAGES["openapi"].rsplit("@", 1))
    return {"ops": operations, "webhooks": webhooks, "schemas": schemas, "source": source}


def compressed(data: bytes) -> bytes:
    """The same bytes each time: no name, no time."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0, filename="") as stream:
        stream.write(data)
    return buffer.getvalue()


def as_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def record() -> dict[str, str]:
    """Digest of the contents of each data file."""
    return {
        path.name: hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
        for path in sorted(HERE.glob("*.gz"))
    }


def build(folder: Path) -> dict[str, bytes]:
    archives = {name: packed(package, folder) for name, package in PACKAGES.items()}
    openapi = json.loads(member(archives["openapi"], "generated/api.github.com.json"))
    recorded = json.loads(member(archives["examples"], "api.github.com/index.json"))
    examples = {event["name"]: event["examples"] for event in recorded if event["name"] in EXAMPLES}
    return {
        "api.github.com.trimmed.json.gz": as_json(trimmed(openapi)),
        "schema.graphql.gz": member(archives["graphql"], "schema.graphql"),
        "webhooks.schema.json.gz": as_json(json.loads(member(archives["schemas"], "schema.json"))),
        "webhook_examples.json.gz": as_json(examples),
    }


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in build(Path(folder)).items():
            (HERE / name).write_bytes(compressed(data))
    (HERE / RECORD).write_text(json.dumps(record(), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

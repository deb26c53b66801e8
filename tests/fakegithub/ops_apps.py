"""The app itself: installations, tokens, its webhook and the log of its deliveries."""

from __future__ import annotations

from typing import Any

from . import auth
from .call import Call, Reply, operation
from .errors import ApiError, not_found
from .state import Delivery, Installation, iso


@operation("meta/root")
def root(call: Call) -> Reply:
    api = call.render.api
    return Reply(
        call.render.spec.make(
            "root", {"current_user_url": f"{api}/user", "rate_limit_url": f"{api}/rate_limit"}
        )
    )


@operation("meta/get")
def meta(call: Call) -> Reply:
    values: dict[str, Any] = {
        "verifiable_password_authentication": False,
        "hooks": ["127.0.0.0/8"],
        "web": ["127.0.0.0/8"],
        "api": ["127.0.0.0/8"],
    }
    return Reply(call.render.spec.make("api-overview", values))


@operation("rate-limit/get")
def rate_limit(call: Call) -> Reply:
    limits, now, key = call.world.limits, call.state.clock(), call.principal.key
    resources = {}
    for name in ("core", "search", "graphql"):
        bucket = limits.bucket(key, name, now)
        resources[name] = {
            "limit": bucket.limit,
            "used": min(bucket.used, bucket.limit),
            "remaining": bucket.remaining,
            "reset": int(bucket.reset),
        }
    return Reply({"resources": resources, "rate": resources["core"]})


@operation("apps/get-authenticated")
def get_authenticated(call: Call) -> Reply:
    installed = [i for i in call.state.installations.values() if not i.deleted]
    return Reply(call.render.app(call.world.app) | {"installations_count": len(installed)})


def _installation(call: Call) -> Installation:
    found = call.state.installations.get(call.number("installation_id"))
    if found is None or found.deleted:
        raise not_found()
    return found


@operation("apps/list-installations")
def list_installations(call: Call) -> Reply:
    found = [i for i in call.state.installations.values() if not i.deleted]
    since = call.query.get("since")
    if since:
        found = [i for i in found if i.created_at >= since]
    body, headers = call.page([call.render.installation(installation) for installation in found])
    return Reply(body, headers=headers)


@operation("apps/get-installation")
def get_installation(call: Call) -> Reply:
    return Reply(call.render.installation(_installation(call)))


@operation("apps/get-repo-installation")
def get_repo_installation(call: Call) -> Reply:
    found = call.state.installation_of(call.repo)
    if found is None:
        raise not_found()
    return Reply(call.render.installation(found))


@operation("apps/create-installation-access-token")
def create_token(call: Call) -> Reply:
    installation = _installation(call)
    token = auth.mint(call.state, installation, call.body or {}, lifetime=call.world.token_lifetime)
    body: dict[str, Any] = {
        "token": token.value,
        "expires_at": iso(token.expires),
        "permissions": dict(token.permissions),
        "repository_selection": "selected" if token.repos is not None else installation.selection,
    }
    if token.repos is not None:
        body["repositories"] = [call.render.repository(repo) for repo in token.repos]
    return Reply(body, 201)


@operation("apps/list-repos-accessible-to-installation")
def list_repos(call: Call) -> Reply:
    token = call.principal.token
    assert token is not None
    repos = [repo for repo in token.installation.repos if auth.may_see(token, repo)]
    body, headers = call.page([call.render.repository(repo) for repo in repos], wrap="repositories")
    body["repository_selection"] = "selected" if token.repos is not None else token.installation.selection
    return Reply(body, headers=headers)


@operation("apps/revoke-installation-access-token")
def revoke(call: Call) -> Reply:
    assert call.principal.token is not None
    call.principal.token.revoked = True
    return Reply(status=204)


@operation("apps/create-from-manifest")
def from_manifest(call: Call) -> Reply:
    """A code is good for one conversion, within an hour."""
    manifest = call.state.manifests.pop(call.path["code"], None)
    if manifest is None or manifest["made"] < call.state.clock() - 3600:
        raise not_found()
    world = call.world
    world.people.callback_urls = list(manifest["manifest"].get("callback_urls", []))
    body = call.render.app(world.app) | {
        "client_id": world.app.client_id,
        "client_secret": world.people.client_secret,
        "webhook_secret": world.secrets[0],
        "pem": world.private_key,
    }
    return Reply(body, 201)


# Webhook


def _config(call: Call) -> dict[str, Any]:
    return {
        "url": call.world.webhook_url or "",
        "content_type": call.world.content_type,
        "insecure_ssl": "0",
        "secret": "********",
    }


@operation("apps/get-webhook-config-for-app")
def get_config(call: Call) -> Reply:
    return Reply(_config(call))


@operation("apps/update-webhook-config-for-app")
def update_config(call: Call) -> Reply:
    if "secret" in call.body:
        call.world.secrets[:] = [call.body["secret"]]
    call.world.webhook_url = call.body.get("url", call.world.webhook_url)
    call.world.content_type = call.body.get("content_type", call.world.content_type)
    return Reply(_config(call))


WINDOW = 3 * 24 * 3600


def _kept(call: Call) -> list[Delivery]:
    after = call.state.clock() - WINDOW
    return [d for d in reversed(call.state.deliveries) if d.delivered >= after and d.status != "pending"]


@operation("apps/list-webhook-deliveries")
def list_deliveries(call: Call) -> Reply:
    if "deliveries" in call.world.lacks:
        raise not_found()
    found = _kept(call)
    wanted = call.query.get("status")
    if wanted == "success":
        found = [d for d in found if 200 <= d.status_code < 400]
    elif wanted == "failure":
        found = [d for d in found if 400 <= d.status_code < 600]
    cursor = call.query.get("cursor")
    if cursor is not None:
        if not cursor.startswith("v1_") or not cursor[3:].isdigit():
            raise ApiError(400, "Invalid cursor")
        found = [d for d in found if d.id < int(cursor[3:])]
    shown, headers = found[: call.per_page], {}
    if len(found) > len(shown):
        headers["link"] = f'<{call.link(cursor=f"v1_{shown[-1].id}")}>; rel="next"'
    return Reply([call.render.delivery(delivery) for delivery in shown], headers=headers)


def _delivery(call: Call) -> Delivery:
    identity = call.number("delivery_id")
    found = next((d for d in _kept(call) if d.id == identity), None)
    if found is None:
        raise not_found()
    return found


@operation("apps/get-webhook-delivery")
def get_delivery(call: Call) -> Reply:
    return Reply(call.render.delivery(_delivery(call), full=True))


@operation("apps/redeliver-webhook-delivery")
def redeliver(call: Call) -> Reply:
    call.world.again.append(_delivery(call))
    return Reply({}, 202)

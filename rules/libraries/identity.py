"""Identity providers: Keycloak, Microsoft's, OpenStack's."""

from rules.libraries.model import (
    REST,
    Blocking,
    Client,
    External,
    Kind,
    Library,
    Sdk,
    each,
    leaving,
    made,
    waiting,
)

_OPENID = "keycloak.KeycloakOpenID"
_ADMIN = "keycloak.KeycloakAdmin"
_ASKS = (
    "well_known token refresh_token exchange_token userinfo logout certs public_key entitlement introspect device"
    " uma_permissions has_uma_access register_client update_client"
)
_ADMINISTERS = (
    "get_users get_user get_user_id create_user update_user delete_user enable_user disable_user set_user_password users_count"
    " send_verify_email send_update_account user_logout get_sessions get_user_groups get_credentials"
    " get_groups get_group get_group_by_path get_group_children get_group_members create_group update_group delete_group"
    " group_user_add group_user_remove get_subgroups groups_count"
    " get_realm_roles get_realm_role get_realm_role_members get_realm_roles_of_user create_realm_role assign_realm_roles"
    " delete_realm_role delete_realm_roles_of_user assign_group_realm_roles get_group_realm_roles"
    " get_clients get_client get_client_id get_client_roles get_client_role get_client_role_members"
    " get_client_roles_of_user get_all_roles_of_user assign_client_role create_client create_client_role"
    " delete_client delete_client_role delete_client_roles_of_user get_client_secrets get_client_service_account_user"
    " get_realms get_realm create_realm update_realm delete_realm get_idps get_events get_admin_events get_organizations"
    " get_organization get_organization_members create_organization organization_user_add organization_user_remove"
)
_twin = Blocking("", Kind.NET, "its twin with `a_` before the name")
_awaited = External("", True, "sdk")


def _twins(names: str) -> str:
    return " ".join(f"a_{name}" for name in names.split())


_MSAL = (
    "acquire_token_by_authorization_code acquire_token_by_refresh_token acquire_token_silent"
    " acquire_token_by_auth_code_flow"
)
_KEYSTONE = tuple(
    f"keystoneauth1.identity.{name}"
    for name in (
        *("Password", "Token", "V3Password", "V3Token", "V3ApplicationCredential", "V3OidcAccessToken"),
        *(f"v3.{name}" for name in ("Password", "Token", "ApplicationCredential", "OidcAccessToken")),
    )
)
"""How the identity service of OpenStack is asked for a token."""
_SDKS = (
    Sdk(("msal.ConfidentialClientApplication", "msal.PublicClientApplication"), _MSAL),
    Sdk(("msal.ConfidentialClientApplication",), "acquire_token_for_client acquire_token_on_behalf_of"),
    Sdk(
        ("keystoneauth1.session.Session",),
        "get head post put patch delete request get_token get_endpoint get_auth_headers get_user_id get_project_id",
        REST,
    ),
    Sdk(_KEYSTONE, "get_auth_ref get_access get_token get_endpoint", REST),
)

LIBRARY = Library(
    blocking=(
        *each(_twin, _OPENID, _ASKS),
        *each(_twin, _ADMIN, _ADMINISTERS),
        *waiting(_SDKS),
    ),
    external=(
        *each(External("", False, "sdk"), _OPENID, _ASKS),
        *each(External("", False, "sdk"), _ADMIN, _ADMINISTERS),
        *each(_awaited, _OPENID, _twins(_ASKS)),
        *each(_awaited, _ADMIN, _twins(_ADMINISTERS)),
        *leaving(_SDKS),
    ),
    clients=(Client(_ADMIN, "", "sdk", "a token that it asks for, and a session of its own"),),
    returns={
        _OPENID: _OPENID,
        _ADMIN: _ADMIN,
        **made(_SDKS),
    },
    aliases={
        "keycloak.keycloak_openid.KeycloakOpenID": _OPENID,
        "keycloak.keycloak_admin.KeycloakAdmin": _ADMIN,
    },
)

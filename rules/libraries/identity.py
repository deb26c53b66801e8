"""Identity providers: Keycloak."""

from rules.libraries.model import Blocking, Client, External, Kind, Library, each

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


LIBRARY = Library(
    blocking=(*each(_twin, _OPENID, _ASKS), *each(_twin, _ADMIN, _ADMINISTERS)),
    external=(
        *each(External("", False, "sdk"), _OPENID, _ASKS),
        *each(External("", False, "sdk"), _ADMIN, _ADMINISTERS),
        *each(_awaited, _OPENID, _twins(_ASKS)),
        *each(_awaited, _ADMIN, _twins(_ADMINISTERS)),
    ),
    clients=(Client(_ADMIN, "", "sdk", "a token that it asks for, and a session of its own"),),
    returns={_OPENID: _OPENID, _ADMIN: _ADMIN},
    aliases={
        "keycloak.keycloak_openid.KeycloakOpenID": _OPENID,
        "keycloak.keycloak_admin.KeycloakAdmin": _ADMIN,
    },
)

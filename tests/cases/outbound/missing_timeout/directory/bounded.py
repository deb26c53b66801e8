import ldap
from fastapi import APIRouter

router = APIRouter()


@router.get("/groups/{name}")
def members_of(name: str) -> list[object]:
    directory = ldap.initialize("ldaps://directory.example")
    directory.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
    directory.simple_bind_s()
    return directory.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(cn={name})", ["member"])

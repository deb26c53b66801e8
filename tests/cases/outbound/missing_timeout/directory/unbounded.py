import ldap
from fastapi import APIRouter

router = APIRouter()


@router.get("/people/{name}")
def mail_of(name: str) -> list[object]:
    directory = ldap.initialize("ldaps://directory.example")  # FP601
    directory.set_option(ldap.OPT_REFERRALS, 0)
    directory.simple_bind_s()
    return directory.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(cn={name})", ["mail"])

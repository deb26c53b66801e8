def get_admin_email() -> str:
    return "get_admin_email"


def get_operator_queue() -> str:
    return "get_operator_queue"


def get_admin_menu() -> str:
    return "get_admin_menu"


def admin_notifier() -> str:
    return "admin_notifier"


def get_current_admin() -> str:
    return "get_current_admin"


def get_active_superuser_account() -> str:
    return "get_active_superuser_account"


def get_verified_admin_id() -> str:
    return "get_verified_admin_id"


async def is_admin_or_operator() -> str: ...


async def is_admin_or_owner() -> str: ...


class AdminOrMember:
    name: str = ""


async def optional_admin_or_staff() -> str: ...

import bcrypt

from access import CUSTOMER_ROLES, MANAGEMENT_ROLES, User, ensure_known, ensure_management_role


class Accounts:
    async def reset(self, password: str) -> bytes:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)

    async def own(self, password: str) -> bytes:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)

    async def change(self, actor: User, password: str) -> bytes:
        ensure_management_role(actor)
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)

    async def change_own(self, actor: User, password: str) -> bytes:
        ensure_known(actor)
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)

    async def of_managers(self, actor: User, password: str) -> bytes:
        if actor.role not in MANAGEMENT_ROLES:
            raise PermissionError
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)

    async def of_customers(self, actor: User, password: str) -> bytes:
        if actor.role not in CUSTOMER_ROLES:
            raise PermissionError
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)

    async def opened(self, password: str) -> bytes:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (change)

    async def joined(self, password: str) -> bytes:
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt())  # FP701 (inline)

class User:
    name: str
    groups: list[str]
    superuser: bool
    isAdmin: bool


class Settings:
    admin_email = "admin@shop.example"


class Call:
    operator: str


class Room:
    moderator: str
    state: str
    lists: list[str]


settings = Settings()


def call_of(number: int) -> Call:
    return Call()


def room_of(number: int) -> Room:
    return Room()


async def current_user() -> User:
    return User()


def ensure_admin(user: User) -> None:
    if not user.isAdmin:
        raise PermissionError

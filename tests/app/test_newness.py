"""What is new, and in how many calls that is found out, on the stand-in."""

from __future__ import annotations

from tests.fakegithub.state import Pull, Repo

from .service import FILES, SLOW, Service

BOTH = SLOW | {"README.md": "A slow shop.\n"}


async def _stacked(service: Service) -> tuple[Repo, Pull]:
    """A pull request whose branch holds another one's change."""
    repo = service.shop()
    return repo, await service.reviewed(repo, "slow", SLOW)


async def test_what_was_merged_meanwhile_is_not_said_again(service: Service) -> None:
    repo, pull = await _stacked(service)
    assert service.run(repo, pull).conclusion == "failure"
    await service.github.push_base(repo, BOTH)  # squashed, with a little more

    await service.github.push(repo, pull.number, {"shop/more.py": "MORE = 1\n"})
    await service.idle()

    run = service.run(repo, pull)
    assert (run.conclusion, run.output["title"]) == ("success", "no new performance problems")
    assert len(service.github.reviews(repo, pull.number)) == 1
    service.github.assert_clean()


async def test_a_base_that_moved_on_costs_one_call_more_and_only_with_news(service: Service) -> None:
    repo, pull = await _stacked(service)
    await service.github.push_base(repo, {"shop/other.py": "OTHER = 1\n"})

    tip = repo.git.ref("main")

    async def asked_of_the_tip(files: dict[str, str]) -> int:
        position = len(service.github.log)
        await service.github.push(repo, pull.number, files)
        await service.idle()
        return sum(f"{tip}:" in str(entry.body) for entry in service.github.log[position:])

    assert await asked_of_the_tip({"shop/main.py": SLOW["shop/main.py"] + "\n# a comment\n"}) == 1
    assert await asked_of_the_tip({"shop/main.py": FILES["shop/main.py"]}) == 0
    service.github.assert_clean()


DEPENDENT = {
    "shop/__init__.py": "",
    "shop/security.py": """\
import requests
from sqlalchemy.orm import Session

from shop.models import User


def get_current_user(session: Session) -> User | None:
    return None


def price(number: str) -> float:
    answer = requests.get(f"https://prices.example/{number}", timeout=5)
    return float(answer.text)
""",
    "shop/models.py": """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
""",
    "shop/main.py": "from fastapi import Depends, FastAPI\n\nfrom shop.security import get_current_user, price\n\napp = FastAPI()\n"
    + "".join(
        f'\n\n@app.get("/things/{number}")\ndef thing_{number}(user=Depends(get_current_user)) -> float:\n    return price("{number}")\n'
        for number in range(6)
    ),
}


async def test_one_cause_under_many_endpoints_is_one_comment_and_a_lost_guard_stands_on_its_line(
    service: Service,
) -> None:
    repo = service.github.add_repo("octo/shop", private=True, files=DEPENDENT, required_checks=["fastperf"])
    service.github.install("octo", [repo])
    before = DEPENDENT["shop/security.py"]
    after = before.replace("    return None\n", "    return session.get(User, 1)\n").replace(
        ", timeout=5", ""
    )

    pull = await service.reviewed(repo, "slower", {"shop/security.py": after})

    (review,) = service.github.reviews(repo, pull.number)
    comments = service.github.review_comments(repo, pull.number)
    assert review.commit_id == pull.head_sha
    assert [(comment.path, comment.line, comment.side) for comment in comments] == [
        ("shop/security.py", 12, "LEFT"),
        ("shop/security.py", 8, "RIGHT"),
    ]
    assert "with `timeout=5` removed, " in comments[0].body
    assert (
        "`get_current_user` now runs a query per request: **6 endpoints, queries + 1 each**."
        in comments[1].body
    )
    assert (
        "| `GET /things/0`, `GET /things/1` and 4 more | 0 → **1** |"
        in service.run(repo, pull).output["summary"]
    )
    service.github.assert_clean()

"""The example shop is a real application: its main branch and both states of the pull request run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

SESSION = """
import json
from fastapi.testclient import TestClient
from shop.database import SessionLocal
from shop.main import app
from shop.models import Customer, Product

with TestClient(app) as client:
    with SessionLocal() as session:
        session.add_all([Customer(email="a@example.com"), Product(sku="a", name="A", cents=500)])
        session.commit()
    order = {"customer_id": 1, "lines": [{"product_id": 1, "quantity": 2}]}
    answers = {"POST /orders": client.post("/orders", json=order).json()}
    for path in PATHS:
        answers[f"GET {path}"] = client.get(path).json()
    print(json.dumps(answers))
"""


def run_shop(tmp_path: Path, *overlays: str, paths: list[str]) -> dict[str, object]:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLES / "shop", project)
    for overlay in overlays:
        shutil.copytree(EXAMPLES / "pull_request" / overlay, project, dirs_exist_ok=True)
    program = SESSION.replace("PATHS", repr(paths))
    environment = {**os.environ, "SHOP_DATABASE_URL": f"sqlite:///{tmp_path}/shop.db"}
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    answers: dict[str, object] = json.loads(finished.stdout)
    return answers


def test_the_main_branch_serves_orders_and_products(tmp_path: Path) -> None:
    answers = run_shop(tmp_path, paths=["/orders", "/orders/1", "/products", "/customers/1/points"])

    assert answers["GET /orders"] == [answers["POST /orders"]] == [answers["GET /orders/1"]]
    assert answers["GET /products"] == [{"id": 1, "sku": "a", "name": "A", "cents": 500}]
    assert answers["GET /customers/1/points"] == {"points": 0}


@pytest.mark.parametrize("state", ["slow", "fast"])
def test_the_new_endpoints_answer_the_same_before_and_after_they_are_mended(
    tmp_path: Path, state: str
) -> None:
    paths = ["/orders/count", "/orders/1/tracking", "/customers/1/favourites"]

    answers = run_shop(tmp_path, state, paths=paths)

    assert answers["GET /orders/count"] == {"orders": 1}
    assert answers["GET /orders/1/tracking"] == {"status": "not shipped"}
    assert answers["GET /customers/1/favourites"] == [{"id": 1, "sku": "a", "name": "A", "cents": 500}]

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.github.contents import _batches, blob_sha
from tests.app.github.shop import Shop, opened
from tests.fakegithub import Content, FakeGitHub

FILES: dict[str, Content] = {
    "plain.py": b"x = 1\n",
    "crlf.py": b"x = 1\r\ny = 2\r\n",
    "bom.py": b"\xef\xbb\xbfx = 1\n",
    "latin.py": b"# coding: latin-1\nname = '\xe9'\n",
    "binary.bin": b"\x00\x01\x02" * 50,
    "empty.py": b"",
    "no newline.py": b"x = 1",
    "a?ref=main#.py": b"query\n",
    "{+x}.py": b"braces\n",
    'quote"){viewer{login}}.py': b"injection\n",
    "deep/er/ünï.py": b"path\n",
    "huge.py": b"x = 1  # padding padding padding\n" * 20_000,
    "link.py": ("120000", "plain.py"),
}


async def test_files_come_byte_for_byte_and_many_at_once(fakegithub: FakeGitHub) -> None:
    async with opened(fakegithub, {"README.md": "x\n"}, FILES) as shop:
        wanted = [(shop.head, path) for path in FILES]
        missing = [(shop.head, "missing.py"), (shop.pull.base_sha, "plain.py"), (shop.head, "deep")]

        found = await shop.client.contents.texts([*wanted, *missing, *wanted])

        expected = {(shop.head, path): content for path, content in FILES.items()}
        expected[shop.head, "link.py"] = b"plain.py"
        assert found == {**expected, **dict.fromkeys(missing)}
        assert shop.operations().count("graphql") == 1
        assert shop.operations().count("git/get-blob") <= 4  # the binary, the huge and the re-encoded


async def test_a_file_beyond_the_limit_is_cut_there(fakegithub: FakeGitHub) -> None:
    async with opened(fakegithub, {"README.md": "x\n"}, FILES) as shop:
        found = await shop.client.contents.texts([(shop.head, "huge.py")], limit=1000)

    content = FILES["huge.py"]
    assert isinstance(content, bytes)
    assert found[shop.head, "huge.py"] == content[:1000]


async def test_fifty_files_make_a_document(fakegithub: FakeGitHub) -> None:
    many: dict[str, Content] = {f"f{index}.py": f"x = {index}\n" for index in range(120)}
    async with opened(fakegithub, {"README.md": "x\n"}, many) as shop:
        found = await shop.client.contents.texts([(shop.head, path) for path in many])

        assert {path: content for (_, path), content in found.items()} == {
            path: str(text).encode() for path, text in many.items()
        }
        assert shop.operations() == ["graphql"] * 3
        assert shop.hub.waves(shop.hub.calls("graphql")) <= 2


@given(st.lists(st.tuples(st.just("c"), st.text(max_size=3)), unique=True), st.data())
def test_documents_hold_what_was_wanted_and_no_more_than_they_can(
    wanted: list[tuple[str, str]], data: st.DataObject
) -> None:
    sizes = {path: data.draw(st.integers(0, 3_000_000)) for _, path in wanted}

    batches = _batches(wanted, sizes)

    assert [item for batch in batches for item in batch] == wanted
    for batch in batches:
        assert len(batch) == 1 or sum(sizes[path] for _, path in batch) <= 2_000_000
        assert len(batch) <= 50


async def test_what_one_document_fails_to_bring_comes_otherwise(shop: Shop) -> None:
    shop.hub.expect("SERVICE_UNAVAILABLE", "graphql")
    shop.hub.faults.add("graphql_partial", "graphql")

    assert await shop.client.contents.texts([(shop.head, "shop/new.py")]) == {
        (shop.head, "shop/new.py"): b"a new file\nof two lines\n"
    }
    assert shop.operations() == ["graphql", "repos/get-content"]


async def test_a_tree_lists_files_with_their_blobs_and_sizes(fakegithub: FakeGitHub) -> None:
    async with opened(fakegithub, {"README.md": "x\n"}, FILES) as shop:
        tree = await shop.client.contents.tree(shop.head)

    assert set(tree.entries) == {*FILES, "README.md"} - {"link.py"}
    assert not tree.truncated
    for path in ("plain.py", "latin.py", "huge.py"):
        content = FILES[path]
        assert isinstance(content, bytes)
        assert tree.entries[path] == blob_sha(content)
        assert tree.sizes[path] == len(content)


async def test_a_tarball_is_the_whole_tree(shop: Shop, tmp_path: Path) -> None:
    destination = tmp_path / "tree.tar.gz"

    await shop.client.contents.tarball(shop.head, destination)

    data = await asyncio.to_thread(destination.read_bytes)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "shop/api.py", "shop/new.py"} <= names

"""What users upload."""

from __future__ import annotations

import pytest

from tests.api.conftest import Running


@pytest.fixture
def client(server: Running):
    return server.as_("analyst")


def kept(server: Running):
    root = server.instance.data_dir / "uploads"
    return {
        "/".join(path.relative_to(root).parts[1:]): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("kind", ["sessions", "artifacts"])
def test_a_file_is_kept_in_the_users_folder(server: Running, client, kind):
    found = client.post(f"/api/upload/{kind}", files={"file": ("a b.jsonl", b"{}")})
    assert found.status_code == 200
    assert found.json() == {"status": "ok", "filename": "a b.jsonl", "size": 2}
    assert kept(server) == {f"{kind}/a b.jsonl": b"{}"}


def test_the_same_name_again_takes_its_place(server: Running, client):
    for content in (b"old", b"new"):
        client.post("/api/upload/sessions", files={"file": ("s.jsonl", content)})
    assert kept(server) == {"sessions/s.jsonl": b"new"}


def test_two_users_do_not_meet(server: Running):
    for role in ("analyst", "admin"):
        server.as_(role).post("/api/upload/sessions", files={"file": ("s", role.encode())})
    assert len(list((server.instance.data_dir / "uploads").iterdir())) == 2


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "..",
        "a/b",
        "/etc/passwd",
        "..\\x",
        ".hidden",
        "a\0b",
        "a\nb",
        "",
        "x" * 201,
        "ä" * 101,
        "x.tmp",
        "CON:",
    ],
)
def test_a_name_that_is_none_for_a_file_is_refused(server: Running, client, name):
    found = client.post("/api/upload/artifacts", files={"file": (name, b"x")})
    assert found.status_code in (400, 422)
    assert "detail" in found.json()
    assert kept(server) == {}


def test_a_file_over_the_limit_is_413_and_leaves_nothing(start, catalog):
    server = start(catalog, upload_mb=1)
    client = server.as_("analyst")
    found = client.post("/api/upload/artifacts", files={"file": ("big", b"x" * (1 << 20))})
    assert found.status_code == 200
    for size in ((1 << 20) + 1, 3 << 20):
        found = client.post("/api/upload/artifacts", files={"file": ("big", b"y" * size)})
        assert found.status_code == 413
        assert "detail" in found.json()
    assert kept(server) == {"artifacts/big": b"x" * (1 << 20)}


def test_a_body_whose_length_is_not_said_is_stopped_on_the_way(start, catalog):
    server = start(catalog, upload_mb=1)

    def long():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'
        for _ in range(8):
            yield b"z" * (1 << 20)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    found = server.as_("analyst").post("/api/upload/artifacts", content=long(), headers=headers)
    assert found.status_code == 413
    assert "detail" in found.json()
    assert kept(server) == {}


def test_a_user_has_a_quota(start, catalog):
    server = start(catalog, upload_quota_mb=1)
    client = server.as_("analyst")
    half = b"x" * (600 << 10)
    assert client.post("/api/upload/artifacts", files={"file": ("a", half)}).status_code == 200
    found = client.post("/api/upload/sessions", files={"file": ("b", half)})
    assert found.status_code == 413
    assert "in all" in found.json()["detail"]
    assert client.post("/api/upload/artifacts", files={"file": ("a", half)}).status_code == 200
    assert set(kept(server)) == {"artifacts/a"}


def test_no_file_is_422(client):
    assert client.post("/api/upload/sessions").status_code == 422
    assert client.post("/api/upload/sessions", files={"other": ("a", b"")}).status_code == 422


def test_notes_are_kept(server: Running, client):
    found = client.post("/api/upload/local-md", json={"content": "# Notes ä"})
    assert found.json() == {"status": "ok", "user": "analyst@example.com", "size": 10}
    assert kept(server) == {"CLAUDE.local.md": "# Notes ä".encode()}


@pytest.mark.parametrize("content", [None, 1, ["x"], "x" * ((1 << 20) + 1)])
def test_notes_of_another_shape_are_refused(client, content):
    found = client.post("/api/upload/local-md", json={"content": content})
    assert found.status_code in (413, 422)


def test_notes_that_are_no_text_are_refused(client):
    found = client.post(
        "/api/upload/local-md",
        content=b'{"content": "\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert 400 <= found.status_code < 500


def test_a_disk_that_refuses_keeps_the_earlier_file(server: Running, client, monkeypatch):
    client.post("/api/upload/sessions", files={"file": ("s", b"old")})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agnes.tables.atomic.os.fsync", full)
    found = client.post("/api/upload/sessions", files={"file": ("s", b"new")})
    monkeypatch.undo()
    assert found.status_code == 503
    assert "No space left on device" in found.json()["detail"]
    assert kept(server) == {"sessions/s": b"old"}


def test_who_may_not_use_data_may_not_upload(server: Running):
    file = {"file": ("s", b"x")}
    assert server.client().post("/api/upload/sessions", files=file).status_code == 401
    assert server.as_("viewer").post("/api/upload/sessions", files=file).status_code == 403

"""Downloading the data of tables."""

from __future__ import annotations

import hashlib
import socket
import threading

import pytest

from tests.api.conftest import Running
from tests.tables.conftest import write_parquet

ORDERS = "/api/data/orders/download"
PRIVATE = "id: salaries\naccess: {groups: [finance]}\n"


@pytest.fixture
def content(server: Running) -> bytes:
    path = server.instance.data.file("orders")
    write_parquet(path, "SELECT range AS id, hash(range) AS h FROM range(20000)")
    return path.read_bytes()


def test_the_whole_file_comes_with_its_hash_as_tag(server: Running, content):
    found = server.as_("analyst").get(ORDERS)
    assert found.status_code == 200
    assert found.content == content
    assert found.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert found.headers["content-type"] == "application/vnd.apache.parquet"
    assert found.headers["content-length"] == str(len(content))
    assert found.headers["accept-ranges"] == "bytes"
    assert 'filename="orders.parquet"' in found.headers["content-disposition"]


def test_head_says_the_same_without_the_file(server: Running, content):
    found = server.as_("analyst").head(ORDERS)
    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["content-length"] == str(len(content))
    assert found.headers["etag"]


def test_what_the_caller_has_is_not_sent_again(server: Running, content):
    client = server.as_("analyst")
    etag = client.head(ORDERS).headers["etag"]
    found = client.get(ORDERS, headers={"If-None-Match": etag})
    assert (found.status_code, found.content) == (304, b"")
    assert found.headers["etag"] == etag
    assert client.get(ORDERS, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999999", 5, None),
        ("bytes=-99999999999", 0, None),
    ],
)
def test_a_part_of_it_comes_alone(server: Running, content, asked, first, last):
    found = server.as_("analyst").get(ORDERS, headers={"Range": asked})
    expected = content[first:] if last is None else content[first : last + 1]
    assert found.status_code == 206
    assert found.content == expected
    start = content.index(expected) if first == 0 else first % len(content)
    end = start + len(expected) - 1
    assert found.headers["content-range"] == f"bytes {start}-{end}/{len(content)}"


@pytest.mark.parametrize("asked", ["bytes=9999999-", "bytes=-0", "bytes=99999999-999999999"])
def test_what_is_behind_the_end_is_416(server: Running, content, asked):
    found = server.as_("analyst").get(ORDERS, headers={"Range": asked})
    assert found.status_code == 416
    assert found.headers["content-range"] == f"bytes */{len(content)}"
    assert "detail" in found.json()


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=" + "9" * 99],
)
def test_a_range_that_makes_no_sense_gives_the_whole(server: Running, content, asked):
    found = server.as_("analyst").get(ORDERS, headers={"Range": asked})
    assert (found.status_code, found.content) == (200, content)


def test_a_download_goes_on_where_it_broke_off_unless_the_file_is_another(server: Running, content):
    client = server.as_("analyst")
    etag = client.head(ORDERS).headers["etag"]
    part = {"Range": "bytes=100-"}
    assert client.get(ORDERS, headers=part | {"If-Range": etag}).content == content[100:]
    write_parquet(server.instance.data.file("orders"), "SELECT 1 AS id")
    found = client.get(ORDERS, headers=part | {"If-Range": etag})
    assert found.status_code == 200
    assert hashlib.sha256(found.content).hexdigest() == found.headers["etag"].strip('"')


def test_a_download_during_a_swap_is_one_file(server: Running, content):
    client = server.as_("analyst")
    folder = server.instance.data
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    with client.stream("GET", ORDERS) as found:
        chunks = found.iter_raw(1000)
        received = next(chunks)
        with folder.incoming() as incoming:
            folder.put("orders", write_parquet(incoming / "x.parquet", "SELECT 1 AS id"), 1)
        received += b"".join(chunks)
    assert found.headers["etag"] == etag
    assert received == content


def test_downloads_while_the_file_changes_all_the_time_fit_their_tags(server: Running, content):
    folder = server.instance.data
    stop = threading.Event()

    def swap():
        number = 0
        while not stop.is_set():
            number += 1
            with folder.incoming() as incoming:
                sql = f"SELECT range + {number} AS id FROM range(5000)"
                folder.put("orders", write_parquet(incoming / "x.parquet", sql), 5000)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        client = server.as_("analyst")
        for _ in range(60):
            found = client.get(ORDERS)
            assert hashlib.sha256(found.content).hexdigest() == found.headers["etag"].strip('"')
            assert len(found.content) == int(found.headers["content-length"])
    finally:
        stop.set()
        thread.join()


def test_a_table_that_may_not_be_used_looks_as_one_that_is_not_there(server: Running):
    server.commit({"tables/salaries.yml": PRIVATE})
    write_parquet(server.instance.data.file("salaries"))
    analyst = server.as_("analyst")
    hidden = analyst.get("/api/data/salaries/download")
    unknown = analyst.get("/api/data/nothing/download")
    assert hidden.status_code == unknown.status_code == 403
    assert hidden.content == unknown.content
    assert server.as_("analyst", "finance").get("/api/data/salaries/download").status_code == 200
    assert server.as_("admin").get("/api/data/salaries/download").status_code == 200
    assert server.as_("admin").get("/api/data/nothing/download").status_code == 404


def test_a_table_without_data_is_404_and_says_what_to_do(server: Running):
    found = server.as_("analyst").get(ORDERS)
    assert found.status_code == 404
    assert found.json()["detail"] == "Table 'orders' has no data yet"


def test_who_may_not_use_data_may_not_download(server: Running, content):
    assert server.client().get(ORDERS).status_code == 401
    assert server.as_("viewer").get(ORDERS).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "..%2F..%2Fstate%2F.jwt_secret",
        "%2e%2e%2fstate%2fagnes.sqlite",
        "..",
        "%2e%2e",
        "orders%00",
        "%00",
        "orders%2F..%2Forders",
        "..%5C..%5Cstate",
        "%2Fetc%2Fpasswd",
        "%252e%252e%252fstate",
        "manifest",
        ".lock",
        "%ff%fe",
        "o" * 300,
        "orders.parquet",
        "%ED%A0%80",
    ],
)
@pytest.mark.parametrize("role", ["analyst", "admin"])
def test_no_path_leads_out_of_the_folder(server: Running, content, path, role):
    token = server.token(f"{role}@example.com", role)
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:  # as it is: httpx would tidy it
        request = (
            f"GET /api/data/{path}/download HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        raw.sendall(request.encode())
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    status = int(answer.split()[1])
    assert 400 <= status < 500
    assert b'{"detail":' in answer
    assert str(server.instance.data_dir).encode() not in answer


def test_the_manifest_has_what_the_caller_may_see(server: Running, content):
    server.commit({"tables/salaries.yml": PRIVATE})
    write_parquet(server.instance.data.file("salaries"))
    write_parquet(server.instance.data.file("unregistered"))
    found = server.as_("analyst").get("/api/sync/manifest").json()
    assert found["tables"] == {
        "orders": {
            "hash": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "rows": 20000,
            "updated": found["tables"]["orders"]["updated"],
        }
    }
    assert found["assets"]["catalog"]["hash"]
    assert found["server_time"]
    finance = server.as_("analyst", "finance").get("/api/sync/manifest").json()
    assert set(finance["tables"]) == {"orders", "salaries"}

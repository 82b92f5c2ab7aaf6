"""`da instance backup` and `restore`, while the server runs."""

from __future__ import annotations


def test_a_running_server_goes_into_a_file_and_another_one_comes_out_of_it(
    da, server, start, tmp_path
):
    token = server.token("ada@example.com", "admin")
    place = ("--catalog", server.repository.path, "--data-dir", server.instance.data_dir)
    made = da("instance", "backup", tmp_path / "backup.tar", *place)
    restored = da(
        *("instance", "restore", tmp_path / "backup.tar", "--to", tmp_path / "new", "--json")
    )
    again = start(type(server.repository)(tmp_path / "new"), data_dir=tmp_path / "new" / "data")

    assert made.code == 0
    assert made.out.startswith(f"Wrote {tmp_path / 'backup.tar'}, 0.")
    assert restored.json["users"] == 1
    found = again.client(token).get("/api/metrics/revenue/mrr")  # the old token is good here too
    assert found.status_code == 200
    assert found.json() == server.client(token).get("/api/metrics/revenue/mrr").json()


def test_what_was_restored_is_said(da, server, tmp_path):
    place = ("--catalog", server.repository.path, "--data-dir", server.instance.data_dir, "--json")
    assert da("instance", "backup", tmp_path / "b.tar", *place).json["size_bytes"] > 0

    done = da("instance", "restore", tmp_path / "b.tar", "--to", tmp_path / "new")

    assert done.out.startswith("Restored the backup of 20")
    assert f"Next: da serve --catalog {tmp_path / 'new'}" in done.out
    assert da("instance", "restore", tmp_path / "b.tar", "--to", tmp_path / "new").code == 1

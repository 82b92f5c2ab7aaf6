from __future__ import annotations

import pytest

from tests.conftest import GitRepository


def test_an_instance_without_a_template_leaves_it_to_the_client(server, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    answer = server.as_("viewer").get("/api/workspace/template")

    assert (answer.status_code, answer.json()) == (200, {"template": None})


def test_the_template_beside_the_settings_is_handed_out(start, catalog, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "claude_md_template.txt").write_text("# {instance_name}: ours\n")

    answer = start(catalog).as_("viewer").get("/api/workspace/template")

    assert answer.json() == {"template": "# {instance_name}: ours\n"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_template_that_cannot_be_read_is_said(start, catalog: GitRepository, tmp_path, content):
    file = tmp_path / "template.txt"
    if content is not None:
        file.write_bytes(content)

    answer = start(catalog, claude_md_template=file).as_("viewer").get("/api/workspace/template")

    assert answer.status_code == 503
    assert "claude_md_template" in answer.json()["hint"]

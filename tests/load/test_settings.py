"""What agnes.yml says, read alone."""

from __future__ import annotations

import pytest

from agnes.errors import AgnesError
from agnes.load.settings import engine_of


@pytest.mark.parametrize("text", ["", "name: Shop\n", "# engine: postgres://host/db\n"])
def test_agnes_yml_need_not_name_an_engine(tmp_path, text):
    (tmp_path / "agnes.yml").write_text(text)
    assert engine_of(tmp_path) is None


def test_a_folder_without_settings_has_no_engine(tmp_path):
    assert engine_of(tmp_path) is None


def test_the_engine_is_the_one_that_agnes_yml_names(tmp_path):
    (tmp_path / "agnes.yml").write_text("engine: postgres://host/db\n")
    assert engine_of(tmp_path) == "postgres://host/db"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: Shop\nengine: postgres://u:hunter2@host/db\n", "^agnes.yml:2: .* password"),
        ("engine: [\n", "^agnes.yml:"),
        ("name: Shop\nengine: true\n", "^agnes.yml:2: .*engine"),
    ],
)
def test_settings_that_do_not_validate_are_refused_with_their_line(tmp_path, text, said):
    (tmp_path / "agnes.yml").write_text(text)
    with pytest.raises(AgnesError, match=said) as caught:
        engine_of(tmp_path)
    assert "hunter2" not in str(caught.value)

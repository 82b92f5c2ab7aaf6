from __future__ import annotations

import hashlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agnes.errors import UnavailableError
from agnes.workspace.instructions import Facts, instructions, write_instructions
from agnes.workspace.layout import Workspace
from tests.cli.commands import all_problems, lines, mentions
from tests.workspace.test_quoting import ANY

METRICS = [
    {
        "id": "revenue/mrr",
        "display_name": "Monthly recurring revenue (MRR)",
        "description": "What subscriptions bring in",
        "category": "revenue",
    }
]
FACTS = Facts("Acme", "https://agnes.acme.com", "30 minutes", METRICS)
READS = ("list", "show", "search", "lineage", "history", "blame", "log", "status", "diagnose")
READS += ("query", "explore", "skills", "run", "explain", "answers")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def outside_fences(text: str) -> str:
    return re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


# What is in it


def test_all_placeholders_are_filled():
    text = instructions(FACTS)

    assert text.startswith("# Acme — AI Data Analyst\n")
    for value in ("https://agnes.acme.com", "30 minutes", 'revenue/mrr "Monthly recurring'):
        assert value in text
    assert not re.search(r"\{\w+\}", text)


def test_the_rule_and_the_three_calls_are_there():
    text = instructions(FACTS)

    assert "Before computing any business metric: `da metrics show <category>/<name>`" in text
    assert (
        'da metrics search "MRR" --json\nda metrics show revenue/mrr --json\nda metrics run' in text
    )
    assert "user/artifacts/" in text
    assert "not `DESCRIBE`" in text


def test_the_examples_are_of_a_metric_that_is_there():
    metrics = [{"id": "hr/sick_days", "display_name": "Sick days"}]

    text = instructions(Facts("Acme", "https://a.example", "1 hour", metrics))

    assert "revenue/mrr" not in text
    assert 'da metrics search "sick days" --json\nda metrics show hr/sick_days --json' in text


def test_its_commands_are_commands():
    text = instructions(FACTS)

    assert len(list(lines(text))) > 10
    assert len(list(mentions(text))) > 3
    assert all_problems(text) == []


def test_a_metric_that_the_user_may_not_see_is_not_there():
    assert "secret/plan" not in instructions(FACTS)


# What an instance brings along


def test_an_instances_own_template_is_used():
    template = "# {instance_name}'s AI Data Analyst\n{server_url} {sync_interval}\n{metrics}\n"

    text = instructions(Facts("Acme", "https://a.example", "1 hour", METRICS, template))

    assert text.startswith("# Acme's AI Data Analyst\nhttps://a.example 1 hour\n```text\n")


@pytest.mark.parametrize("template", ["", "Nothing.", "# X — AI Data Analyst\n", "{sync_interval}"])
def test_what_a_template_has_no_place_for_is_said_at_its_end(template):
    text = instructions(Facts("Acme", "https://a.example", "2 days", METRICS, template))

    for value in ("Acme", "https://a.example", "2 days", "revenue/mrr", "AI Data Analyst"):
        assert text.count(value) == 1, value


def test_a_template_may_use_braces_for_itself():
    text = instructions(Facts("Acme", "https://a.example", "1 hour", (), '{"a": 1} {other} {}'))

    assert '{"a": 1} {other} {}' in text


def test_a_templates_imports_and_controls_are_no_more():
    template = "See @~/.ssh/id_rsa and\n@../x and @.claude/CLAUDE.local.md \x1b[31m\u202ex a@b.cz"

    text = instructions(Facts("Acme", "https://a.example", "1 hour", (), template))

    assert r"See \@~/.ssh/id_rsa and" in text
    assert r"\@../x and @.claude/CLAUDE.local.md [31mx a@b.cz" in text


@given(st.tuples(ANY, ANY, ANY), ANY, ANY)
def test_what_users_wrote_changes_nothing_but_its_own_place(facts, name, description):
    metrics = [{"id": "revenue/mrr", "display_name": name, "description": description}]

    text = instructions(Facts(*facts, metrics))
    plain = instructions(Facts("Acme", "https://a.example", "1 hour", METRICS))

    assert len(text.splitlines()) == len(plain.splitlines())
    assert text.count("```") == plain.count("```")
    assert not re.search(r"\{(instance_name|server_url|sync_interval|metrics)\}", text)
    assert (
        re.findall(r"^#+ .*$", text, re.MULTILINE)[1:]
        == re.findall(r"^#+ .*$", plain, re.MULTILINE)[1:]
    )
    assert list(lines(text)) == list(lines(plain)), "a command that is not ours"
    assert "<!--" not in text
    assert "\x1b" not in text
    assert re.findall(r"(?<!\S)@\S+", text) == ["@.claude/CLAUDE.local.md"]


# The files


def test_everything_an_agent_reads_is_written(workspace):
    written = write_instructions(workspace, FACTS)

    names = [str(path.relative_to(workspace.root)) for path in written]
    assert names == [
        "CLAUDE.md",
        "AGENTS.md",
        ".claude/CLAUDE.local.md",
        ".claude/settings.json",
        ".claude/skills/metrics/SKILL.md",
    ]
    assert all(path.stat().st_size for path in written)
    assert workspace.is_initialized


def test_again_nothing_is_new(workspace):
    write_instructions(workspace, FACTS)

    assert write_instructions(workspace, FACTS) == []


def test_new_metrics_change_the_instructions_alone(workspace):
    write_instructions(workspace, FACTS)

    written = write_instructions(workspace, Facts("Acme", "https://a.example", "1 hour"))

    assert written == [workspace.claude_md, workspace.agents_md]


@pytest.mark.parametrize("mine", ["", "# Mine\n"])
def test_the_analysts_notes_are_never_overwritten(workspace, mine):
    workspace.claude_dir.mkdir()
    workspace.local_md.write_text(mine)

    write_instructions(workspace, FACTS)

    assert workspace.local_md.read_text() == mine


@pytest.mark.parametrize("name", ["settings.json", "skills/metrics/SKILL.md"])
def test_settings_and_skill_that_the_analyst_changed_are_kept(workspace, name):
    write_instructions(workspace, FACTS)
    (workspace.claude_dir / name).write_text("mine")

    assert write_instructions(workspace, FACTS) == []
    assert (workspace.claude_dir / name).read_text() == "mine"


def test_settings_that_were_there_before_are_kept(workspace):
    workspace.claude_dir.mkdir()
    (workspace.claude_dir / "settings.json").write_text("{}")

    write_instructions(workspace, FACTS)

    assert (workspace.claude_dir / "settings.json").read_text() == "{}"


def test_settings_of_an_older_version_are_brought_up_to_date(workspace):
    write_instructions(workspace, FACTS)
    settings = workspace.claude_dir / "settings.json"
    now = settings.read_text()
    settings.write_text("older")
    note = workspace.claude_dir / "agnes.json"
    ours = json.loads(note.read_text())
    note.write_text(json.dumps(ours | {"settings.json": hashlib.sha256(b"older").hexdigest()}))

    assert write_instructions(workspace, FACTS) == [settings]
    assert settings.read_text() == now


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00"])
def test_a_note_that_is_none_means_that_nothing_is_ours(workspace, content):
    write_instructions(workspace, FACTS)
    (workspace.claude_dir / "agnes.json").write_text(content)
    (workspace.claude_dir / "settings.json").write_text("mine")

    write_instructions(workspace, FACTS)

    assert (workspace.claude_dir / "settings.json").read_text() == "mine"


@pytest.mark.parametrize("name", ["CLAUDE.md", "AGENTS.md"])
def test_instructions_of_another_project_are_kept_beside(workspace, name):
    (workspace.root / name).write_bytes(b"# My app\xff\n")

    write_instructions(workspace, FACTS)

    beside = name.replace(".md", ".before-agnes.md")
    assert (workspace.root / beside).read_bytes() == b"# My app\xff\n"
    assert "AI Data Analyst" in (workspace.root / name).read_text()


def test_a_folder_in_the_way_is_an_expected_error(workspace):
    workspace.claude_md.mkdir()

    with pytest.raises(UnavailableError, match=r"CLAUDE\.md"):
        write_instructions(workspace, FACTS)


# Permissions


def test_commands_that_only_read_are_allowed_and_data_is_not_written(workspace):
    write_instructions(workspace, FACTS)

    permissions = json.loads((workspace.claude_dir / "settings.json").read_text())["permissions"]
    assert "Edit(/data/**)" in permissions["deny"]
    for rule in permissions["allow"]:
        command = re.fullmatch(r"Bash\((da [a-z ]+):\*\)", rule)[1]
        assert command.split()[-1] in READS, rule
        assert all_problems(f"`{command}`") == []


def test_the_skill_is_one_that_claude_code_reads_and_its_commands_are_commands(workspace):
    write_instructions(workspace, FACTS)

    text = (workspace.claude_dir / "skills" / "metrics" / "SKILL.md").read_text()
    header = re.match(r"---\nname: ([a-z-]{1,64})\ndescription: (.{1,1024})\n---\n", text)
    assert header[1] == "metrics"
    assert list(mentions(text))
    assert all_problems(text) == []

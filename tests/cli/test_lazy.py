import subprocess
import sys

import pytest

CODE = """
import sys
sys.argv = ["da", *{arguments!r}]
from agnes.cli.main import main
try:
    main()
except SystemExit:
    pass
print(*sorted(name for name in sys.modules if name.startswith("agnes.cli.")), file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    code = CODE.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.removeprefix("agnes.cli.") for name in done.stderr.split()}


def test_help_imports_no_group_to_say_what_it_is_for() -> None:
    assert not imported("--help") & {"metrics", "catalog", "cache", "hooks", "validate", "diff"}


def test_a_command_imports_none_of_its_siblings() -> None:
    assert not imported("metrics", "show", "-h") & {"catalog", "validate", "diff", "changes"}


@pytest.mark.parametrize("group", ["metrics", "catalog", "hooks", "cache"])
def test_a_group_says_the_same_of_itself_as_the_list_of_groups(da, group: str) -> None:
    first = da(group, "--help").out.split("Options:")[0].split("\n\n", 1)[1]
    assert " ".join(first.split()) in " ".join(da("--help").out.split())

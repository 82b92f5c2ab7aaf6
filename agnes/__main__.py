"""`python -m agnes`, the same as `da`."""

from agnes.cli.main import run

run()

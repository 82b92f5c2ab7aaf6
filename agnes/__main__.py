"""`python -m agnes`, the same as `da`."""

from agnes.cli.main import main

main()

"""Run one statement in the child's locked-down database, past the check of statements.

Standard input: JSON with `roots` (folders to import from), `files` of the table `orders`, `sql`.
Standard output: the word `landlock` if it is in force, then what the statement gave.
"""

import json
import os
import sys

request = json.load(sys.stdin)
sys.path += request["roots"]

from agnes.sandbox.child.database import connect, set_up  # noqa: E402
from agnes.sandbox.child.lockdown import limit_seconds, lock_down  # noqa: E402

connection = connect(256)
landlock = lock_down(request["files"], 512)
limit_seconds(1)
assert set_up(connection, [{"name": "orders", "files": request["files"]}]) == {}
os.write(1, b"landlock " if landlock else b"")
try:
    given = f"gave {connection.execute(request['sql']).fetchmany(1000)}"
except Exception as error:  # noqa: BLE001
    given = f"failed {error}"
os.write(1, given.encode()[:60_000])

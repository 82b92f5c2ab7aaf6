"""Runs a command; tells what it took. Small, so that its own memory is not counted.

    python -IS measure.py result.json command ...

A process that is started counts the memory of the one that starts it, until it becomes itself.
"""

import json
import os
import sys
import time

begin = time.monotonic()
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
result = {
    "seconds": time.monotonic() - begin,
    "processor_seconds": used.ru_utime + used.ru_stime,
    "megabytes": used.ru_maxrss / 1024,
    "code": os.waitstatus_to_exitcode(status),
}
with open(sys.argv[1], "w", encoding="ascii") as file:  # noqa: PTH123  (pathlib is not small)
    json.dump(result, file)

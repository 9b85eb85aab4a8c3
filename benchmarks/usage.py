"""``python -m benchmarks.usage COMMAND ...``: runs it, then a line of JSON of what it took.

In a small process of its own: the peak memory of a process starts at that of the one it came from.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main() -> int:
    """The command's exit status."""
    start = time.perf_counter()
    status = subprocess.run(sys.argv[1:], check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
    }
    print(json.dumps(told), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())

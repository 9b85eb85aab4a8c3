"""Snakemake, called again and again from one process that has imported it once.

Reads a JSON list of arguments a line; answers with a line of [exit status, what was printed].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback

from snakemake.cli import main


def called(arguments: list[str], to: int) -> None:
    """In a child: never returns."""
    os.dup2(to, 1)
    os.dup2(to, 2)
    status = 1
    try:
        main(arguments)
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


for line in sys.stdin:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            called(json.loads(line), said.fileno())
        _, status = os.waitpid(child, 0)
        said.seek(0)
        print(json.dumps([os.waitstatus_to_exitcode(status), said.read().decode()]), flush=True)

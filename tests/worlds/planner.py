"""Snakemake, called again and again from one process that has imported it once.

Reads a JSON list of arguments a line; answers with a line of [exit status, what was printed].
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import IO

from snakemake.cli import get_argument_parser, main

# Finds Snakemake's plugins, which takes as long as a dry run.
get_argument_parser()


def called(arguments: list[str], said: IO[bytes], loaded: IO[bytes]) -> None:
    """In a child: never returns."""
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
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
        loaded.write(json.dumps([*sys.modules]).encode())
        loaded.flush()
        os._exit(status)


for line in sys.stdin:
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as loaded:
        child = os.fork()
        if child == 0:
            called(json.loads(line), said, loaded)
        _, status = os.waitpid(child, 0)
        for file in (said, loaded):
            file.seek(0)
        # What a call imports, later ones need not; what it found out dies with it.
        for name in json.loads(loaded.read()):
            if name.startswith(("approxgan", "snakemake", "jsonschema", "numpy", "yaml")):
                importlib.import_module(name)
        print(json.dumps([os.waitstatus_to_exitcode(status), said.read().decode()]), flush=True)

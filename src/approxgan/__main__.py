"""``python -m approxgan``: see ``approxgan.cli.parser``."""

import sys

from approxgan.cli import process
from approxgan.cli.parser import main

if __name__ == "__main__":
    process.begin()
    status = main()
    process.end()
    sys.exit(status)

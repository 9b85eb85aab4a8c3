"""``python -m approxgan``: see ``approxgan.cli.parser``."""

import sys

from approxgan.cli import process

process.begin()

from approxgan.cli.parser import main  # noqa: E402

if __name__ == "__main__":
    status = main()
    process.end()
    sys.exit(status)

"""``python -m approxgan``: see ``approxgan.cli.parser``."""

import sys

from approxgan.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m control_pgm`` is the command line."""

import sys

from control_pgm.cli import main

sys.exit(main())

"""The command line: ``control-pgm VERB …``, see ``control-pgm --help``.

Exit codes: 0 done, 1 a check failed, 2 the command was not understood or its input was wrong.
"""

from control_pgm.cli.main import main

__all__ = ["main"]

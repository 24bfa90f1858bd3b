"""The command line: ``control-pgm info | solve | query | draw | crosscheck | demo``.

Exit codes: 0 done, 1 a check failed, 2 the command was not understood or its input was wrong.
"""

from control_pgm.cli.main import main

__all__ = ["main"]

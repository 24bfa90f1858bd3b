"""Drawing for dark pages: what a cell says after its comment "# Picture: …" is drawn a second time in a dark style."""

import re
import sys
from pathlib import Path

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult

COMMENT = re.compile(r"^# Picture: .*(?:\n#.*)*\n", re.MULTILINE)
DARK = ["dark_background", str(Path(__file__).with_name("dark.mplstyle"))]


def draw_again(result: ExecutionResult) -> None:
    """Draw the picture of a cell in the dark style, in a copy of the names that the cell sees."""
    source = result.info.raw_cell
    comment = COMMENT.search(source)
    if comment is None or not result.success:
        return
    import matplotlib.pyplot as plt
    from matplotlib_inline.backend_inline import flush_figures

    with plt.style.context(DARK):
        exec(compile(source[comment.end() :], "dark picture", "exec"), dict(get_ipython().user_ns))
        flush_figures()


sys.argv[1:] = []  # a kernel's own arguments are none of the script's
get_ipython().events.register("post_run_cell", draw_again)

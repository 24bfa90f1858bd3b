"""``python -m tests.benchmarks [dense|sparse|types|peers|growth|batch|limit|irregular|all]``: see `command`."""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

from tests.benchmarks.command import main  # noqa: E402

if __name__ == "__main__":
    main()

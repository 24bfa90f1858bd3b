"""Pictures are drawn without a display; every test must leave the style and the figures as it found them."""

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def same_style_no_leaks():
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before, "a picture has changed the global style"
    plt.close("all")

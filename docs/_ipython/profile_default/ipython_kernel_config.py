"""How the kernels of the lessons draw: sharp pictures on white, cropped to what is drawn."""

c = get_config()  # noqa: F821 - given by IPython
c.InlineBackend.figure_formats = {"retina"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "facecolor": "white", "dpi": 100}

"""How the kernels of the lessons draw: cropped to what is drawn, large enough to be read."""

c = get_config()  # noqa: F821 - given by IPython
c.InlineBackend.figure_formats = {"png"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "dpi": 130}
c.IPKernelApp.log_level = "ERROR"  # kernels of one machine need not warn about their TCP

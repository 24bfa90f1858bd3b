"""Numbers of any magnitude: scaled linear values or logarithms, dense and sparse, with exact zeros."""

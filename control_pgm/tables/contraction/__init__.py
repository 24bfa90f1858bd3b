"""Contraction of tables over named axes: plans, their lowering to NumPy, sparse operands, lost digits."""

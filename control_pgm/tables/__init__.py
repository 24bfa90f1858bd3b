"""Named-variable tables and the numbers they hold."""

from control_pgm.tables.factor import Factor
from control_pgm.tables.labelled_array import LabelledArray
from control_pgm.tables.sparse_factor import SparseFactor
from control_pgm.tables.variable import Variable

__all__ = ["Factor", "LabelledArray", "SparseFactor", "Variable"]

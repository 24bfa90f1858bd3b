"""Growth rates of non-negative matrices: leading eigenpairs, first exit, communicating classes."""

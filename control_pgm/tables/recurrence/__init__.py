"""Linear recurrences of tables: the same steps again and again, their bounds, history and checkpoints."""

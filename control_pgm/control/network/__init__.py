"""Control networks: unrolled decision processes with optimality nodes."""

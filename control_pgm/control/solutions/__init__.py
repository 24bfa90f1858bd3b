"""Solutions: policies, values and messages by their textbook names."""

"""Linearly solvable processes (Todorov 2006): passive dynamics, desirability, Z iteration."""

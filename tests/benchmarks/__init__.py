"""Benchmarks: ratios against named alternatives, in one process. Run with ``python -m tests.benchmarks``."""

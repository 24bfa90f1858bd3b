"""Environments: Gymnasium tables, and processes estimated from samples."""

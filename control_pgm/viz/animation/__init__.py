"""Animations of messages."""

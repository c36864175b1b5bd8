"""Finds out what is wrong with a Symphony cluster, root cause first."""

__version__ = "0.1.0"

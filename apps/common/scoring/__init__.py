"""Comparison of a run with its baselines."""

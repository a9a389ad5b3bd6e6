"""Defaults that fit the data: lengths, and the cycles that the values follow."""

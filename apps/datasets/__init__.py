"""Embedded data sets, made or shipped by other packages."""

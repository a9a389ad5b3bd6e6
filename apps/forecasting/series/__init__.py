"""Series: tables over time on a regular grid, and windows of them."""

"""The networks that forecast, and their loss."""

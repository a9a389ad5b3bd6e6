"""Files to ship: written, run again, compared, described."""

"""The life of a folder: its lock, its staged files, its record and its plan."""

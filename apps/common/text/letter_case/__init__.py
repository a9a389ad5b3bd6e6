"""The case of a text, which a model does not read, and which its answer gets."""

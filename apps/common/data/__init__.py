"""Data from files and from TensorFlow Datasets, and their splits."""

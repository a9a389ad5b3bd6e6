"""Texts: cleaning, tokenizers and their graphs, batches."""

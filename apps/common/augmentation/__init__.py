"""Training pairs, changed anew in each epoch: a model reads what people type."""

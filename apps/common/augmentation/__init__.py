"""Training pairs, changed anew in each epoch, so that a model reads what people type."""

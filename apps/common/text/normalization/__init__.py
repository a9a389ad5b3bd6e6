"""One normalisation of texts, for Python and for the graph of an exported file."""

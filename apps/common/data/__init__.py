"""Tables, texts and splits as they come from files."""

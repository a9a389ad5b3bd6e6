"""The formats of tables: text with separators, JSON and parquet."""

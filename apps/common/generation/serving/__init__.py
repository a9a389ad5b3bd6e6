"""A text-to-text model as functions: what it reads, how it decodes, what it gives."""

"""A page on localhost that runs an exported .tflite file by itself.

Example:

    from polyhead.apps.demo import serve

    serve("saved_models/reviews", print)  # until Ctrl-C
"""

from .server import serve

__all__ = ["serve"]

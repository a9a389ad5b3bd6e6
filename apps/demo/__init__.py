"""A page on localhost that runs an exported .tflite file by itself.

Example:

    from polyhead.apps.demo import serve

    serve("saved_models/reviews", print)  # until Ctrl-C
"""

__all__ = ["serve"]


def serve(path, tell, port=8000, assets=None):
    """Serves a run's page until it is interrupted; see `server.serve`."""
    from .server import serve

    serve(path, tell, port, assets)

"""One app a task, each from data to a file that can be shipped."""

if __name__ != "polyhead.apps":
    raise ImportError(f"import polyhead.apps, not {__name__}")

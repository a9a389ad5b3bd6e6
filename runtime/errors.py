"""Errors that a user can act on."""


class PolyheadError(Exception):
    """Its message is one line: the file, row or value at fault, and the remedy."""

    exit_status = 1


class UsageError(PolyheadError):
    """The command, its settings or what it was given are wrong."""

    exit_status = 2


# Modules whose package has another name.
_PACKAGES = {"google": "protobuf", "sklearn": "scikit-learn"}


def missing_package(error: BaseException, what: str) -> PolyheadError | None:
    """The error of a package that is not installed, or that cannot be imported.

    Args:
        error: any error, which an `ImportError` may have caused.
        what: what needs the package, as the message calls it.

    Returns:
        An error of one line that names the package and the remedy. None if no package
        is the cause, or if the error itself says what to install.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ImportError):
        cause = cause.__cause__
    says_it = isinstance(error, PolyheadError) and "pip install" in str(error)
    if cause is None or says_it or (cause.name or "").startswith("polyhead."):
        return None
    every = "in Polyhead's folder `pip install .` installs all that it needs"
    module = (cause.name or "").partition(".")[0]
    if module == "polyhead":  # run from its folder, where its version is not known
        return PolyheadError(f"{what} needs Polyhead to be installed: {every}")
    package = _PACKAGES.get(module, module.replace("_", "-"))
    if isinstance(cause, ModuleNotFoundError) and package:
        return PolyheadError(
            f"{what} needs {package}, which is not installed: pip install {package}; "
            f"{every}"
        )
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    named = package or "a package"
    return PolyheadError(
        f"{what} needs {named}, which cannot be imported ({reason}): install it again; "
        f"{every}"
    )

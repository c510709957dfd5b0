"""How to install what an optional part of the package needs."""


def installation(extra: str) -> str:
    """The command that installs the distributions of an extra, whether or not this package is in an index.

    Args:
        extra: an extra of ``pyproject.toml``: ``"torch"``, ``"suite"``, ``"plot"``, …

    Examples:
        >>> installation("plot")
        "pip install 'matplotlib>=3.9'"
    """
    from importlib.metadata import PackageNotFoundError, requires  # 10 ms that only an error pays

    try:
        lines = requires("autodiff-spec") or []
    except PackageNotFoundError:  # imported from a checkout's folder
        return f"pip install -e '.[{extra}]'"
    needed = [line.partition(";") for line in lines]
    return " ".join(["pip install", *(f"'{name.strip()}'" for name, _, marker in needed if _names(marker, extra))])


def _names(marker: str, extra: str) -> bool:
    return f"extra == '{extra}'" in marker.replace('"', "'")

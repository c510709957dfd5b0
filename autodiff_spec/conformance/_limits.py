"""The limits of what a backend declares: `Backend.lacks`."""

from __future__ import annotations

from autodiff_spec import Backend


def limits(be: Backend, function: str) -> list[str]:
    """The limits that a backend names of a function: ``["second order", "float16"]``.

    Examples:
        >>> import autodiff_spec as ad
        >>> limits(ad.backend("numpy"), "cumulative_prod")
        []
    """
    said = ",".join(be.lacks.get(key, "") for key in (function, "*"))
    return [limit.strip() for limit in said.split(",") if limit.strip()]

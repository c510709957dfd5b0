"""A prepared function that was not prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autodiff_spec._derived import TreeFunction
    from autodiff_spec._trees import Structure


class AsItIs:
    """A function of arrays that runs unprepared: what backends that have nothing faster prepare."""

    def __init__(self, f: TreeFunction) -> None:
        self._f = f

    def __repr__(self) -> str:
        return "runs as it is"

    def __call__(self, arrays: list[Any], out: list[Any] | None) -> tuple[list[Any], Structure]:
        """The leaves of the result, and its structure."""
        return self._f(*arrays)

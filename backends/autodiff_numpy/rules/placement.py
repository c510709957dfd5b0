"""Operations that move values, and leave them what they are: methods of Dask's that say where its blocks are."""

from __future__ import annotations

from autodiff_numpy._dask import ChunkedShape, placed
from autodiff_numpy._rule import rule


def _moved(x, move):
    return move(x)


vars(_moved)["may_compute"] = True  # where the program says compute()


def _placed(g, shape):
    """A cotangent in the chunks of the array whose shape it is."""
    return placed(g, shape) if isinstance(shape, ChunkedShape) else g


rule(_moved, lambda xp, g, x_shape: xp.placed(g, x_shape), jvp=lambda xp, t, move: xp.moved(t, move))
rule(_placed, lambda xp, g: g, jvp=lambda xp, t: t)

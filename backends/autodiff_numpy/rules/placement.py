"""Operations that move values, and leave them what they are: methods of Dask's that say where its blocks are."""

from __future__ import annotations

from autodiff_numpy._dask import ChunkedShape, filled
from autodiff_numpy._rule import rule


def _moved(x, move):
    return move(x)


vars(_moved)["may_compute"] = True  # where the program says compute()


def _placed(g, shape):
    """A cotangent in the chunks of the array whose shape it is."""
    if not isinstance(shape, ChunkedShape):
        return g
    if hasattr(g, "chunks"):
        return g.rechunk(shape.chunks)
    return filled(shape, g)


rule(_moved, lambda xp, g, x_shape: xp.placed(g, x_shape), jvp=lambda xp, t, move: xp.moved(t, move))
rule(_placed, lambda xp, g: g, jvp=lambda xp, t: t)

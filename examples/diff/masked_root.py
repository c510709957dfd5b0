"""Distances from squared distances, the diagonal masked by ``where``: the branch not taken has slope ∞ at 0."""

import autodiff_spec as ad


def loss(points):
    xp = ad.xp()
    difference = points[:, None, :] - points[None, :, :]
    squared = xp.sum(difference * difference, axis=-1)
    distance = xp.where(squared > 0, xp.sqrt(squared), 0.0)
    return xp.sum(xp.exp(-distance))


def inputs(rng):
    return rng.standard_normal((3, 2))

"""Least squares with an L1 penalty, begun at weights of which some are 0: the slope of ``abs`` at 0."""

import numpy as np

import autodiff_spec as ad


def loss(weights, x, y):
    xp = ad.xp()
    return xp.mean((xp.matmul(x, weights) - y) ** 2) + 0.1 * xp.sum(xp.abs(weights))


def inputs(rng):
    return np.array([0.5, 0.0, -1.0]), rng.standard_normal((5, 3)), rng.standard_normal(5)

"""Light along a ray, as in volume rendering: what is left behind each sample is a running product of (1 - opacity).

One sample is opaque, so a factor is exactly 0.
"""

import numpy as np

import autodiff_spec as ad


def loss(opacity, colour):
    xp = ad.xp()
    left = xp.cumulative_prod(1.0 - opacity)
    before = xp.concat([xp.ones(1, dtype=opacity.dtype), left[:-1]])
    return (xp.sum(before * opacity * colour) - 1.0) ** 2


def inputs(rng):
    return np.array([0.25, 0.5, 1.0, 0.125]), rng.uniform(0.0, 1.0, 4)

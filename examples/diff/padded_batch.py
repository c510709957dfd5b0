"""A layer of a text model, on a batch that is padded with zeros; its activation was ported as ``maximum(h, 0)``.

A padded row has h = 0 exactly: a tie, in which frameworks give the derivative different shares.
"""

import numpy as np

import autodiff_spec as ad


def loss(tokens, weights, bias):
    xp = ad.xp()
    hidden = xp.maximum(tokens @ weights + bias, 0.0)
    return xp.mean(xp.sum((hidden - 1.0) ** 2, axis=1))


def inputs(rng):
    tokens = rng.standard_normal((4, 3))
    tokens[2:] = 0.0  # two tokens of padding
    return tokens, rng.standard_normal((3, 2)), np.zeros(2)

"""Clusters with soft borders: k-means in which each point belongs to all centres, to the near ones more.

The question: how does what the method finds depend on the centres that it starts from?
"""

import numpy as np


def distances(points, centres):
    """The squared distance of each point to each centre."""
    return np.sum((points[:, np.newaxis] - centres) ** 2, axis=-1)


def assign(points, centres, temperature):
    """How much each point belongs to each centre; rows add up to one."""
    nearness = -distances(points, centres) / temperature
    nearness -= np.max(nearness, axis=1, keepdims=True)
    weights = np.exp(nearness)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def cluster(centres, points, temperature=0.5, rounds=2):
    """The centres after some rounds of assigning points and averaging them."""
    for _ in range(rounds):
        weights = assign(points, centres, temperature)
        centres = weights.T @ points / weights.sum(axis=0)[:, np.newaxis]
    return centres


def distortion(start, points):
    """The mean squared distance of points to the centres that they belong to, found from ``start``."""
    centres = cluster(start, points)
    return np.mean(np.sum(assign(points, centres, 0.5) * distances(points, centres), axis=1))


def problem():
    """Centres to start from, and points around three places."""
    random = np.random.default_rng(1)
    places = np.array([[0.0, 0.0], [2.0, 0.5], [0.5, 2.0]])
    points = np.concatenate([place + 0.4 * random.normal(size=(30, 2)) for place in places])
    return np.array([[-0.5, 1.5], [1.0, 0.0], [2.0, 2.5]]), points

"""Gaussian-process regression: how likely are the data, given the kernel's parameters?

The likelihood by Cholesky's factor, as in chapter 2 of Rasmussen and Williams, Gaussian Processes for Machine Learning.
"""

import numpy as np


def kernel(a, b, log_parameters):
    """The squared-exponential covariance of the rows of ``a`` with those of ``b``; noise is no part of it."""
    amplitude, length = np.exp(log_parameters[:2])
    distances = np.sum((a[:, np.newaxis, :] - b[np.newaxis, :, :]) ** 2, axis=-1)
    return amplitude**2 * np.exp(-0.5 * distances / length**2)


def negative_log_likelihood(log_parameters, x, y):
    """The cost of the logarithms of amplitude, length and noise."""
    n = len(y)
    covariance = kernel(x, x, log_parameters) + np.exp(2 * log_parameters[2]) * np.eye(n)
    factor = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(factor, y)
    return 0.5 * whitened @ whitened + np.log(np.diag(factor)).sum() + 0.5 * n * np.log(2 * np.pi)


def problem():
    """Parameters to start from, and noisy samples of a smooth function."""
    random = np.random.default_rng(0)
    x = random.uniform(-3, 3, size=(40, 2))
    y = np.sin(x[:, 0]) * np.cos(x[:, 1]) + 0.1 * random.normal(size=40)
    return np.log([1.0, 1.5, 0.2]), x, y

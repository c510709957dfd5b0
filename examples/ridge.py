"""Ridge regression with a penalty for each feature, chosen by how well the fit predicts data that it has not seen."""

import numpy as np


def fit(log_penalties, x, y):
    """The coefficients: the solution of the penalised normal equations."""
    return np.linalg.solve(x.T @ x + np.diag(np.exp(log_penalties)), x.T @ y)


def validation_error(log_penalties, x, y, x_unseen, y_unseen):
    """The mean squared error on the unseen data."""
    return np.mean((x_unseen @ fit(log_penalties, x, y) - y_unseen) ** 2)


def problem():
    """Penalties to start from, data to fit and data to predict: half of the features mean nothing."""
    random = np.random.default_rng(2)
    x = random.normal(size=(60, 8))
    y = x @ np.array([2.0, -1.0, 0.5, 3.0, 0.0, 0.0, 0.0, 0.0]) + 0.5 * random.normal(size=60)
    return np.zeros(8), x[:30], y[:30], x[30:], y[30:]

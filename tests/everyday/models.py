"""Statistical models: likelihoods, filters, chains."""

import itertools
import math

from tests.everyday._program import at

SERIES = [0.3, -0.1, 0.5, 0.2, 0.9, 0.4, -0.2, 0.1]
INPUTS = [0.0, 0.5, 1.1, 1.9, 2.4]
LABELS = [0.0, 1.0, 1.0, 0.0, 1.0]


@at(0.2, -0.3, -1.0)
def gaussian_process(np, x):
    """The log likelihood by the length, the height and the noise of the kernel."""
    t, y = np.array(INPUTS), np.array([0.1, 0.6, 0.8, 0.9, 0.4])
    length, height, noise = np.exp(x)
    distance = t[:, None] - t[None, :]
    kernel = height**2 * np.exp(-0.5 * (distance / length) ** 2) + noise**2 * np.eye(len(t))
    factor = np.linalg.cholesky(kernel)
    alpha = np.linalg.solve(factor.T, np.linalg.solve(factor, y))
    return -0.5 * y @ alpha - np.sum(np.log(np.diag(factor))) - 0.5 * len(t) * np.log(2 * np.pi)


@at(0.2, 0.7)
def gaussian_process_prediction(np, x):
    """The mean and the variance at a new point, by the length of the kernel and by the point."""
    t, y = np.array(INPUTS), np.array([0.1, 0.6, 0.8, 0.9, 0.4])

    def kernel(a, b):
        return np.exp(-0.5 * np.subtract.outer(a, b) ** 2 / np.exp(x[0]) ** 2)

    to_new = kernel(t, x[1:])
    inverse = np.linalg.inv(kernel(t, t) + 0.01 * np.eye(len(t)))
    mean = to_new.T @ inverse @ y
    variance = kernel(x[1:], x[1:]) - to_new.T @ inverse @ to_new
    return mean[0] + np.sqrt(variance[0, 0])


@at(0.4, 0.2)
def kalman_filter(np, x):
    """The log likelihood of a local level, by the variances of its steps and of what is observed."""
    q, r = x**2
    level, variance, total = 0.0, 1.0, 0.0
    for z in SERIES:
        variance = variance + q
        gain = variance / (variance + r)
        error = z - level
        total += -0.5 * (np.log(2 * np.pi * (variance + r)) + error**2 / (variance + r))
        level = level + gain * error
        variance = (1 - gain) * variance
    return total


@at(0.3, 0.5)
def kalman_filter_of_matrices(np, x):
    """Place and speed, observed by the place alone."""
    step = np.array([[1.0, 0.1], [0.0, 1.0]])
    seen = np.array([[1.0, 0.0]])
    q, r = x[0] ** 2 * np.eye(2), x[1] ** 2 * np.eye(1)
    state, cov, total = np.zeros(2), np.eye(2), 0.0
    for z in SERIES:
        state = step @ state
        cov = step @ cov @ step.T + q
        s = seen @ cov @ seen.T + r
        gain = cov @ seen.T @ np.linalg.inv(s)
        error = np.array([z]) - seen @ state
        state = state + gain @ error
        cov = (np.eye(2) - gain @ seen) @ cov
        total = total - 0.5 * (error @ np.linalg.solve(s, error) + np.log(np.linalg.det(s)))
    return total


@at(0.3, -0.2, 0.6, -0.5)
def hidden_markov_forward(np, x):
    """The forward algorithm in logarithms."""
    transition = np.exp(x.reshape(2, 2))
    transition = transition / transition.sum(axis=1, keepdims=True)
    means = np.array([-0.2, 0.5])
    log_alpha = np.log(np.array([0.5, 0.5]))
    for z in SERIES:
        scores = log_alpha[:, None] + np.log(transition)
        largest = scores.max(axis=0)
        log_alpha = largest + np.log(np.sum(np.exp(scores - largest), axis=0)) - 0.5 * (z - means) ** 2
    return np.log(np.sum(np.exp(log_alpha)))


@at(0.3, -0.2, 0.6, -0.5)
def viterbi_score(np, x):
    """The score of the best path."""
    transition = x.reshape(2, 2)
    delta = np.array([0.1, -0.1])
    for z in SERIES:
        delta = np.max(delta[:, None] + transition, axis=0) - (z - np.array([-0.2, 0.5])) ** 2
    return np.max(delta)


@at(0.1, 0.2, 0.6)
def garch(np, x):
    """The likelihood of GARCH(1, 1), its variances written into an array."""
    omega, alpha, beta = x
    y = np.array(SERIES)
    variance = np.zeros(len(y))
    variance[0] = omega / (1.0 - alpha - beta)
    for i in range(1, len(y)):
        variance[i] = omega + alpha * y[i - 1] ** 2 + beta * variance[i - 1]
    return -0.5 * np.sum(np.log(2 * np.pi * variance) + y**2 / variance)


@at(0.1, 0.2, 0.6)
def garch_of_a_list(np, x):
    """The same, its variances in a list."""
    omega, alpha, beta = x
    variance = [omega / (1.0 - alpha - beta)]
    for y in SERIES[:-1]:
        variance.append(omega + alpha * y**2 + beta * variance[-1])
    return -0.5 * sum(np.log(2 * np.pi * v) + y**2 / v for v, y in zip(variance, SERIES, strict=True))


@at(0.4, 0.3, -0.5)
def arma(np, x):
    """The conditional likelihood of ARMA(1, 1)."""
    phi, theta, log_scale = x
    error, total = 0.0, 0.0
    for before, now in itertools.pairwise(SERIES):
        error = now - phi * before - theta * error
        total = total + 0.5 * (error / np.exp(log_scale)) ** 2 + log_scale
    return -total


@at(0.5, 0.1)
def autoregression_of_arrays(np, x):
    """AR(2), by slices."""
    y = np.asarray(SERIES)
    residuals = y[2:] - x[0] * y[1:-1] - x[1] * y[:-2]
    return residuals @ residuals / len(residuals)


@at(0.3,)
def exponential_smoothing(np, x):
    """The errors of one-step forecasts."""
    level, errors = SERIES[0], []
    for y in SERIES[1:]:
        errors.append(y - level)
        level = x[0] * y + (1 - x[0]) * level
    return np.sqrt(np.mean(np.square(errors)))


@at(0.3, 0.2)
def holt_trend(np, x):
    """Level and trend in arrays that are written step by step."""
    y = np.array(SERIES)
    level, trend = np.empty_like(y), np.empty_like(y)
    level[0], trend[0] = y[0], y[1] - y[0]
    for t in range(1, len(y)):
        level[t] = x[0] * y[t] + (1 - x[0]) * (level[t - 1] + trend[t - 1])
        trend[t] = x[1] * (level[t] - level[t - 1]) + (1 - x[1]) * trend[t - 1]
    return ((y[1:] - level[:-1] - trend[:-1]) ** 2).sum()


@at(0.1, 0.4, -0.3)
def logistic_regression(np, x):
    """The penalised loss."""
    features = np.column_stack([np.ones(5), INPUTS, np.square(INPUTS)])
    p = 1.0 / (1.0 + np.exp(-features @ x))
    y = np.array(LABELS)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.1 * np.sum(x[1:] ** 2)


@at(0.1, 0.4)
def poisson_regression(np, x):
    """The log likelihood of counts."""
    rate = np.exp(x[0] + x[1] * np.array(INPUTS))
    counts = np.array([1, 0, 2, 3, 4])
    return np.sum(counts * np.log(rate) - rate)


@at(2.5, 0.3, -0.2)
def student_t_regression(np, x):
    """The likelihood of a robust line; the constants by `math.lgamma`."""
    nu, a, b = x
    errors = np.array([0.1, 0.6, 0.8, 0.9, 0.4]) - a - b * np.array(INPUTS)
    constant = math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * np.log(nu * np.pi)
    return np.sum(constant - (nu + 1) / 2 * np.log(1 + errors**2 / nu))


@at(0.3, -0.2)
def huber_regression(np, x):
    """The loss of a robust line."""
    errors = np.array([0.1, 0.6, 2.8, 0.9, -1.4]) - x[0] - x[1] * np.array(INPUTS)
    small = np.abs(errors) < 1.0
    return np.sum(np.where(small, 0.5 * errors**2, np.abs(errors) - 0.5))


@at(0.3, -0.2)
def quantile_regression(np, x):
    """The tilted loss."""
    errors = np.array([0.1, 0.6, 2.8, 0.9, -1.4]) - x[0] - x[1] * np.array(INPUTS)
    return np.maximum(0.8 * errors, -0.2 * errors).mean()


@at(0.1, 0.2, 0.5, 0.1, 0.3, 0.2)
def ridge_by_normal_equations(np, x):
    """The weights that a design gives, and their size."""
    design = x.reshape(3, 2)
    weights = np.linalg.solve(design.T @ design + 0.1 * np.eye(2), design.T @ np.array([1.0, 0.5, -0.2]))
    return np.linalg.norm(weights)


@at(-0.4, 0.6, -1.0, -0.8, 0.2)
def gaussian_mixture(np, x):
    """The log likelihood of two bells."""
    means, scales, weight = x[:2], np.exp(x[2:4]), 1 / (1 + np.exp(-x[4]))
    y = np.array(SERIES)[:, None]
    densities = np.exp(-0.5 * ((y - means) / scales) ** 2) / (scales * np.sqrt(2 * np.pi))
    return np.sum(np.log(densities @ np.stack([weight, 1 - weight])))


@at(0.3, -0.1, 1.2, 0.4, 0.8)
def multivariate_normal(np, x):
    """The log density by the mean and the Cholesky factor, which is written element by element."""
    factor = np.zeros((2, 2))
    factor[0, 0], factor[1, 0], factor[1, 1] = x[2], x[3], x[4]
    z = np.linalg.solve(factor, np.array([0.5, 0.2]) - x[:2])
    return -0.5 * z @ z - np.log(factor.diagonal()).sum() - np.log(2 * np.pi)


@at(0.3,)
def kernel_density(np, x):
    """Each point left out in turn, by the width."""
    y = np.array(SERIES)
    kernel = np.exp(-0.5 * (np.subtract.outer(y, y) / x[0]) ** 2) / x[0]
    kernel = kernel * (1.0 - np.eye(len(y)))
    return np.sum(np.log(kernel.sum(axis=1) / (len(y) - 1)))


@at(0.5, 0.3, -0.2, 0.8, 0.1, -0.4, 0.9, 0.2)
def principal_component(np, x):
    """The share of the variance in the first component."""
    data = x.reshape(4, 2)
    centred = data - data.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred / 3.0)
    return values[-1] / values.sum()


@at(0.5, 0.3, -0.2, 0.8, 0.1, -0.4, 0.9, 0.2)
def correlation(np, x):
    """The correlation of two columns."""
    a, b = x.reshape(4, 2).T
    a, b = a - a.mean(), b - b.mean()
    return np.dot(a, b) / (np.std(a) * np.std(b) * len(a))


@at(0.2, 0.3, 0.4)
def markov_chain(np, x):
    """The stationary distribution of a chain, by iterating."""
    p = np.stack([np.stack([1 - x[0], x[0], 0.0 * x[0]]), np.stack([x[1], 1 - 2 * x[1], x[1]]),
                  np.stack([0.0 * x[2], x[2], 1 - x[2]])])  # fmt: skip
    state = np.ones(3) / 3
    for _ in range(60):
        state = state @ p
    return state[0] - state[2]


@at(0.2, 0.3)
def markov_chain_of_a_list(np, x):
    """The matrix as a list of lists, as one writes it."""
    p = np.array([[1 - x[0], x[0]], [x[1], 1 - x[1]]])
    return np.linalg.matrix_power(p, 5)[0, 1]


@at(0.4, -0.2)
def proportional_hazards(np, x):
    """The partial likelihood; the sets at risk by a running sum from the end."""
    scores = np.array([[0.1, 1.0], [0.5, 0.0], [0.9, 1.0], [0.2, 0.0]]) @ x
    at_risk = np.cumsum(np.exp(scores)[::-1])[::-1]
    return np.sum((scores - np.log(at_risk))[[0, 2, 3]])


@at(2.0, 3.0)
def beta_binomial_by_math(np, x):
    """The posterior of a share, by `math.gamma`."""
    a, b = x
    return math.gamma(a + 3) * math.gamma(b + 2) / math.gamma(a + b + 5) * (a + b)


@at(0.5, 1.5)
def summary_of_statistics(np, x):
    """A spread, as text too."""
    y = np.array(SERIES) * x[0] + x[1]
    text = f"mean {y.mean():.3f}, spread {y.std(ddof=1):.3f}"
    assert text.startswith("mean")
    return (y.max() - y.min()) / y.std(ddof=1) + np.median(y) + np.percentile(y, 25)

"""Finance: prices, risks, portfolios."""

import math

from tests.everyday._program import at

DRAWN = [0.3, -1.2, 0.8, -0.4, 1.5, 0.1, -0.7, 0.6]


@at(100.0, 0.2, 0.03)
def monte_carlo_option(np, x):
    """Paths of a geometric walk, all at once."""
    price, volatility, rate = x
    steps = np.array(DRAWN).reshape(4, 2)
    paths = price * np.exp(np.cumsum((rate - volatility**2 / 2) / 2 + volatility * steps / np.sqrt(2), axis=1))
    payoff = np.maximum(paths[:, -1] - 95.0, 0.0)
    return np.exp(-rate) * payoff.mean()


@at(100.0, 0.2, 0.03)
def monte_carlo_in_a_table(np, x):
    """The same, step by step into a table of paths."""
    price, volatility, rate = x
    paths = np.empty((4, 3))
    paths[:, 0] = price
    for t, z in enumerate(np.array(DRAWN).reshape(2, 4)):
        paths[:, t + 1] = paths[:, t] * np.exp((rate - volatility**2 / 2) / 2 + volatility * z / np.sqrt(2))
    return np.exp(-rate) * np.maximum(paths[:, -1] - 95.0, 0.0).mean()


@at(100.0, 0.2, 0.03)
def black_scholes(np, x):
    """By `math.erf`, as most write it."""
    price, volatility, rate = x
    d1 = (np.log(price / 95.0) + rate + volatility**2 / 2) / volatility

    def normal(z):
        return 0.5 * (1 + math.erf(z / math.sqrt(2)))

    return price * normal(d1) - 95.0 * np.exp(-rate) * normal(d1 - volatility)


@at(100.0, 0.2, 0.03)
def binomial_tree(np, x):
    """An American put, backwards through the tree."""
    price, volatility, rate = x
    up = np.exp(volatility * np.sqrt(0.2))
    p = (np.exp(rate * 0.2) - 1 / up) / (up - 1 / up)
    prices = price * up ** np.arange(-5.0, 6.0, 2.0)
    values = np.maximum(105.0 - prices, 0.0)
    for _ in range(5):
        prices = prices[1:] / up
        values = np.exp(-rate * 0.2) * (p * values[1:] + (1 - p) * values[:-1])
        values = np.maximum(values, 105.0 - prices)
    return values[0]


@at(0.05, 0.04)
def bond(np, x):
    """The price of a bond by its yield and its coupon."""
    years = np.arange(1, 11)
    return np.sum(x[1] / (1 + x[0]) ** years) + (1 + x[0]) ** -10.0


@at(0.97,)
def internal_rate(np, x):
    """The yield of a price, by Newton's method."""
    rate = 0.05
    for _ in range(20):
        years = np.arange(1.0, 6.0)
        value = np.sum(0.04 * (1 + rate) ** -years) + (1 + rate) ** -5 - x[0]
        slope = -np.sum(0.04 * years * (1 + rate) ** (-years - 1)) - 5 * (1 + rate) ** -6
        rate = rate - value / slope
    return rate


@at(0.3, 0.5, 0.2)
def sharpe_ratio(np, x):
    """A portfolio's mean by its spread."""
    returns = np.array([*DRAWN, 0.2]).reshape(3, 3)
    portfolio = returns @ (x / x.sum())
    return portfolio.mean() / portfolio.std(ddof=1)


@at(0.3, 0.5, 0.2)
def portfolio_variance(np, x):
    """By `np.cov` of scaled returns."""
    returns = np.array([*DRAWN, 0.2]).reshape(3, 3)
    return x @ np.cov(returns * x[:, None]) @ x


@at(0.1, 0.2, -0.3, 0.15, -0.1)
def drawdown(np, x):
    """The deepest fall below the highest point."""
    wealth = np.cumprod(1 + x)
    return np.max(1 - wealth / np.maximum.accumulate(wealth))


@at(0.1, 0.2, -0.3, 0.15, -0.1)
def expected_shortfall(np, x):
    """The mean of the worst two."""
    return -np.sort(x)[:2].mean() + np.quantile(x, 0.3)


@at(0.04, 0.5, 0.3)
def stochastic_volatility(np, x):
    """Two walks, the variance kept above zero."""
    variance, kappa, eta = x[0], x[1], x[2]
    log_price = 0.0
    for z in DRAWN:
        log_price = log_price - variance / 2 * 0.1 + np.sqrt(variance * 0.1) * z
        change = kappa * (0.04 - variance) * 0.1 + eta * np.sqrt(variance * 0.1) * z * 0.1
        variance = np.maximum(variance + change, 1e-4)
    return np.exp(log_price)

"""Numerical methods: roots, integrals, interpolation, systems of equations."""

from tests.everyday._program import at


@at(2.0, 0.5)
def newtons_method(np, x):
    """A root, until the step is small."""
    a, b = x
    y = 1.0
    while True:
        step = (y**3 + b * y - a) / (3 * y**2 + b)
        y = y - step
        if abs(step) < 1e-12:
            return y


@at(0.3, 0.7)
def keplers_equation(np, x):
    """The eccentric anomaly, by iterating."""
    eccentricity, mean = x
    anomaly = mean
    for _ in range(80):
        anomaly = mean + eccentricity * np.sin(anomaly)
    return np.cos(anomaly) - eccentricity


@at(2.0,)
def secant_method(np, x):
    """A root by two points."""
    before, now = 1.0, 2.0

    def f(y):
        return y * np.exp(y) - x[0]

    while abs(f(now)) > 1e-13:
        before, now = now, now - f(now) * (now - before) / (f(now) - f(before))
    return now


@at(0.5, 1.5)
def newton_of_a_system(np, x):
    """Two equations; the Jacobian as a list of lists."""
    u = np.array([1.0, 1.0])
    for _ in range(12):
        f = np.array([u[0] ** 2 + u[1] - x[1], u[0] - u[1] ** 3 * x[0]])
        jacobian = np.array([[2 * u[0], 1.0], [1.0, -3 * u[1] ** 2 * x[0]]])
        u = u - np.linalg.solve(jacobian, f)
    return u.sum()


@at(0.5, 1.5)
def newton_of_a_system_by_stack(np, x):
    """The same, with arrays that are stacked."""
    u = np.ones(2)
    for _ in range(12):
        f = np.stack([u[0] ** 2 + u[1] - x[1], u[0] - u[1] ** 3 * x[0]])
        rows = [np.stack([2 * u[0], u[0] * 0 + 1.0]), np.stack([u[0] * 0 + 1.0, -3 * u[1] ** 2 * x[0]])]
        u = u - np.linalg.solve(np.stack(rows), f)
    return u.sum()


@at(0.8, 2.0)
def trapezoidal_rule(np, x):
    """An integral with a parameter in its bound."""
    t = np.linspace(0.0, x[1], 41)
    y = np.exp(-x[0] * t**2)
    return np.sum((y[1:] + y[:-1]) / 2 * np.diff(t))


@at(0.8, 2.0)
def simpsons_rule(np, x):
    """By slices with a step."""
    h = x[1] / 20
    t = np.arange(21) * h
    y = np.sin(x[0] * t) / (1 + t)
    return h / 3 * (y[0] + y[-1] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum())


@at(0.8, 2.0)
def gaussian_quadrature(np, x):
    """Nodes of NumPy's."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    t = 0.5 * x[1] * (nodes + 1)
    return 0.5 * x[1] * np.sum(weights * np.log1p(x[0] * t))


@at(0.8, 2.0)
def romberg(np, x):
    """The table of extrapolations, written cell by cell."""
    r = np.zeros((4, 4))
    for i in range(4):
        n = 2**i
        h = x[1] / n
        inner = sum(np.exp(-x[0] * k * h) for k in range(1, n))
        r[i, 0] = h * (0.5 + inner + 0.5 * np.exp(-x[0] * x[1]))
        for j in range(1, i + 1):
            r[i, j] = r[i, j - 1] + (r[i, j - 1] - r[i - 1, j - 1]) / (4**j - 1)
    return r[3, 3]


@at(0.4, 1.0, 2.0, 0.5, 1.5)
def linear_interpolation(np, x):
    """`np.interp` in a table of parameters."""
    return np.interp(x[0] * 3, np.arange(4.0), x[1:])


@at(0.4, 1.0, 2.0, 0.5, 1.5)
def interpolation_by_hand(np, x):
    """The cell by `searchsorted`."""
    grid, table, at_place = np.arange(4.0), x[1:], x[0] * 3
    i = np.searchsorted(grid, at_place) - 1
    share = (at_place - grid[i]) / (grid[i + 1] - grid[i])
    return (1 - share) * table[i] + share * table[i + 1]


@at(0.4, 0.7, 1.0, 2.0, 0.5, 1.5)
def bilinear_interpolation(np, x):
    """The cell by ``int``."""
    table = x[2:].reshape(2, 2)
    u, v = x[0], x[1]
    i, j = int(u), int(v)
    u, v = u - i, v - j
    top = table[0, 0] * (1 - u) + table[0, 1] * u
    return top * (1 - v) + (table[1, 0] * (1 - u) + table[1, 1] * u) * v


@at(0.4, 1.0, 2.0, 0.5, 1.5)
def lagrange_interpolation(np, x):
    """The product over the other nodes."""
    nodes, total = [0.0, 1.0, 2.0, 3.0], 0.0
    for j, xj in enumerate(nodes):
        total += x[1 + j] * np.prod([(x[0] - xm) / (xj - xm) for m, xm in enumerate(nodes) if m != j])
    return total


@at(1.0, 2.0, 0.5, 1.5, 0.8)
def cubic_spline(np, x):
    """The second derivatives by a tridiagonal system, solved by elimination in arrays."""
    n, h = len(x), 0.5
    diagonal = np.full(n - 2, 4.0)
    right = 6.0 / h**2 * (x[2:] - 2 * x[1:-1] + x[:-2])
    c, d = np.zeros(n - 2), np.zeros(n - 2)
    c[0], d[0] = 1.0 / diagonal[0], right[0] / diagonal[0]
    for i in range(1, n - 2):
        c[i] = 1.0 / (diagonal[i] - c[i - 1])
        d[i] = (right[i] - d[i - 1]) * c[i]
    m = np.zeros(n)
    m[n - 2] = d[n - 3]
    for i in range(n - 4, -1, -1):
        m[i + 1] = d[i] - c[i] * m[i + 2]
    return (x[1] + x[2]) / 2 - h**2 / 16 * (m[1] + m[2])


@at(1.0, 2.0, 0.5, 1.5, 0.8)
def cubic_spline_by_solve(np, x):
    """The same, its system by `np.diag` and `solve`."""
    n, h = len(x), 0.5
    system = 4 * np.eye(n - 2) + np.diag(np.ones(n - 3), 1) + np.diag(np.ones(n - 3), -1)
    inner = np.linalg.solve(system, 6.0 / h**2 * np.diff(x, 2))
    m = np.concatenate([[0.0], inner, [0.0]])
    return (x[1] + x[2]) / 2 - h**2 / 16 * (m[1] + m[2])


@at(0.3, -0.5, 0.8, 0.6)
def polynomial(np, x):
    """Horner's rule, and NumPy's."""
    value = 0.0
    for c in x[:-1]:
        value = value * x[-1] + c
    return value + np.polyval(np.array([1.0, -2.0, 0.5]), x[-1])


@at(0.3, -0.5, 0.8, 0.6)
def chebyshev_series(np, x):
    """By the recurrence."""
    t = [np.ones_like(x[-1]), x[-1]]
    while len(t) < 3:
        t.append(2 * x[-1] * t[-1] - t[-2])
    return sum(c * p for c, p in zip(x[:-1], t, strict=True))


@at(2.0, 0.3, 1.5, 0.4, -0.2)
def conjugate_gradients(np, x):
    """A system of two equations, until the residual is small."""
    a = np.stack([np.stack([x[0], x[1]]), np.stack([x[1], x[2]])])
    b = x[3:]
    u, r = np.zeros(2), b
    p, rr = r, r @ r
    while rr > 1e-24:
        ap = a @ p
        step = rr / (p @ ap)
        u, r = u + step * p, r - step * ap
        p, rr = r + (r @ r) / rr * p, r @ r
    return np.sum(u)


@at(2.0, 0.3, 0.4, 1.5)
def power_iteration(np, x):
    """The largest eigenvalue."""
    a, v = x.reshape(2, 2), np.ones(2)
    for _ in range(60):
        v = a @ v
        v = v / np.linalg.norm(v)
    return v @ a @ v


@at(4.0, 1.0, 0.5, 3.0)
def jacobi_iteration(np, x):
    """A system by its diagonal."""
    a, b, u = x.reshape(2, 2), np.array([1.0, 2.0]), np.zeros(2)
    d = np.diag(a)
    for _ in range(60):
        u = (b - (a - np.diag(d)) @ u) / d
    return u[0] * u[1]


@at(4.0, 1.0, 0.5, 3.0, 0.2, 1.0, 0.3, 0.4, 5.0)
def gaussian_elimination(np, x):
    """The determinant, by rows that are changed in place."""
    a = x.reshape(3, 3).copy()
    for k in range(3):
        for i in range(k + 1, 3):
            a[i] -= a[i, k] / a[k, k] * a[k]
    return a[0, 0] * a[1, 1] * a[2, 2]


@at(1.0, 0.5, 0.2, 0.3, 1.5, -0.4)
def gram_schmidt(np, x):
    """Orthonormal rows in a list."""
    basis = []
    for v in x.reshape(2, 3):
        for b in basis:
            v = v - (v @ b) * b
        basis.append(v / np.sqrt(v @ v))
    return np.sum(np.stack(basis)[1] * np.arange(3.0))


@at(0.3, 1.2)
def richardson_extrapolation(np, x):
    """A derivative of differences, by the place and a parameter."""

    def f(t):
        return np.sin(x[1] * t) * t

    def central(h):
        return (f(x[0] + h) - f(x[0] - h)) / (2 * h)

    return (4 * central(0.05) - central(0.1)) / 3


@at(0.4, 0.9, 0.1)
def sorted_and_ranked(np, x):
    """The gaps between sorted values, and Gini's number."""
    y = np.sort(x)
    n = len(y)
    return np.sum((2 * np.arange(1, n + 1) - n - 1) * y) / (n * np.sum(y)) + np.max(np.diff(y))


@at(0.4, 0.9, 0.1)
def table_of_powers(np, x):
    """A Vandermonde matrix and its determinant."""
    powers = np.stack([x**k for k in range(3)], axis=1)
    sign, log = np.linalg.slogdet(powers)
    return sign * np.exp(log)


@at(0.4, 0.9)
def accumulated_error(np, x):
    """A sum with its compensation, as Kahan's."""
    total = lost = 0.0
    for k in range(1, 20):
        y = x[0] ** k * x[1] - lost
        t = total + y
        lost = (t - total) - y
        total = t
    return total

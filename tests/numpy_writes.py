"""Everyday programs that write in place, as NumPy users write them: a function of one array, and where it is evaluated.

They import NumPy alone, so that other libraries can be given them (`benchmarks/in_place.py`). `REFUSED` are those that
write recorded elements into an array of NumPy's own, which does not record.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

PROGRAMS: dict[str, tuple[Callable[[Any], Any], Any]] = {}
REFUSED: dict[str, tuple[Callable[[Any], Any], Any]] = {}

_draw = np.random.default_rng(16)
VECTOR = _draw.uniform(0.5, 2.0, 6)
MATRIX = _draw.uniform(0.5, 2.0, (3, 4))
SQUARE = _draw.uniform(-0.5, 0.5, (3, 3)) + 3 * np.eye(3)
WEIGHTS = np.linspace(-1.0, 1.5, 12).reshape(3, 4)


def program(point: Any, table: dict[str, Any] = PROGRAMS) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Enter a program and its point into a table."""

    def enter(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        table[f.__name__.strip("_").replace("_", " ")] = (f, np.asarray(point))
        return f

    return enter


# --- the argument is written ------------------------------------------------------------------------------------


@program(MATRIX)
def normalise_rows(a):
    for row in a:
        row /= row.sum()
    return a**2


@program(MATRIX)
def normalise_columns_of_the_transpose(a):
    for column in a.T:
        column /= np.sqrt((column**2).sum())
    return a * WEIGHTS


@program(VECTOR)
def centre_in_a_helper(x):
    def centre(a):
        a -= a.mean()

    centre(x)
    return x**3


@program(MATRIX)
def standardise(a):
    a -= a.mean(axis=0)
    a /= a.std(axis=0)
    return a * WEIGHTS


@program(VECTOR)
def another_name(x):
    y = x
    x += 1.0
    return x * y


@program(VECTOR)
def an_attribute_under_two_names(x):
    state = SimpleNamespace(v=np.zeros_like(x), x=x)
    velocity = state.v
    for _ in range(3):
        state.v += state.x * 0.1
        state.x -= velocity
    return velocity * state.x


@program(MATRIX)
def a_row_kept(a):
    row = a[0]
    row += 10.0
    return a * a


@program(MATRIX)
def the_base_of_a_row_kept(a):
    row = a[1]
    a *= 2.0
    return row**2


@program(MATRIX)
def a_row_of_the_transpose(a):
    a.T[0] *= 3.0
    return a**2


@program(MATRIX)
def a_view_of_a_view(a):
    a[1:][0][1:3] = a[0, 1:3] ** 2
    return a * WEIGHTS


@program(MATRIX)
def the_flat_view(a):
    flat = a.reshape(-1)
    flat[3:7] *= flat[0]
    return a**2


@program(MATRIX)
def ravelled(a):
    r = a.ravel()
    r[::2] = 0.0
    r += 1.0
    return a * r[1]


@program(MATRIX)
def flattened(a):
    f = a.flatten()
    f *= 2.0
    return a.sum() * f


@program(MATRIX)
def another_shape(a):
    a.shape = (4, 3)
    a[1] = a[0] * a[2]
    return a**2


@program(MATRIX)
def by_the_flat_iterator(a):
    a.flat[1:5] = a.flat[0] * np.array([1.0, 2.0, 3.0, 4.0])
    return a * WEIGHTS


@program(VECTOR)
def every_operator(x):
    x += 1.5
    x -= 0.25
    x *= x
    x /= 2.0
    x **= 1.5
    x %= 50.0
    return x


@program(SQUARE)
def by_the_matrix_operator(a):
    a @= a.T
    return a**2


@program(VECTOR)
def swap_two(x):
    x[0], x[1] = x[1] * 2, x[0]
    return x * np.arange(6)


@program(MATRIX)
def swap_rows(a):
    a[[0, 2]] = a[[2, 0]]
    return a * WEIGHTS


@program(MATRIX)
def swap_columns(a):
    a[:, [0, 3]] = a[:, [3, 0]]
    return a * WEIGHTS


@program(VECTOR)
def reverse_in_place(x):
    x[:] = x[::-1]
    return x * np.arange(6.0)


@program(VECTOR)
def shift_by_overlapping_slices(x):
    x[1:] = x[:-1]
    x[0] = 0.0
    return x**2


@program(VECTOR)
def overlapping_sums(x):
    x[1:] += x[:-1]
    return x**2


@program(VECTOR)
def set_by_a_mask(x):
    x[x > 1.2] = 0.0
    return x**2


@program(VECTOR)
def scale_by_a_mask(x):
    mask = x > 1.2
    x[mask] = x[mask] ** 2
    x[~mask] *= -1.0
    return x**2


@program(VECTOR)
def leaky_relu_in_place(x):
    x -= 1.0
    x[x < 0] *= 0.1
    return x


@program(VECTOR)
def by_repeated_indices(x):
    x[[0, 1, 0]] = x[3:6] ** 2
    return x * np.arange(1.0, 7.0)


@program(VECTOR)
def added_at_repeated_indices(x):
    np.add.at(x, [0, 1, 0, 5], x[:4] * 2.0)
    return x**2


@program(VECTOR)
def multiplied_at_repeated_indices(x):
    np.multiply.at(x, [2, 2, 3], x[3:6].copy())
    return x


@program(VECTOR)
def indexed_augmented(x):
    x[[1, 4]] += x[0]
    x[2] *= x[1]
    return x**2


@program(MATRIX)
def with_an_ellipsis_and_a_new_axis(a):
    a[..., 0] = a[..., 1] ** 2
    a[:, None, 2:] *= a[:, 0][:, None, None]
    return a**2


@program(VECTOR)
def clip_in_place(x):
    np.clip(x, 0.8, 1.5, out=x)
    return x**2


@program(VECTOR)
def clip_in_place_by_the_method(x):
    y = x * 2.0
    y.clip(1.5, 3.0, out=y)
    return x * y


@program(VECTOR)
def sort_in_place(x):
    x.sort()
    return x * np.arange(6.0)


@program(MATRIX)
def sort_columns_in_place(a):
    a.sort(axis=0)
    return a * WEIGHTS


@program(VECTOR)
def partition_in_place(x):
    x.partition(2)
    return x[2] * x[:2].sum()


@program(VECTOR)
def fill_in_place(x):
    y = x * 1.0
    y.fill(x[0] * x[1])
    return y * x


@program(MATRIX)
def fill_the_diagonal(a):
    np.fill_diagonal(a, a[0] ** 2)
    return a * WEIGHTS


@program(MATRIX)
def write_the_diagonal_by_einsum(a):
    np.einsum("ii->i", a[:, :3])[:] *= a[0, 3]
    return a**2


@program(VECTOR)
def put_values(x):
    np.put(x, [0, 3, 7], x[4:6] * 3.0, mode="wrap")
    return x**2


@program(VECTOR)
def copied_where(x):
    np.copyto(x, x**3, where=x > 1.0)
    return x


@program(VECTOR)
def placed(x):
    np.place(x, x > 1.0, x[:2] * 5.0)
    return x**2


@program(VECTOR)
def put_by_a_mask(x):
    np.putmask(x, x < 1.0, x * 10.0)
    return x**2


@program(MATRIX)
def put_along_an_axis(a):
    np.put_along_axis(a, a.argmax(axis=1)[:, None], a[:, :1] * 2.0, axis=1)
    return a * WEIGHTS


@program(VECTOR)
def replace_nan(x):
    y = np.log(x, out=np.full_like(x, np.nan), where=x > 1.0)
    np.nan_to_num(y, copy=False, nan=-3.0)
    return y * x


@program(VECTOR)
def roll_by_hand(x):
    last = x[-1].copy()
    x[1:] = x[:-1].copy()
    x[0] = last
    return x * np.arange(6.0)


@program(VECTOR)
def a_number_is_no_array(x):
    total = x[0]
    for element in x[1:]:
        total += element**2
    return total * x


@program(VECTOR)
def an_accumulator_that_was_a_sum(x):
    total = x.sum()
    before = total
    total *= 2.0
    return total * before * x


@program(MATRIX)
def an_accumulator_of_rows(a):
    total = a[0].copy()
    for row in a[1:]:
        total *= 0.5
        total += row**2
    return total * a[0]


@program(VECTOR)
def an_old_use_keeps_its_value(x):
    y = np.sin(x)
    z = y * y
    y *= 10.0
    return z + y


# --- arrays to be filled ----------------------------------------------------------------------------------------


@program(VECTOR)
def fill_by_a_loop(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2
    return out


@program(VECTOR)
def cumulative_sum_by_a_loop(x):
    out = np.empty_like(x)
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = out[i - 1] + x[i]
    return out**2


@program(VECTOR)
def finite_differences(x):
    d = np.zeros_like(x)
    d[1:-1] = (x[2:] - x[:-2]) / 2
    d[0], d[-1] = x[1] - x[0], x[-1] - x[-2]
    return d**2


@program(VECTOR)
def exponential_smoothing(x):
    s = np.zeros(6, like=x)
    s[0] = x[0]
    for t in range(1, 6):
        s[t] = 0.3 * x[t] + 0.7 * s[t - 1]
    return s**2


@program(np.array([0.1, 0.2, 0.7]))
def garch_variance(p):
    returns = np.sin(np.arange(8.0))
    variance = np.empty(8, like=p)
    variance[0] = p[0] / (1 - p[1] * 0.1)
    for t in range(1, 8):
        variance[t] = p[0] + p[1] * returns[t - 1] ** 2 + p[2] * variance[t - 1]
    return np.sum(np.log(variance) + returns**2 / variance)


@program(SQUARE)
def gauss_elimination(a):
    b = np.array([1.0, 2.0, 3.0], like=a)
    n = len(b)
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            a[i, k:] -= factor * a[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros_like(b)
    for i in reversed(range(n)):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return x


@program(SQUARE)
def elimination_with_pivots(a):
    for k in range(3):
        p = k + int(np.argmax(np.abs(a[k:, k])))
        if p != k:
            a[[k, p]] = a[[p, k]]
        a[k + 1 :, k] /= a[k, k]
        a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
    return np.prod(np.diag(a))


@program(SQUARE)
def cholesky_by_hand(m):
    a = m @ m.T + np.eye(3)
    l = np.zeros_like(a)  # noqa: E741
    for i in range(3):
        for j in range(i + 1):
            s = a[i, j] - np.sum(l[i, :j] * l[j, :j])
            l[i, j] = np.sqrt(s) if i == j else s / l[j, j]
    return l * np.arange(9.0).reshape(3, 3)


@program(SQUARE)
def gram_schmidt(a):
    q = a.copy()
    for j in range(3):
        for i in range(j):
            q[:, j] -= (q[:, i] @ q[:, j]) * q[:, i]
        q[:, j] /= np.sqrt(q[:, j] @ q[:, j])
    return q * np.arange(9.0).reshape(3, 3)


@program(SQUARE)
def power_iteration(a):
    v = np.ones(3, like=a)
    for _ in range(5):
        v[:] = a @ v
        v /= np.sqrt(v @ v)
    return v @ a @ v


@program(SQUARE)
def jacobi_iteration(a):
    x, new = np.zeros(3, like=a), np.empty(3, like=a)
    for _ in range(4):
        for i in range(3):
            new[i] = (1.0 - a[i] @ x + a[i, i] * x[i]) / a[i, i]
        x[:] = new
    return x


@program(SQUARE)
def gauss_seidel(a):
    x = np.zeros_like(a[0])
    for _ in range(4):
        for i in range(3):
            x[i] += (1.0 - a[i] @ x) / a[i, i]
    return x


@program(SQUARE)
def conjugate_gradients(m):
    a, b = m @ m.T, np.array([1.0, -1.0, 2.0])
    x = np.zeros_like(a[0])
    r = b - a @ x
    p = r.copy()
    for _ in range(2):
        alpha = (r @ r) / (p @ a @ p)
        x += alpha * p
        old = r @ r
        r -= alpha * (a @ p)
        p *= (r @ r) / old
        p += r
    return x


@program(MATRIX)
def heat_equation(u):
    for _ in range(3):
        u[1:-1, 1:-1] += 0.1 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1])
    return u**2


@program(MATRIX)
def boundary_conditions(u):
    u[0], u[-1] = 0.0, u[-2]
    u[:, 0] = u[:, 1]
    u[:, -1] *= -1.0
    return u * WEIGHTS


@program(MATRIX)
def laplace_by_two_arrays(u):
    other = u.copy()
    for _ in range(4):
        other[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        u, other = other, u
    return u**2


@program(MATRIX)
def neighbours_of_a_grid(cells):
    count = np.zeros_like(cells)
    count[1:] += cells[:-1]
    count[:-1] += cells[1:]
    count[:, 1:] += cells[:, :-1]
    count[:, :-1] += cells[:, 1:]
    cells[count > 4.0] *= 0.5
    cells += 0.1 * count
    return cells**2


@program(VECTOR)
def soft_edit_distance(x):
    other = np.array([1.0, 0.7, 1.9])
    table = np.zeros((7, 4), like=x)
    table[0, 1:] = np.arange(1.0, 4.0)
    table[1:, 0] = np.arange(1.0, 7.0)
    for i in range(1, 7):
        for j in range(1, 4):
            cost = (x[i - 1] - other[j - 1]) ** 2
            options = np.stack([table[i - 1, j] + 1.0, table[i, j - 1] + 1.0, table[i - 1, j - 1] + cost])
            table[i, j] = -np.log(np.sum(np.exp(-options)))
    return table[6, 3]


@program(MATRIX)
def viterbi(scores):
    best = np.empty_like(scores)
    best[0] = scores[0]
    for t in range(1, len(scores)):
        for j in range(4):
            best[t, j] = scores[t, j] + np.max(best[t - 1] - 0.1 * np.abs(np.arange(4) - j))
    return best[-1].max()


@program(MATRIX)
def forward_algorithm(emissions):
    alpha = np.zeros((3, 4), like=emissions)
    transition = np.full((4, 4), 0.1) + 0.6 * np.eye(4)
    alpha[0] = emissions[0] / 4
    for t in range(1, 3):
        alpha[t] = (alpha[t - 1] @ transition) * emissions[t]
        alpha[t] /= alpha[t].sum()
    return np.log(alpha)


@program(VECTOR)
def knapsack_table(values):
    sizes, best = [1, 2, 3, 1, 2, 2], np.zeros(6, like=values)
    for value, size in zip(values, sizes, strict=True):
        for room in range(5, size - 1, -1):
            best[room] = np.maximum(best[room], best[room - size] + value)
    return best


@program(np.array([0.9, 0.2, 0.3]))
def kalman_filter(p):
    observed = np.cos(np.arange(6.0))
    mean, variance = np.zeros(6, like=p), np.zeros(6, like=p)
    mean[0], variance[0] = observed[0], p[2]
    for t in range(1, 6):
        predicted, spread = p[0] * mean[t - 1], p[0] ** 2 * variance[t - 1] + p[1]
        gain = spread / (spread + p[2])
        mean[t] = predicted + gain * (observed[t] - predicted)
        variance[t] = (1 - gain) * spread
    return np.sum((mean - observed) ** 2) + np.sum(variance)


@program(SQUARE * 0.2)
def recurrent_network(w):
    states, inputs = np.zeros((5, 3), like=w), np.sin(np.arange(12.0)).reshape(4, 3)
    for t in range(4):
        states[t + 1] = np.tanh(w @ states[t] + inputs[t])
    return states[1:] ** 2


@program(VECTOR)
def ring_buffer(x):
    ring, outputs = np.zeros(3, like=x), np.zeros_like(x)
    for t in range(6):
        ring[t % 3] = x[t]
        outputs[t] = ring.mean() * ring[0]
    return outputs


@program(VECTOR)
def runge_kutta_trajectory(y):
    path = np.empty((4, 6), like=y)
    path[0] = y
    for n in range(3):
        k1 = -path[n] ** 2
        k2 = -((path[n] + 0.05 * k1) ** 2)
        path[n + 1] = path[n] + 0.1 * k2
    return path


@program(VECTOR)
def leapfrog(q):
    p, step = np.ones_like(q), 0.1
    p -= 0.5 * step * np.sin(q)
    for _ in range(3):
        q += step * p
        p -= step * np.sin(q)
    p += 0.5 * step * np.sin(q)
    return 0.5 * np.sum(p**2) - np.cos(q)


@program(VECTOR)
def momentum_descent(w):
    velocity = np.zeros_like(w)
    for _ in range(4):
        velocity *= 0.9
        velocity -= 0.05 * (4 * w**3 - 2 * w)
        w += velocity
    return w**2


@program(VECTOR)
def adam(w):
    first, second = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, 4):
        slope = np.cos(w)
        first += 0.1 * (slope - first)
        second += 0.01 * (slope**2 - second)
        w -= 0.1 * (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.99**t)) + 1e-3)
    return w


@program(MATRIX)
def softmax_in_place(a):
    a -= a.max(axis=1, keepdims=True)
    np.exp(a, out=a)
    a /= a.sum(axis=1, keepdims=True)
    return a * WEIGHTS


@program(VECTOR)
def a_chain_of_out(x):
    a, b = np.empty_like(x), np.empty_like(x)
    np.multiply(x, x, out=a)
    np.sin(a, out=b)
    np.add(a, b, out=a)
    np.divide(b, a, b)
    return a * b


@program(MATRIX)
def reductions_into_arrays(a):
    s, m = np.zeros_like(a[0]), np.zeros_like(a[:, 0])
    np.sum(a, axis=0, out=s)
    a.max(axis=1, out=m)
    np.matmul(a, s, out=m)
    np.cumsum(s, out=s)
    return m[:, None] * s


@program(VECTOR)
def divide_where_it_can_be(x):
    return np.divide(1.0, x - 1.0, out=np.zeros_like(x), where=x > 1.05) * x


@program(VECTOR)
def a_polynomial_by_horner(c):
    y = np.zeros(4, like=c)
    for coefficient in c:
        y *= np.linspace(-1.0, 1.0, 4)
        y += coefficient
    return y**2


@program(VECTOR)
def convolution_by_hand(x):
    kernel, out = np.array([0.25, 0.5, 0.25]), np.zeros(8, like=x)
    for k, weight in enumerate(kernel):
        out[k : k + 6] += weight * x
    return out**2


@program(VECTOR)
def histogram_of_weights(x):
    bins = np.zeros(3, like=x)
    for i, k in enumerate([0, 2, 1, 0, 0, 2]):
        bins[k] += x[i]
    return bins**2


@program(VECTOR)
def prefix_doubling(x):
    for step in (1, 2, 4):
        x[step:] = x[step:] + x[:-step]
    return x**2


@program(VECTOR)
def butterfly(x):
    x[:4:2], x[1:4:2] = x[:4:2] + x[1:4:2], x[:4:2] - x[1:4:2]
    return x**2


@program(VECTOR)
def bubble_sort(x):
    for i in range(len(x)):
        for j in range(len(x) - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return x * np.arange(6.0)


@program(VECTOR)
def split_parts(x):
    first, second = np.split(x, 2)
    first *= second
    second -= first[0]
    return x**2


@program(MATRIX)
def block_matrix(a):
    out = np.zeros((5, 6), like=a)
    out[:3, :4] = a
    out[3:, 4:] = a[:2, :2].T
    return out**2


@program(MATRIX)
def rotation_matrices(angles):
    out = np.zeros((3, 2, 2), like=angles)
    out[:, 0, 0] = out[:, 1, 1] = np.cos(angles[:, 0])
    out[:, 0, 1] = np.sin(angles[:, 0])
    out[:, 1, 0] = -out[:, 0, 1]
    return out @ np.array([1.0, 2.0])


@program(VECTOR)
def complex_parts(x):
    z = np.zeros(6, dtype=complex, like=x)
    z.real = x
    z.imag[1:] = x[:-1] ** 2
    z *= z
    return np.abs(z)


@program(VECTOR)
def lists_of_numbers(x):
    out = np.zeros((3, 2), like=x)
    out[0] = [x[0] * x[1], 2.0]
    out[1:] = [[x[2], x[3]], [x[4], x[5]]]
    return out**2


@program(VECTOR)
def array_of_numbers(x):
    rotation = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]], like=x)
    rotation[0] *= x[1]
    return rotation @ x[:2]


@program(MATRIX)
def interleaved_views(a):
    even, odd = a[:, ::2], a[:, 1::2]
    even += odd
    odd -= even
    even *= odd
    return a


@program(MATRIX)
def an_array_that_is_broadcast(a):
    wide = np.broadcast_to(a[0], (3, 4))
    a += 1.0
    return wide * a


@program(MATRIX)
def the_diagonal_kept(a):
    diagonal = np.diagonal(a)
    a[1] *= 5.0
    return diagonal**2


# --- into NumPy's own arrays --------------------------------------------------------------------------------------


@program(VECTOR, REFUSED)
def elements_into_zeros(x):
    out = np.zeros(6)
    for i in range(6):
        out[i] = x[i] ** 2
    return out


@program(VECTOR, REFUSED)
def a_slice_into_zeros(x):
    out = np.zeros(6)
    out[1:] = x[:-1]
    return out


@program(VECTOR, REFUSED)
def added_to_zeros(x):
    out = np.zeros(6)
    out += x
    return out


@program(VECTOR, REFUSED)
def out_of_numpys_own(x):
    out = np.zeros(6)
    np.multiply(x, 2.0, out=out)
    return out


@program(VECTOR, REFUSED)
def copied_into_zeros(x):
    out = np.zeros(6)
    np.copyto(out, x)
    return out

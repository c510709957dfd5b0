"""Physics: equations of motion, energies, fields."""

import math

from tests.everyday._program import at


@at(0.9, 0.3)
def eulers_steps(np, x):
    """A decay with a source."""
    y = 1.0
    for k in range(30):
        y = y + 0.05 * (-x[0] * y + x[1] * np.sin(0.05 * k))
    return y


@at(10.0, 28.0, 2.6)
def lorenz(np, x):
    """Five steps of Runge and Kutta; the right side as a list in `np.array`."""

    def f(u):
        return np.array([x[0] * (u[1] - u[0]), u[0] * (x[1] - u[2]) - u[1], u[0] * u[1] - x[2] * u[2]])

    u, h = np.array([1.0, 1.0, 1.0]), 0.01
    for _ in range(5):
        k1 = f(u)
        k2 = f(u + h / 2 * k1)
        k3 = f(u + h / 2 * k2)
        k4 = f(u + h * k3)
        u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return u[0] * u[2]


@at(10.0, 28.0, 2.6)
def lorenz_by_stack(np, x):
    """The same, its right side stacked."""

    def f(u):
        return np.stack([x[0] * (u[1] - u[0]), u[0] * (x[1] - u[2]) - u[1], u[0] * u[1] - x[2] * u[2]])

    u, h = np.ones(3), 0.01
    for _ in range(5):
        k1 = f(u)
        k2 = f(u + h / 2 * k1)
        k3 = f(u + h / 2 * k2)
        k4 = f(u + h * k3)
        u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return u[0] * u[2]


@at(0.3, 0.1, 0.05)
def epidemic(np, x):
    """Susceptible, infected, recovered, written into a table of days."""
    beta, gamma, start = x
    days = np.zeros((20, 3))
    days[0] = [1 - start, start, 0.0]
    for t in range(1, 20):
        s, i, r = days[t - 1]
        new = beta * s * i
        days[t] = [s - new, i + new - gamma * i, r + gamma * i]
    return days[:, 1].max()


@at(0.3, 0.1, 0.05)
def epidemic_of_numbers(np, x):
    """The same, by three numbers."""
    beta, gamma, i = x
    s, peak = 1 - i, i
    for _ in range(19):
        new = beta * s * i
        s, i = s - new, i + new - gamma * i
        peak = max(peak, i)
    return peak


@at(1.0, 0.0, 0.0, 0.5, -0.5, 0.8)
def n_bodies(np, x):
    """Three bodies in the plane, ten steps of leapfrog."""
    place, speed, mass = x.reshape(3, 2), np.zeros((3, 2)), np.array([1.0, 0.5, 0.2])

    def pull(place):
        difference = place[None, :, :] - place[:, None, :]
        cubed = (np.sum(difference**2, axis=-1) + 0.05) ** 1.5
        return np.sum(mass[None, :, None] * difference / cubed[:, :, None], axis=1)

    for _ in range(10):
        speed = speed + 0.005 * pull(place)
        place = place + 0.01 * speed
        speed = speed + 0.005 * pull(place)
    return np.sum(mass * np.sum(speed**2, axis=1))


@at(1.0, 0.0, 0.0, 0.5, -0.5, 0.8)
def coulomb_energy(np, x):
    """A loop over pairs."""
    place, charge, energy = x.reshape(3, 2), [1.0, -1.0, 0.5], 0.0
    for i in range(3):
        for j in range(i + 1, 3):
            energy += charge[i] * charge[j] / np.linalg.norm(place[i] - place[j])
    return energy


@at(1.0, 0.0, 0.0, 1.1, -1.0, 0.2)
def lennard_jones(np, x):
    """Pairs by the indices of a triangle."""
    place = x.reshape(3, 2)
    i, j = np.triu_indices(3, 1)
    squares = np.sum((place[i] - place[j]) ** 2, axis=1)
    return np.sum(4 * (squares**-6 - squares**-3))


@at(0.1, 0.4, 0.9, 0.5, 0.2)
def heat_in_place(np, x):
    """The inner points are updated where they are."""
    u = x.copy()
    for _ in range(6):
        u[1:-1] = u[1:-1] + 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


@at(0.1, 0.4, 0.9, 0.5, 0.2)
def heat_on_a_ring(np, x):
    """By `np.roll`."""
    u = x
    for _ in range(6):
        u = u + 0.2 * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    return np.sum(u**2)


@at(0.1, 0.4, 0.9, 0.5, 0.2)
def wave_with_ends(np, x):
    """Two time levels, the ends kept by `concatenate`."""
    before = now = x
    for _ in range(6):
        inner = 2 * now[1:-1] - before[1:-1] + 0.25 * np.diff(now, 2)
        before, now = now, np.concatenate([now[:1], inner, now[-1:]])
    return now @ now


@at(0.1, 0.4, 0.9, 0.5, 0.2)
def upwind_advection(np, x):
    """Burgers' equation, the side by the sign."""
    u = x
    for _ in range(4):
        left, right = u - np.roll(u, 1), np.roll(u, -1) - u
        u = u - 0.1 * u * np.where(u > 0, left, right)
    return np.max(u) - np.min(u)


@at(1.0, 2.0, 1.5)
def bending_beam(np, x):
    """The stiffness of each element is added into the matrix of all."""
    k = np.zeros((4, 4))
    for e in range(3):
        k[e : e + 2, e : e + 2] += x[e] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    load = np.array([0.0, 0.1, 0.2, 0.3])
    u = np.linalg.solve(k[1:, 1:], load[1:])
    return load[1:] @ u


@at(1.0, 2.0, 1.5)
def chain_of_springs(np, x):
    """The lowest frequency, its matrix by `np.diag`."""
    k = np.diag(x + np.append(x[1:], 0.0)) - np.diag(x[1:], 1) - np.diag(x[1:], -1)
    return np.sqrt(np.linalg.eigvalsh(k)[0])


@at(0.3, 0.9, 0.4, 0.7)
def poissons_equation(np, x):
    """A field between borders, relaxed in place."""
    u = np.zeros((4, 4))
    u[0, :] = x
    for _ in range(10):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return u[1:-1, 1:-1].sum()


@at(0.3, 0.2, 0.4, 0.7)
def ising_energy(np, x):
    """Soft spins on a ring."""
    spins = np.tanh(3 * x)
    return -np.sum(spins * np.roll(spins, 1)) - 0.1 * spins.sum()


@at(0.4, 9.8)
def pendulum(np, x):
    """The angle after a second, in steps that keep the energy; by `math.sin`."""
    angle, speed = x[0], 0.0
    for _ in range(20):
        speed = speed - 0.05 * x[1] * math.sin(angle)
        angle = angle + 0.05 * speed
    return angle


@at(0.4, 9.8)
def pendulum_of_numpy(np, x):
    """The same, by `np.sin`."""
    angle, speed = x[0], 0.0
    for _ in range(20):
        speed = speed - 0.05 * x[1] * np.sin(angle)
        angle = angle + 0.05 * speed
    return angle


@at(0.5, 0.2, 0.3)
def reactions(np, x):
    """A chain of reactions by its matrix, and an implicit step."""
    rates = np.stack([np.stack([-x[0], x[1], 0 * x[0]]), np.stack([x[0], -x[1] - x[2], 0 * x[0]]),
                      np.stack([0 * x[0], x[2], 0 * x[0]])])  # fmt: skip
    c = np.array([1.0, 0.0, 0.0])
    for _ in range(10):
        c = np.linalg.solve(np.eye(3) - 0.1 * rates, c)
    return c[2]


@at(0.6, 0.3, 1.2)
def stack_of_layers(np, x):
    """The reflection of light, by products of complex matrices."""
    product = np.eye(2) + 0j
    for thickness in x:
        phase = np.exp(1j * thickness)
        layer = np.stack([np.stack([phase, 0.2 * phase]), np.stack([0.2 / phase, 1 / phase])])
        product = product @ layer
    return np.abs(product[1, 0] / product[0, 0]) ** 2


@at(0.3, 0.1)
def escape_of_an_iteration(np, x):
    """The size of z after some steps of z² + c."""
    c = x[0] + 1j * x[1]
    z = 0j
    for _ in range(6):
        z = z**2 + c
    return np.real(z) ** 2 + np.imag(z) ** 2

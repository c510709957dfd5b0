"""The wave equation on a ring, its second derivative by the fast Fourier transform, in time by the leapfrog method.

The question: which shape at the start became the shape that is seen at the end? The waves run at a speed that differs
from place to place.
"""

import numpy as np

POINTS, STEPS, STEP = 64, 80, 0.02
PLACES = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
SPEED = 1 + 0.3 * np.cos(PLACES)


def curvature(u):
    """The second derivative in space of a periodic function."""
    frequencies = np.fft.rfftfreq(POINTS, d=1 / POINTS)
    return np.fft.irfft(-(frequencies**2) * np.fft.rfft(u), n=POINTS)


def evolve(u, speed=SPEED):
    """The shape after all steps, from rest."""
    velocity = 0.5 * STEP * speed**2 * curvature(u)
    for _ in range(STEPS):
        u = u + STEP * velocity
        velocity = velocity + STEP * speed**2 * curvature(u)
    return u


def misfit(start, seen):
    """Half the squared distance between the shape at the end and the one that is seen."""
    return 0.5 * np.sum((evolve(start) - seen) ** 2)


def misfit_of_speed(speed, start, seen):
    """The same as a function of the speeds."""
    return 0.5 * np.sum((evolve(start, speed) - seen) ** 2)


def problem():
    """A guess of the shape at the start, and the shape that is seen."""
    seen = evolve(np.exp(-4 * (PLACES - np.pi) ** 2))
    return np.exp(-2 * (PLACES - 2.5) ** 2), seen

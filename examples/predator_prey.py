"""An ordinary differential equation: predators and their prey (Lotka and Volterra), by the Runge-Kutta method.

The question: which growth and hunting rates explain the animals that were counted?
"""

import numpy as np

RATES = np.array([1.1, 0.4, 0.1, 0.4])
START = np.array([10.0, 5.0])
STEP, STEPS = 0.05, 120


def change(state, rates):
    """The growth of both populations, at one time."""
    prey, predators = state
    births, hunting, feeding, deaths = rates
    return np.stack([prey * (births - hunting * predators), predators * (feeding * prey - deaths)])


def simulate(rates, start=START, step=STEP, steps=STEPS):
    """Both populations at all times, by the classical Runge-Kutta method: an array of ``steps + 1`` rows."""
    state, states = start, [start]
    for _ in range(steps):
        k1 = change(state, rates)
        k2 = change(state + step / 2 * k1, rates)
        k3 = change(state + step / 2 * k2, rates)
        k4 = change(state + step * k3, rates)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(state)
    return np.stack(states)


def misfit(rates, counted):
    """The mean squared relative difference between the simulation and what was counted."""
    return np.mean((simulate(rates) / counted - 1) ** 2)


def problem():
    """A guess of the rates, and the animals counted."""
    return np.array([1.0, 0.35, 0.12, 0.5]), simulate(RATES)

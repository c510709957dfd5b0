"""Differentiate the five programs beside this file, and compare with differences of their values.

They import NumPy and nothing else, and are used as they are. From the root of the repository::

    python -m examples.differentiate
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff_spec as ad
from examples import gaussian_process, predator_prey, ridge, soft_clusters, wave

PROGRAMS: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
    "predator_prey": (predator_prey.misfit, predator_prey.problem),
    "gaussian_process": (gaussian_process.negative_log_likelihood, gaussian_process.problem),
    "wave": (wave.misfit, wave.problem),
    "soft_clusters": (soft_clusters.distortion, soft_clusters.problem),
    "ridge": (ridge.validation_error, ridge.problem),
}
"""What each program minimises, and the arguments: first what to differentiate by, then its data."""


def differences(f: Callable[[Any], Any], x: Any, step: float = 5e-5) -> Any:
    """The gradient of ``f`` at ``x`` by five-point differences: the error is of fourth order in the step."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        near, far = f(x + shift) - f(x - shift), f(x + 2 * shift) - f(x - 2 * shift)
        gradient[index] = (8 * near - far) / (12 * step)
    return gradient


def main() -> None:
    """Print, for each program, its value, the size of its gradient and how far differences are from it."""
    be = ad.backend("numpy")
    print(f"{'program':<18}{'sources':>8}{'value':>12}{'|gradient|':>12}{'off by':>10}")
    for name, (f, problem) in PROGRAMS.items():
        x, *data = problem()
        value, gradient = be.value_and_grad(f)(x, *data)
        numerical = differences(lambda x, f=f, data=data: f(x, *data), x)
        size, error = np.linalg.norm(gradient), np.abs(gradient - numerical).max()
        print(f"{name:<18}{x.size:>8}{value:>12.5g}{size:>12.5g}{error:>10.1e}")


if __name__ == "__main__":
    main()

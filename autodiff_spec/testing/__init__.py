"""For the tests of libraries that others differentiate: a fixture over the backends, and an assertion.

In a test module, or in ``conftest.py``::

    from autodiff_spec.testing import assert_gradient, backend

    def test_the_loss_is_differentiable(backend):
        x = backend.asarray([0.5, 2.0], dtype=backend.xp.float64)
        assert_gradient(my_library.loss, x, order=2)

It needs pytest, and nothing of the conformance suite; the ids of the fixture are names, the same in each process of
pytest-xdist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

import autodiff_spec as ad
from autodiff_spec import Backend

if TYPE_CHECKING:
    from autodiff_spec.gradient_check.report import GradientReport

__all__ = ["assert_gradient", "backend"]


@pytest.fixture(params=["numpy", "torch", "tensorflow", "jax"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each built-in backend in turn, current while the test runs; skipped where its framework is not installed."""
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    with ad.use_backend(request.param) as be:
        yield be


def assert_gradient(
    f: Callable[..., Any], *args: Any, order: int = 1, modes: Sequence[str] | None = None, roundings: float = 64.0
) -> GradientReport:
    """Assert that the derivatives of ``f`` at ``args`` are those that follow from its values.

    The reference is exact arithmetic where ``f`` takes its functions from `autodiff_spec.xp`, else differences with an
    estimate of their error; see `autodiff_spec.check_grad`. It finds what a library loses (a conversion to NumPy,
    ``float()``, a write in place) as well as what a framework gets wrong. `stop_gradient` counts as meant
    where the reference is exact.

    Args:
        f: a function of arrays (trees) that returns an array or a tree of them.
        args: where: floating arrays, numbers, NumPy arrays, or trees of them; away from kinks. Their backend is asked,
            for numbers and NumPy arrays the current one.
        order: 1, or 2 for second derivatives besides.
        modes: of ``"reverse"`` and ``"forward"``; all that the backend has by default.
        roundings: how many roundings of its dtype an entry may be off.

    Returns:
        The report of the check, which prints as a table.

    Raises:
        GradientCheckError: (an ``AssertionError``) a derivative is wrong; the message names it by parameter and place.
        NotDifferentiableError: an argument is integer or boolean.

    Examples:
        >>> import autodiff_spec as ad
        >>> from autodiff_spec.testing import assert_gradient
        >>> assert_gradient(lambda x: ad.xp().sin(x) * x, 2.0, order=2).passed
        True
    """
    return ad.check_grad(f, *args, order=order, modes=modes, roundings=roundings, raises=True)

"""The peak of a deep chain of checkpoints, counted in bytes: NumPy's by tracemalloc, PyTorch's by its live storages."""

import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

LENGTH = 1 << 14
SEGMENTS, OPERATIONS = 16, 16


def deep(be: ad.Backend, wrap: Callable[[Any], Any]) -> Callable[[], Any]:
    """The gradient of a chain of 256 operations that each keep an array, in 16 segments."""

    def segment(x: Any) -> Any:
        for _ in range(OPERATIONS):
            x = be.xp.sin(x)
        return x

    def chain(x: Any) -> Any:
        for _ in range(SEGMENTS):
            x = wrap(segment)(x)
        return be.xp.sum(x)

    x, gradient = be.asarray(np.linspace(0.0, 1.0, LENGTH)), be.grad(chain)
    return lambda: gradient(x)


def peak_of_numpy(work: Callable[[], Any]) -> float:
    """In arrays of the chain."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / (8 * LENGTH)
    finally:
        tracemalloc.stop()


def peak_of_torch(work: Callable[[], Any]) -> float:
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    class Live(TorchDispatchMode):  # type: ignore[misc, unused-ignore]
        """Counts the storages that are alive after each operation, forward and backward."""

        def __init__(self) -> None:
            super().__init__()
            self.alive: dict[int, Any] = {}
            self.now = self.peak = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                storage = result.untyped_storage()
                if storage.data_ptr() not in self.alive:
                    key, size = storage.data_ptr(), storage.nbytes()
                    self.now += size
                    self.alive[key] = weakref.finalize(storage, self._freed, key, size)
            self.peak = max(self.peak, self.now)
            return result

        def _freed(self, key: int, size: int) -> None:
            self.now -= size
            del self.alive[key]

    work()
    with Live() as live:
        work()
    return live.peak / (8 * LENGTH)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_the_peak_of_a_deep_chain_is_far_lower(name: str) -> None:
    pytest.importorskip(name)
    be, peak = ad.backend(name), {"numpy": peak_of_numpy, "torch": peak_of_torch}[name]
    np.testing.assert_array_equal(be.to_numpy(deep(be, be.checkpoint)()), be.to_numpy(deep(be, lambda f: f)()))
    plain, less = peak(deep(be, lambda f: f)), peak(deep(be, be.checkpoint))
    assert plain > SEGMENTS * OPERATIONS  # a residual an operation
    assert less < 2 * (SEGMENTS + OPERATIONS)  # the arguments of the segments, and the residuals of one

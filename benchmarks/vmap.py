"""`vmap`: a loop over the slices against the framework's own transform, and what the adapter does.

PyTorch has `torch.func.vmap`, TensorFlow `tf.vectorized_map`. Each function is mapped over batches of 10 and 1000
slices, and so is its gradient, taken by the interface in the loop and by the framework's own means in its transform.

Run: python benchmarks/vmap.py [--rounds N] [--batch-ms MS] [--clock cpu]
"""

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import _harness as harness
import numpy as np

import autodiff_spec as ad
from autodiff_spec.core.engine import Engine

BATCHES = (10, 1000)
HEAD = ["function", "slices", "loop, µs", "native ÷ loop", "be.vmap ÷ loop"]


def small(be: ad.Backend) -> tuple[Callable[[Any], Any], int]:
    """Three numbers a slice, five operations."""
    xp = be.xp
    return lambda x: xp.sum(xp.sin(x) * x + 0.5), 3


def large(be: ad.Backend) -> tuple[Callable[[Any], Any], int]:
    """Two layers of 128 a slice."""
    xp = be.xp
    draw = np.random.default_rng(0)
    w = [be.asarray((draw.normal(size=(128, 128)) / 12).astype(np.float32)) for _ in range(2)]
    return lambda x: xp.sum(xp.tanh(xp.matmul(xp.tanh(xp.matmul(x, w[0])), w[1]))), 128


def native(name: str, f: Callable[[Any], Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The framework's own map of ``f``, and of the gradient of ``f``."""
    if name == "torch":
        import torch

        return torch.func.vmap(f), torch.func.vmap(torch.func.grad(f))
    import tensorflow as tf

    def gradient(x: Any) -> Any:
        with tf.GradientTape() as t:
            t.watch(x)
            y = f(x)
        return t.gradient(y, x)

    return lambda x: tf.vectorized_map(f, x), lambda x: tf.vectorized_map(gradient, x)


def compared(name: str, options: harness.Options) -> list[list[object]]:
    be = ad.backend(name)
    rows: list[list[object]] = []
    for program in (small, large):
        f, width = program(be)
        for what, ours, theirs in zip(
            (program.__name__, f"gradient, {program.__name__}"), (f, be.grad(f)), native(name, f), strict=True
        ):
            for size in BATCHES:
                x = be.asarray(np.linspace(0.0, 1.0, size * width, dtype=np.float32).reshape(size, width))
                runs: dict[str, Callable[[], Any]] = {
                    "loop": partial(Engine._vmap, be, lambda row, ours=ours: [ours(row)], [x], [0]),
                    "native": partial(theirs, x),
                    "ours": partial(be.vmap(ours), x),
                }
                for form in ("native", "ours"):
                    wanted, found = be.to_numpy(runs["loop"]()[0]), be.to_numpy(runs[form]())
                    assert np.allclose(wanted, found, rtol=1e-5, atol=1e-5), (name, what, size, form)
                times = harness.measure(runs, options)
                ratios = [f"{times[form].ratio(times['loop']):.3f}" for form in ("native", "ours")]
                rows.append([what, size, harness.microseconds(times["loop"].best), *ratios])
    return rows


def main() -> None:
    options = harness.arguments(__doc__, rounds=5, batch_ms=5.0)
    print(harness.versions("numpy", "torch", "tensorflow", "tensorflow-cpu"))
    for name in ("torch", "tensorflow"):
        if importlib.util.find_spec(name):
            harness.table(f"{name}: vmap", HEAD, compared(name, options))


if __name__ == "__main__":
    main()

"""compare on the four frameworks: the examples where they part, the page that shows them, and where they must not."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.programs.file import load_with_arguments

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples/diff"

CASES = {  # the operation that must be named, and who is wrong or off the recommended value there
    "padded_batch": ("maximum", {"tensorflow": "deviates"}),
    "triplet": ("linalg.vector_norm", {"tensorflow": "violates", "jax": "violates"}),
    "rendering": ("cumulative_prod", {"tensorflow": "violates"}),
    "sparse_weights": ("abs", {"jax": "deviates"}),
    "masked_root": ("sqrt", {}),
}
PAGE = (ROOT / "docs/diff.md").read_text("utf-8")
SHOWN = {  # the reports of the page, by the example that they are of
    match[1]: block
    for block in re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    if (match := re.search(r"\((\w+)\.py:\d+\)", block))
}


def told(report: str) -> str:
    """A report without its columns' widths, and without the versions and the times, which are other ones elsewhere."""
    lines = "\n".join(" ".join(line.split()) for line in report.splitlines())
    return re.sub(r"^(numpy|torch|tensorflow|jax) \S+ (.*?) \d+ \d+$", r"\1 \2", lines, flags=re.MULTILINE)


def all_four() -> list[str]:
    names = ["numpy", "torch", "tensorflow", "jax"]
    missing = [name for name in names if name not in ad.available_backends()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed: the example is about where all four differ")
    return names


@pytest.mark.parametrize("example", CASES)
def test_the_operation_in_which_the_frameworks_part_is_named(example: str) -> None:
    names = all_four()
    f, given = load_with_arguments(f"{EXAMPLES / example}.py:loss")
    found = ad.compare(f, *given, backends=names)
    operation, verdicts = CASES[example]
    assert told(SHOWN[example]) in told(str(found)), "docs/diff.md"
    assert found.forward is None
    assert (found.backward.kind, found.backward.name) == ("cotangents", operation)
    if verdicts:
        assert found.backward.verdicts == {name: verdicts.get(name, "conforms") for name in names}
    else:  # an infinite slope times 0: unspecified, and TensorFlow alone gives 0
        assert found.backward.groups == (("numpy", "torch", "jax"), ("tensorflow",))
        assert found.wrong == ("numpy", "torch", "jax")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_on_a_network_the_four_part_nowhere(dtype: str) -> None:
    def loss(x: Any, first: Any, second: Any) -> Any:
        xp = ad.xp()
        h = xp.matmul(xp.tanh(xp.matmul(x, first)), second)
        z = xp.exp(h - xp.max(h, axis=1, keepdims=True))
        return -xp.mean(xp.log((z / xp.sum(z, axis=1, keepdims=True))[:, 0]))

    rng = np.random.default_rng(0)
    shapes = (16, 32), (32, 32), (32, 10)
    found = ad.compare(loss, *map(rng.standard_normal, shapes), backends=all_four(), dtype=dtype, oracle=False)
    assert found.agree, str(found)


def test_the_log_is_the_same_on_all_four() -> None:
    def f(x: Any, w: Any) -> Any:
        xp = ad.xp()
        h = xp.maximum(xp.matmul(x, w), 0.25)
        if h[0, 0] > 0:
            h = ad.stop_gradient(h) * h
        y = xp.sum(ad.extra().relu(h[:, 1:]))
        z = ad.grad(lambda v: xp.sum(v * v * w))(w)
        return y + xp.sum(xp.astype(z, xp.float64)) + xp.mean(xp.concat([h, h]))

    rng = np.random.default_rng(1)
    found = ad.compare(f, rng.standard_normal((2, 3)), rng.standard_normal((3, 3)), backends=all_four())
    assert found.agree, str(found)
    calls = [[step.call for step in run.steps] for run in found.runs]
    assert calls[0] == calls[1] == calls[2] == calls[3]
    assert max(map(len, str(found).splitlines()[:8])) <= 80

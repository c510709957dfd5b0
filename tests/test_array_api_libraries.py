"""Libraries that know arrays of the standard and nothing of us, called inside differentiated functions.

array-api-extra and einops; SciPy is asked by `tests.scipy_functions`. The reference is differences of values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.testing import assert_gradient
from tests import pages

xpx = pytest.importorskip("array_api_extra")
einops = pytest.importorskip("einops")
from einops import array_api as einops_of_the_standard  # noqa: E402  (after the skip)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*expand_dims. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:torch.asarray. unspecified requires_grad:UserWarning"),
]

VECTOR = np.asarray([0.4, 1.3, -0.2])
MATRIX = np.asarray([[0.3, -1.2, 2.1], [1.7, 0.6, -0.4]])
SMALL = np.asarray([[0.8, 1.5], [-0.7, 0.9]])
CUBE = np.arange(1.0, 13.0).reshape(2, 3, 2) / 7.0
NUMBER = np.asarray(2.0)
GAPS = np.asarray([0.5, np.nan, 2.0])


@pytest.fixture(params=["numpy", "torch", "jax"])
def be(request: pytest.FixtureRequest) -> Iterator[ad.Backend]:
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    with ad.use_backend(request.param) as be:
        yield be


def check(function: Callable[..., Any], *arrays: Any) -> None:
    assert_gradient(function, *arrays, modes=["reverse"])


def integers(*values: int) -> Any:
    return ad.xp().asarray(values)


# --- array-api-extra ----------------------------------------------------------------------------------------------

EXTRA: dict[str, tuple[Any, ...]] = {
    "angle": (lambda x: x * xpx.angle(x), MATRIX),
    "argpartition": (lambda x: x[xpx.argpartition(x, 1)], VECTOR),
    "atleast_nd": (lambda x: xpx.atleast_nd(x, ndim=3), MATRIX),
    "cov": (xpx.cov, MATRIX),
    "deg2rad": (xpx.deg2rad, MATRIX),
    "expand_dims": (lambda x: xpx.expand_dims(x, axis=(0, 2)), MATRIX),
    "isclose": (lambda x: x * xpx.isclose(x, x + 1.0), MATRIX),
    "isin": (lambda x: x * xpx.isin(x, x[0]), MATRIX),
    "kron": (xpx.kron, MATRIX, SMALL),
    "nan_to_num": (xpx.nan_to_num, VECTOR),
    "nanmax": (xpx.nanmax, GAPS),
    "nanmean": (xpx.nanmean, GAPS),
    "nanmin": (xpx.nanmin, GAPS),
    "nansum": (xpx.nansum, GAPS),
    "one_hot": (lambda x: x @ xpx.one_hot(integers(0, 2, 1), 3, dtype=x.dtype), MATRIX),
    "rad2deg": (xpx.rad2deg, MATRIX),
    "searchsorted": (lambda x: x * xpx.searchsorted(ad.xp().sort(x), x), VECTOR),
    "sinc": (xpx.sinc, MATRIX),
}


@pytest.mark.parametrize("name", EXTRA)
def test_array_api_extra_keeps_the_derivative(name: str, be: ad.Backend) -> None:
    function, *arguments = EXTRA[name]
    check(function, *map(be.asarray, arguments))


MIXED = (TypeError, "Multiple namespaces")
WRITTEN = (ad.MutationError, "in place")
SOME: dict[str, tuple[Any, dict[str, Any]]] = {
    "at": ((lambda x, y: xpx.at(x, 0).set(y, copy=True), VECTOR, NUMBER), {}),
    "at, added": ((lambda x, y: xpx.at(x, 0).add(y, copy=True), VECTOR, NUMBER), {}),
    "at, in place": ((lambda x, y: xpx.at(x, 0).set(y), VECTOR, NUMBER), {"torch": (RuntimeError, "in place")}),
    "apply_where": (
        (lambda x, y: xpx.apply_where(x > 0, (x, y), lambda x, y: x**2 * y, lambda x, y: 3 * x), VECTOR, 2 * VECTOR),
        {"numpy": MIXED}),
    "create_diagonal": ((xpx.create_diagonal, VECTOR), {"numpy": MIXED}),
    "pad": ((lambda x: xpx.pad(x, 1), MATRIX), {"numpy": MIXED}),
    "partition": ((lambda x: xpx.partition(x, 1), VECTOR), {"torch": WRITTEN}),
    "union1d": (
        (xpx.union1d, VECTOR, MATRIX[0]),
        {"torch": (ad.UnsupportedError, "unique"), "jax": (ad.GradientCheckError, "FAILED")}),
    "lazy_apply": (
        (lambda x: xpx.lazy_apply(np.sin, x), VECTOR),
        {"torch": (RuntimeError, "requires grad"), "jax": (AssertionError, None)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SOME)
def test_array_api_extra_keeps_it_or_says_that_it_does_not(name: str, be: ad.Backend) -> None:
    (function, *arguments), refused = SOME[name]
    arrays = list(map(be.asarray, arguments))
    if be.name not in refused:
        check(function, *arrays)
        return
    error, message = refused[be.name]
    with pytest.raises(error, match=message):
        check(function, *arrays)


# --- einops -------------------------------------------------------------------------------------------------------

EINOPS: dict[str, Callable[[Any, Any], Any]] = {
    "rearrange": lambda e, x: e.rearrange(x, "a b c -> c (b a)"),
    "rearrange of a list": lambda e, x: e.rearrange([x, 2.0 * x], "s a b c -> a b (s c)"),
    "reduce by mean": lambda e, x: e.reduce(x, "a b c -> b", "mean"),
    "reduce by max": lambda e, x: e.reduce(x, "a (b n) c -> a c", "max", n=1),
    "reduce by prod": lambda e, x: e.reduce(x, "a b c -> b", "prod"),
    "repeat": lambda e, x: e.repeat(x, "a b c -> a n b c", n=2),
    "pack": lambda e, x: e.pack([x, x * x], "* c")[0],
    "unpack": lambda e, x: e.unpack(x, [(1,), (2,)], "a * c")[1],
}


def test_einops_keeps_the_derivative(be: ad.Backend) -> None:
    library = einops_of_the_standard if be.name == "numpy" else einops
    check(lambda x: {name: function(library, x) for name, function in EINOPS.items()}, be.asarray(CUBE))


def test_einops_keeps_it_on_tensorflow() -> None:
    pytest.importorskip("tensorflow")
    x = ad.backend("tensorflow").asarray(CUBE)
    check(lambda x: {name: function(einops, x) for name, function in EINOPS.items()}, x)


def test_what_einops_does_not_know_it_refuses() -> None:
    with ad.use_backend("numpy"), pytest.raises(RuntimeError, match="unknown to einops"):
        ad.grad(lambda x: einops.rearrange(x, "a b c -> c b a"))(CUBE)


def test_the_page_about_libraries_names_what_is_tested() -> None:
    page = (pages.DOCS / "scipy.md").read_text("utf-8").partition("## array-api-extra")[2]
    missing = [name for name in SOME if f"`{name.partition(',')[0]}" not in page]
    assert not missing

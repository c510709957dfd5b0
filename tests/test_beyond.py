"""The functions of `autodiff_spec.beyond`: values, the same error for a mistake everywhere, batches, compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

RANDOM = np.random.default_rng(150)
Program = Callable[[Any, Any], Any]


@pytest.fixture(scope="module", params=["numpy", "torch", "tensorflow", "jax"])
def be(request: pytest.FixtureRequest) -> ad.Backend:
    if request.param not in ad.available_backends():
        pytest.skip(f"{request.param} is not installed")
    return ad.backend(request.param, conventions="native")


def real(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize(
    ("shape", "widths"),
    [((3,), 2), ((3,), (7, 4)), ((1,), (2, 5)), ((2, 3), ((1, 0), (0, 2))), ((2, 3), 0), ((), 3), ((2, 1, 3), (1, 4))],
)
def test_pad_is_that_of_numpy(be: ad.Backend, mode: str, shape: tuple[int, ...], widths: Any) -> None:
    x = real(*shape)
    found = be.to_numpy(be.extra.pad(be.asarray(x), widths, mode=mode))
    np.testing.assert_array_equal(found, np.pad(x, widths, mode) if shape else x)


@pytest.mark.parametrize("dtype", ["int64", "bool", "float32", "complex128"])
def test_pad_keeps_the_dtype(be: ad.Backend, dtype: str) -> None:
    for mode in ("constant", "wrap"):
        found = be.extra.pad(be.asarray(np.ones(3, dtype)), 1, mode=mode)
        assert be.to_numpy(found).dtype == dtype


# --- one error for one mistake ----------------------------------------------------------------------------------

REFUSED: dict[str, tuple[type[Exception], str, Program]] = {
    "pad: three widths": (ad.ShapeMismatchError, "for each of 2 axes", lambda extra, x: extra.pad(x, (1, 2, 3))),
    "pad: pairs for three axes": (ad.ShapeMismatchError, "2 axes", lambda extra, x: extra.pad(x, ((1, 1),) * 3)),
    "pad: a width of 1.5": (TypeError, "integers", lambda extra, x: extra.pad(x, 1.5)),
    "pad: a negative width": (ValueError, "not negative", lambda extra, x: extra.pad(x, (-1, 2))),
    "pad: an unknown mode": (ValueError, "'constant', 'edge'", lambda extra, x: extra.pad(x, 1, mode="mirror")),
    "pad: a constant for each side": (
        ad.ShapeMismatchError, "0-d", lambda extra, x: extra.pad(x, 1, constant_values=x[0])
    ),
    "pad: a constant nobody uses": (
        ValueError, "takes no constant", lambda extra, x: extra.pad(x, 1, mode="edge", constant_values=2.0)
    ),
    "pad: an edge of nothing": (
        ad.ShapeMismatchError, "no element", lambda extra, x: extra.pad(x[:0], ((1, 0), (0, 0)), mode="edge")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", ["plain", "recorded"])
def test_a_mistake_is_the_same_error_on_every_backend(be: ad.Backend, name: str, kind: str) -> None:
    error, says, program = REFUSED[name]
    x = be.asarray(real(3, 4))
    with be.tape() as tape, pytest.raises(error, match=says) as caught:
        program(be.extra, tape.watch(x) if kind == "recorded" else x)
    assert type(caught.value) is error


# --- batches and compilation ------------------------------------------------------------------------------------

OF_A_MATRIX: dict[str, Program] = {
    "convolve": lambda extra, x: extra.convolve(x[0, :], x[:, 1], mode="same"),
    "segment_sum": lambda extra, x: extra.segment_sum(x, [3, 0, 3, 1], num_segments=5),
    "interp": lambda extra, x: extra.interp(x, [-1.5, -0.1, 0.8, 2.0], x[1, :]),
    "solve_triangular": lambda extra, x: extra.solve_triangular(x, x[:, 3], lower=True, unit_diagonal=True),
    "solve_triangular transposed": lambda extra, x: extra.solve_triangular(x, x, trans=1),
    "lstsq": lambda extra, x: extra.lstsq(x[:, :2], x[:, 2:]),
    "expm": lambda extra, x: extra.expm(x),

    "pad": lambda extra, x: extra.pad(x, ((1, 2), (0, 3)), constant_values=x[0, 0]),
    "pad reflect": lambda extra, x: extra.pad(x, ((1, 2), (0, 5)), mode="reflect"),
}


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_a_batch_is_the_loop(be: ad.Backend, name: str) -> None:
    batch = real(3, 4, 4)

    def both(x: Any) -> Any:
        f = OF_A_MATRIX[name]
        return f(be.extra, x), be.grad(lambda x: be.xp.sum(f(be.extra, x) ** 2))(x)

    found = be.vmap(both)(be.asarray(batch))
    for i, x in enumerate(batch):
        for part, expected in zip(found, both(be.asarray(x)), strict=True):
            np.testing.assert_allclose(be.to_numpy(part)[i], be.to_numpy(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OF_A_MATRIX)
def test_a_prepared_function_has_the_same_values_and_gradients(be: ad.Backend, name: str) -> None:
    first, second = (be.asarray(real(4, 4)) for _ in range(2))
    gradient = be.value_and_grad(lambda x: be.xp.sum(OF_A_MATRIX[name](be.extra, x) ** 2))
    prepared = be.prepare(gradient, first)
    for x in (first, second):
        for found, expected in zip(prepared(x), gradient(x), strict=True):
            np.testing.assert_allclose(be.to_numpy(found), be.to_numpy(expected), rtol=1e-12, atol=1e-12)

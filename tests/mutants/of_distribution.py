"""Mutants that take arrays in parts for whole ones, or lay them elsewhere; Dask's parts are NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff_numpy import NumpyBackend, xp
from autodiff_spec import Backend
from autodiff_spec.gradient_check.report import GradientReport
from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("the cotangent of a sum goes to every part as often as there are parts", "DIST-01")
def a_share_for_each_part() -> None:
    right = at.spread_in_parts

    def spread(g: Any, shape: Any) -> Any:
        return right(g, shape) * (len(shape.chunks[0]) if hasattr(shape, "chunks") and shape else 1)

    at.spread_in_parts = spread


@mutant("a gradient is laid into one part", "DIST-02", "DIST-03", "DIST-11")
def gradient_in_one_part() -> None:
    at.tracked.placed = lambda g, shape: g.rechunk(-1) if hasattr(g, "chunks") else g


@mutant("what is computed for each slice of a batch stays in a part of its own", "DIST-04")
def a_part_for_each_slice() -> None:
    NumpyBackend._vmap = Backend._vmap


@mutant("a variable lies where its last value came from", "DIST-05", "DIST-06")
def variable_lies_as_its_value() -> None:
    def assign(self: Any, variable: Any, array: Any) -> None:
        variable.value = at.plain(array)

    NumpyBackend._assign = assign


@mutant("a lazy array is computed before it is differentiated", "DIST-07")
def computed_at_once() -> None:
    right = NumpyBackend._handed

    def handed(self: Any, sources: Any) -> Any:
        for source in sources:
            np.isnan(np.asarray(at.plain(source)))
        return right(self, sources)

    NumpyBackend._handed = handed


@mutant("the cotangent of a sum is made whole", "DIST-08")
def whole_cotangent() -> None:
    at.spread_in_parts = lambda g, shape: np.ones(shape) * g


@mutant("zeros are whole", "DIST-09")
def whole_zeros() -> None:
    xp.zeros_like = lambda x, /, **_: np.zeros(x.shape, x.dtype)


@mutant("functions of Dask's take the values of a recorded array", "DIST-10")
def values_taken() -> None:
    at.refused_by_dask = lambda array: None


@mutant("sizes that are not known are taken for sizes", "DIST-12")
def unknown_sizes() -> None:
    at.require_known = lambda x: None


@mutant("what a scheduler raises is passed on", "DIST-13")
def raw_error() -> None:
    at.computed = np.array


@mutant("to_numpy() leaves lazy arrays lazy", "DIST-14")
def still_lazy() -> None:
    NumpyBackend._to_numpy = lambda self, array: at.plain(array).copy()


@mutant("check_grad() passes whatever it finds", "DIST-15")
def every_check_passes() -> None:
    GradientReport.passed = property(lambda self: True)


@mutant("stop_gradient() gathers", "DIST-16")
def gathered_constant() -> None:
    NumpyBackend._stop_gradient = lambda self, array: np.array(at.plain(array))

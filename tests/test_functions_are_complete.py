"""The table of functions against the standard: every name has a row, or a reason why not."""

from collections import Counter

import numpy as np
import pytest

from autodiff_spec import oracle
from autodiff_spec.clauses import CLAUSES
from autodiff_spec.conformance.functions import FUNCTIONS, Function, Variant
from autodiff_spec.conformance.functions._model import EXACT, MORE_FOR_SECOND, OF_HALF, ROUNDED, Arg
from autodiff_spec.conformance.functions.standard import FFT, LINALG, MAIN, NAMES, NOT_DIFFERENTIATED
from autodiff_spec.conformance.kinks.points import INTEGER_VALUED

ROWS = {function.name for function in FUNCTIONS}
INTEGERS = {point.name for _, point in INTEGER_VALUED}
VARIANTS = [pytest.param(v, id=v.name) for function in FUNCTIONS for v in function.variants]


def test_every_name_of_the_standard_has_a_row_or_a_reason() -> None:
    missing = [name for name in NAMES if name not in ROWS | INTEGERS | set(NOT_DIFFERENTIATED)]
    assert missing == []


def test_no_name_with_a_reason_has_a_row_and_none_is_unknown() -> None:
    assert set(NOT_DIFFERENTIATED) & (ROWS | INTEGERS) == set()
    assert set(NOT_DIFFERENTIATED) <= set(NAMES)


@pytest.mark.parametrize(("names", "module"), [(MAIN, np), (LINALG, np.linalg), (FFT, np.fft)])
def test_the_names_are_those_that_numpy_has_too(names: tuple[str, ...], module: object) -> None:
    # NumPy 2 follows the standard but for few names, so that a name misspelt or invented here is noticed
    assert [name for name in names if not hasattr(module, name)] == []
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted((ROWS | INTEGERS) & set(NAMES)))
def test_the_oracle_has_every_function_that_has_a_row(name: str) -> None:
    found: object = oracle.xp
    for part in name.split("."):
        found = getattr(found, part)
    assert callable(found)


def test_no_two_rows_and_no_two_variants_share_a_name() -> None:
    assert [name for name, n in Counter(f.name for f in FUNCTIONS).items() if n > 1] == []
    assert [name for name, n in Counter(v.name for f in FUNCTIONS for v in f.variants).items() if n > 1] == []


@pytest.mark.parametrize("function", [pytest.param(f, id=f.name) for f in FUNCTIONS])
def test_a_row_cites_clauses_that_exist(function: Function) -> None:
    assert CLAUSES[function.clause].chapter == "FUN"
    assert [CLAUSES[kink].chapter for kink in function.kinks] == ["KINK"] * len(function.kinks)


def test_a_budget_is_larger_in_16_bits_and_for_second_derivatives() -> None:
    row = Function("f", "FUN-01", (), ROUNDED)
    assert row.budget("float64") == row.budget("float32", 0) == ROUNDED
    assert row.budget("float16") == OF_HALF
    assert row.budget("float64", 2) == ROUNDED * MORE_FOR_SECOND
    assert Function("g", "FUN-01", (), EXACT).budget("float64", 2) == 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_arguments_are_exact_in_every_dtype_and_off_the_kinks(variant: Variant) -> None:
    for shapes in variant.shapes:
        arrays = variant.arrays(shapes)
        for arg, array in zip(variant.args, arrays, strict=True):
            if arg.differentiable:
                parts = np.array([array.real, array.imag])
                assert (parts.astype(np.float16) == parts).all()
        if variant.real:
            distance = oracle.kink_distance(variant.on_oracle, *arrays)
            assert distance > 0.01, "a row's arguments keep away from kinks, or their derivatives are no truth"


@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (2, 3), (2, 2, 2)])
def test_matrices_are_well_conditioned_with_gaps_between_their_values(shape: tuple[int, ...]) -> None:
    matrices = Arg(-0.25, 0.25, "odd", diagonal=(2.0, 4.0, 6.0))
    for seed in range(20):
        array = matrices.array(shape, np.random.default_rng(seed))
        values = np.linalg.svd(array, compute_uv=False)
        assert (values[..., 0] / values[..., -1] < 5.4).all()
        assert (-np.diff(values) > 1.0).all()

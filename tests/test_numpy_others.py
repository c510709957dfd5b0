"""Arrays of other classes beside recorded ones: refused by name, or right; no mask, unit or label is dropped."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad

pytestmark = pytest.mark.filterwarnings("ignore::autodiff_spec.IndependentWarning")  # of floor and its like
be = ad.backend("numpy")
X = np.array([1.5, 2.5, 0.5])
Y = np.array([1.0, 2.0, 3.0])

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "iadd", "imul")
}
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "np.add": np.add,
    "np.multiply": np.multiply,
    "np.maximum": np.maximum,
    "np.hypot": np.hypot,
    "np.matmul": np.matmul,
    "np.concatenate": lambda a, b: np.concatenate([a, b]),
    "np.stack": lambda a, b: np.stack([a, b]),
    "np.vstack": lambda a, b: np.vstack([a, b]),
    "np.where": lambda a, b: np.where(np.array([True, False, True]), a, b),
    "np.dot": np.dot,
    "np.inner": np.inner,
    "np.outer": np.outer,
    "np.einsum": lambda a, b: np.einsum("i,i->i", a, b),
    "np.clip": lambda a, b: np.clip(a, b, None),
    "xp.add": be.xp.add,
    "xp.pow": be.xp.pow,
    "xp.concat": lambda a, b: be.xp.concat([a, b]),
    "xp.where": lambda a, b: be.xp.where(be.xp.asarray([True, False, True]), a, b),
}
CALLS = OPERATORS | FUNCTIONS
SWAPPED = [False, True]


class Units(np.ndarray[Any, Any]):
    """An array whose arithmetic is its own, as that of astropy's quantities."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not all(isinstance(a, (np.ndarray, float)) for a in inputs):
            return NotImplemented
        plain = [a.view(np.ndarray) if isinstance(a, Units) else a for a in inputs]
        return getattr(ufunc, method)(*plain, **kwargs).view(Units)


def refused() -> dict[str, Any]:
    sparse = pytest.importorskip("scipy.sparse")
    return {
        "masked": np.ma.masked_array(Y, mask=[False, True, False]),
        "masked constant": np.ma.masked,
        "matrix": np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [2.0, 0.0, 1.0]]).view(np.matrix),  # without a warning
        "sparse matrix": sparse.csr_matrix(np.diag(Y)),
        "sparse array": sparse.csr_array(np.diag(Y)),
        "sparse of coordinates": sparse.coo_array(np.diag(Y)),
        "with units": Y.view(Units),
    }


def called(name: str, swapped: bool, x: Any, other: Any) -> Any:
    return CALLS[name](other, x) if swapped else CALLS[name](x, other)


def numpys_own(name: str, swapped: bool, other: Any) -> bool:
    """Whether NumPy itself computes this, on an array that is not recorded."""
    try:
        called(name, swapped, X.copy(), other.copy() if hasattr(other, "copy") else other)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("swapped", SWAPPED, ids=["on the right", "on the left"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", ["masked", "masked constant", "matrix", "sparse matrix", "sparse array",
                                  "sparse of coordinates", "with units"])  # fmt: skip
def test_what_computes_otherwise_is_refused(kind: str, name: str, swapped: bool) -> None:
    other = refused()[kind]
    if kind == "masked constant" and swapped and name in ("iadd", "imul"):
        pytest.skip("it stays masked, whatever is added")
    refusals = (ad.BackendMismatchError, ad.LostDerivativeError, ad.UnsupportedError)
    expected = refusals if numpys_own(name, swapped, other) else Exception
    for derivative in (be.grad, lambda f: lambda x: be.jvp(f, (x,), (x,))):
        with pytest.raises(expected):
            derivative(lambda x: np.sum(called(name, swapped, x, other)))(X)
    variable = be.variable(X)
    with be.tape(), pytest.raises(expected):
        called(name, swapped, variable, other)


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("masked", r"MaskedArray.*mask would be lost; pass m\.filled"),
        ("matrix", r"matrix.*pass np\.asarray\(M\), and write @"),
        ("sparse matrix", r"csr_matrix.*pass A\.toarray\(\)"),
        ("with units", r"Units.*pass np\.asarray"),
    ],
)
def test_the_error_names_the_class_and_the_remedy(kind: str, remedy: str) -> None:
    with pytest.raises(ad.BackendMismatchError, match=remedy):
        be.grad(lambda x: np.sum(x * refused()[kind]))(X)


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("masked", r"m\.filled\(0\.0\)"), ("sparse matrix", r"A\.toarray\(\)"), ("sparse array", "toarray")],
)
def test_the_error_names_the_remedy_where_the_other_class_is_asked_first(kind: str, remedy: str) -> None:
    with pytest.raises(ad.LostDerivativeError, match=remedy):
        be.grad(lambda x: np.sum(operator.mul(refused()[kind], x)))(X)


@pytest.mark.parametrize("compare", [operator.lt, operator.ge, operator.eq, operator.ne], ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", ["masked", "matrix", "sparse matrix", "sparse array", "with units"])
def test_comparisons_are_numpys(kind: str, compare: Callable[[Any, Any], Any]) -> None:
    other = refused()[kind]
    with be.tape() as t:
        found = compare(t.watch(X), other)
    expected = compare(X, other)
    assert type(found) is type(expected)
    assert np.asarray(found).tolist() == np.asarray(expected).tolist()
    assert np.ma.is_masked(found) == np.ma.is_masked(expected)


# --- classes that take over -------------------------------------------------------------------------------------


class Labelled:
    """An array with a label, which holds whatever speaks NumPy's protocols, as those of xarray do."""

    __array_priority__ = 50

    def __init__(self, data: Any, label: str) -> None:
        self.data, self.label = data, label
        self.shape, self.ndim, self.dtype = data.shape, data.ndim, data.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.data, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        data = [one.data if isinstance(one, Labelled) else one for one in inputs]
        return Labelled(getattr(ufunc, method)(*data, **kwargs), self.label)

    def __matmul__(self, other: Any) -> Any:
        return np.matmul(self, other)


for _name, _ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
                      "mod": np.remainder, "pow": np.power}.items():  # fmt: skip
    setattr(Labelled, f"__{_name}__", lambda self, other, ufunc=_ufunc: ufunc(self, other))
    setattr(Labelled, f"__r{_name}__", lambda self, other, ufunc=_ufunc: ufunc(other, self))

TAKEN = ["add", "sub", "mul", "truediv", "mod", "pow", "matmul", "np.add", "np.multiply", "np.hypot",
         "np.maximum", "np.matmul", "xp.add", "xp.pow"]  # fmt: skip


@pytest.mark.parametrize("swapped", SWAPPED, ids=["on the right", "on the left"])
@pytest.mark.parametrize("name", TAKEN)
def test_a_class_that_holds_arrays_is_asked(name: str, swapped: bool) -> None:
    labels = []

    def f(x: Any) -> Any:
        found = called(name, swapped, x, Labelled(Y, "time"))
        labels.append(found.label)
        return np.sum(found.data)

    x, step = X + 0.125, 1e-6  # no ties
    expected = [(f(x + step * unit) - f(x - step * unit)) / (2 * step) for unit in np.eye(3)]
    np.testing.assert_allclose(be.grad(f)(x), expected, atol=1e-8, rtol=1e-8)
    np.testing.assert_allclose(be.jvp(f, (x,), (Y,))[1], np.dot(expected, Y), atol=1e-8, rtol=1e-8)
    assert set(labels) == {"time"}


@pytest.mark.parametrize("name", ["np.concatenate", "np.stack", "np.where", "np.inner", "np.einsum", "xp.where"])
def test_functions_that_convert_it_in_numpy_convert_it_here(name: str) -> None:
    found = be.grad(lambda x: np.sum(called(name, False, x, Labelled(Y, "time")) ** 2))(X)
    np.testing.assert_array_equal(found, be.grad(lambda x: np.sum(called(name, False, x, Y) ** 2))(X))


def test_a_class_with_operators_of_its_own_alone_gets_its_turn() -> None:
    class Pair:
        __array_ufunc__ = None

        def __rmul__(self, other: Any) -> Any:
            return other * 2.0, other * 3.0

    np.testing.assert_array_equal(be.grad(lambda x: np.sum((x * Pair())[1]))(X), [3.0, 3.0, 3.0])


def test_a_class_that_does_not_take_recorded_arrays_is_named() -> None:
    class Series(Labelled):
        def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
            return NotImplemented

    with pytest.raises(ad.BackendMismatchError, match=r"Series.*np\.hypot"):
        be.grad(lambda x: np.sum(np.hypot(x, Series(Y, "time"))))(X)


# --- arrays of NumPy's own --------------------------------------------------------------------------------------


def test_a_subclass_that_computes_as_numpy_does_is_a_constant(tmp_path: Path) -> None:
    class Noted(np.ndarray[Any, Any]):
        note = ""

    on_disk = np.memmap(tmp_path / "y", dtype=np.float64, mode="w+", shape=(3,))
    on_disk[:] = Y
    for other in (Y.view(Noted), on_disk, Y.view(np.recarray)):
        np.testing.assert_array_equal(be.grad(lambda x, other=other: np.sum(x * other))(X), Y)


def objects(x: Any) -> Any:
    """An array of objects, the elements of ``x``."""
    found = np.empty(3, object)
    for i in range(3):
        found[i] = x[i]
    return found


@pytest.mark.parametrize("swapped", SWAPPED, ids=["on the right", "on the left"])
@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("np.clip", "np.hypot", "xp.where")])
def test_an_array_of_recorded_elements_is_refused_or_right(name: str, swapped: bool) -> None:
    def f(x: Any) -> Any:
        return np.sum(called(name, swapped, x * 1.0, objects(x)))

    try:
        found = be.grad(f)(X)
    except (ad.AutodiffError, TypeError):
        return
    reference = be.grad(lambda x: np.sum(called(name, swapped, x * 1.0, x)))(X)
    np.testing.assert_allclose(found, reference)


def test_an_array_of_recorded_elements_alone_is_differentiated() -> None:
    np.testing.assert_array_equal(be.grad(lambda x: np.sum(objects(x) * objects(x)))(X), 2 * X)
    zero_d = be.grad(lambda x: objects(x)[1:2].reshape(()).item() * 2.0)
    np.testing.assert_array_equal(zero_d(X), [0.0, 2.0, 0.0])
    with pytest.raises(ad.LostDerivativeError, match=r"np\.stack"):
        be.grad(lambda x: x[0] * objects(x)[1:2].reshape(()))(X)


def test_an_array_of_objects_as_the_result_is_refused() -> None:
    halves = np.array([Fraction(1, 2)] * 3)
    with pytest.raises(ad.NotDifferentiableError, match="astype"):
        be.grad(lambda x: x * halves)(X)
    np.testing.assert_array_equal(be.grad(lambda x: (x * halves).astype(float))(X), [0.5] * 3)


@pytest.mark.parametrize("swapped", SWAPPED, ids=["on the right", "on the left"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "np.multiply", "xp.add"])
def test_a_fraction_is_a_number(name: str, swapped: bool) -> None:
    for f in (lambda x, c: np.sum(called(name, swapped, x, c)), lambda x, c: called(name, swapped, x[0], c)):
        found = be.grad(lambda x, f=f: f(x, Fraction(1, 2)))(X)
        np.testing.assert_array_equal(found, be.grad(lambda x, f=f: f(x, 0.5))(X))


def test_fields_of_a_structured_array_are_constants() -> None:
    table = np.array([(1.0, 2), (3.0, 4), (5.0, 6)], dtype=[("a", float), ("b", int)])
    np.testing.assert_array_equal(be.grad(lambda x: np.sum(x * table["a"] * table["b"]))(X), [2.0, 12.0, 30.0])
    with pytest.raises(TypeError):
        be.grad(lambda x: np.sum(x * table))(X)

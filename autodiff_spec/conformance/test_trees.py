"""Chapter TREE."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from autodiff_spec import Backend, NotDifferentiableError, UntrackedError
from autodiff_spec.conformance import clause
from autodiff_spec.conformance.checks import assert_equal
from autodiff_spec.conformance.strategies import trees

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Layer:
    weight: Any
    bias: Any


@dataclass(frozen=True)
class Guarded:
    """Its constructor accepts only what has a shape, and counts its calls."""

    value: Any
    rest: Any

    def __post_init__(self) -> None:
        if not hasattr(self.value, "shape"):
            raise TypeError("Guarded holds arrays")
        CONSTRUCTED.append(self)


CONSTRUCTED: list[Guarded] = []


def variable(be: Backend, value: Any) -> Any:
    return be.variable(value, dtype=be.xp.float64)


def mapped(function: Any, tree: Any) -> Any:
    """``function`` of each leaf of nested tuples, lists and dicts: the suite's own, for the truth."""
    if isinstance(tree, dict):
        return {key: mapped(function, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(mapped(function, value) for value in tree)
    return function(tree)


def leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    mapped(found.append, tree)
    return found


def numbered(tree: Any) -> Any:
    """The tree with distinct numbers for leaves, in the order of this file's own walk."""
    count = iter(range(1, 100))
    return mapped(lambda _: float(next(count)), tree)


@clause("TREE-01", "TREE-07")
@given(shape=trees(lambda: None))
def test_sources_may_be_any_nesting(be: Backend, shape: Any) -> None:
    numbers = numbered(shape)
    variables = mapped(lambda number: variable(be, number), numbers)
    with be.tape() as t:
        y = sum((v * v for v in leaves(variables)), variable(be, 0.0) * 1.0)
    gradients = t.grad(y, variables)
    assert mapped(float, gradients) == mapped(lambda number: 2 * number, numbers)


@clause("TREE-05")
@given(shape=trees(lambda: None))
def test_arguments_may_be_any_nesting(be: Backend, shape: Any) -> None:
    numbers = numbered(shape)
    arrays = mapped(lambda number: be.asarray(number, dtype=be.xp.float64), numbers)
    gradients = be.grad(lambda tree: sum((x * x for x in leaves(tree)), 0.0))(arrays)
    assert mapped(float, gradients) == mapped(lambda number: 2 * number, numbers)


@clause("TREE-06")
@given(shape=trees(lambda: None))
def test_results_may_be_any_nesting(be: Backend, shape: Any) -> None:
    numbers = numbered(shape)
    x = be.asarray(3.0, dtype=be.xp.float64)
    y, pullback = be.vjp(lambda a: mapped(lambda number: number * a, numbers), x)
    assert mapped(float, y) == mapped(lambda number: 3 * number, numbers)
    (g,) = pullback(mapped(lambda number: be.asarray(number, dtype=be.xp.float64), numbers))
    assert_equal(be, g, sum(number * number for number in leaves(numbers)))


@clause("TREE-04")
@given(shape=trees(lambda: None))
def test_targets_and_cotangents_may_be_any_nesting(be: Backend, shape: Any) -> None:
    numbers = numbered(shape)
    v = variable(be, 3.0)
    with be.tape(persistent=True) as t:
        targets = mapped(lambda number: number * v, numbers)
    weights = mapped(lambda number: be.asarray(10 * number, dtype=be.xp.float64), numbers)
    assert_equal(be, t.grad(targets, v), sum(leaves(numbers)))
    assert_equal(be, t.grad(targets, v, cotangent=weights), sum(10 * number * number for number in leaves(numbers)))


@clause("TREE-02")
def test_namedtuples_are_trees(be: Backend) -> None:
    sources = Pair(variable(be, 2.0), [variable(be, 3.0)])
    with be.tape() as t:
        y = sources.first * sources.second[0]
    g = t.grad(y, sources)
    assert type(g) is Pair
    assert (float(be.to_numpy(g.first)), float(be.to_numpy(g.second[0]))) == (3.0, 2.0)


@clause("TREE-02")
def test_dataclasses_are_trees(be: Backend) -> None:
    layer = Layer(weight=variable(be, [2.0, 3.0]), bias={"b": variable(be, 5.0)})
    with be.tape() as t:
        y = be.xp.sum(layer.weight * layer.bias["b"])
    g = t.grad(y, layer)
    assert type(g) is Layer
    assert_equal(be, g.weight, [5.0, 5.0])
    assert_equal(be, g.bias["b"], 5.0)


@clause("TREE-05")
def test_an_argument_may_be_a_dataclass(be: Backend) -> None:
    arrays = Layer(be.asarray([2.0, 3.0]), be.asarray(5.0))
    functional = be.grad(lambda each: be.xp.sum(each.weight * each.bias))(arrays)
    assert type(functional) is Layer
    assert_equal(be, functional.weight, [5.0, 5.0])


@clause("TREE-03")
def test_a_dataclass_is_rebuilt_without_its_constructor(be: Backend) -> None:
    v, w = variable(be, 2.0), variable(be, 3.0)
    source = Guarded(v, w)
    with be.tape() as t:
        y = v * 5.0
    CONSTRUCTED.clear()
    g = t.grad(y, source, unconnected="none")
    assert type(g) is Guarded
    assert not CONSTRUCTED
    assert float(be.to_numpy(g.value)) == 5.0
    assert g.rest is None


@clause("TREE-16")
def test_unconnected_leaves_of_any_depth_get_what_is_asked_for(be: Backend) -> None:
    v, w, u = (variable(be, value) for value in (2.0, 3.0, 5.0))
    source = {"a": {"b": (v, [w])}, "c": u}
    with be.tape(persistent=True) as t:
        y = v * v
    found = t.grad(y, source, unconnected="none")
    assert_equal(be, found["a"]["b"][0], 4.0)
    assert found["a"]["b"][1] == [None]
    assert found["c"] is None
    found = t.grad(y, source, unconnected="zero")
    assert_equal(be, found["a"]["b"][1][0], 0.0)
    assert_equal(be, found["c"], 0.0)
    with pytest.raises(UntrackedError, match=r"\['a'\]\['b'\]\[1\]\[0\]"):
        t.grad(y, source, unconnected="raise")


@clause("TREE-07")
@pytest.mark.parametrize("keys", ["abc", "cba", "bca"])
def test_the_order_of_a_dict_does_not_matter(be: Backend, keys: str) -> None:
    values = {"a": 1.0, "b": 2.0, "c": 3.0}
    sources = {key: variable(be, values[key]) for key in keys}
    with be.tape() as t:
        y = sources["a"] * 10.0 + sources["b"] * 20.0 + sources["c"] * 30.0
    g = t.grad({"y": y}, sources, cotangent={"y": be.asarray(1.0, dtype=be.xp.float64)})
    assert {key: float(g[key]) for key in "abc"} == {"a": 10.0, "b": 20.0, "c": 30.0}


@clause("TREE-08")
@pytest.mark.parametrize("empty", [(), [], {}], ids=repr)
def test_an_empty_tree_of_sources_gives_an_empty_tree(be: Backend, empty: Any) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    assert t.grad(y, empty) == empty


@clause("TREE-09")
def test_none_is_a_leaf(be: Backend) -> None:
    v = variable(be, 3.0)
    with be.tape() as t:
        y = v * v
    for sources in (None, (v, None), {"a": None}):
        with pytest.raises(NotDifferentiableError):
            t.grad(y, sources)
    assert_equal(be, t.grad(y, v), 6.0)


@clause("TREE-10")
def test_out_is_a_tree_like_the_sources(be: Backend) -> None:
    sources = {"w": [variable(be, [1.0, 2.0])], "b": (variable(be, 3.0),)}
    out = {"w": [variable(be, [0.0, 0.0])], "b": (variable(be, 0.0),)}
    with be.tape() as t:
        y = be.xp.sum(sources["w"][0]) * sources["b"][0]
    assert t.grad(y, sources, out=out) is out
    assert_equal(be, out["w"][0], [3.0, 3.0])
    assert_equal(be, out["b"][0], 3.0)


@clause("TREE-11")
@given(data=st.data())
def test_to_numpy_takes_trees(be: Backend, data: st.DataObject) -> None:
    numbers = numbered(data.draw(trees(lambda: None)))
    found = be.to_numpy(mapped(be.asarray, numbers))
    for leaf in leaves(found):
        assert isinstance(leaf, np.ndarray)
        assert leaf.shape == ()
    assert mapped(float, found) == numbers


@clause("TREE-11", "TREE-01")
def test_to_numpy_detaches_and_copies(be: Backend) -> None:
    v = be.variable([1.0, 2.0], dtype=be.xp.float64)
    with be.tape() as t:
        y = v * v
        copy = be.to_numpy({"y": y, "v": v})
    copy["y"][0] = copy["v"][0] = 99.0
    assert_equal(be, v, [1.0, 2.0])
    assert_equal(be, y, [1.0, 4.0])
    assert_equal(be, t.grad(y, v), [2.0, 4.0])

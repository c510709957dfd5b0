"""Trees: what counts as a node, what as a leaf, and how a leaf is named in a message."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import pytest

from autodiff_spec import ShapeMismatchError
from autodiff_spec.core import trees

Point = namedtuple("Point", "x y")


@dataclass(frozen=True)
class Model:
    w: Any
    b: Any


@pytest.mark.parametrize(
    "tree", [1.0, (1.0, 2.0), [1.0, [2.0]], {"b": 1.0, "a": (2.0,)}, Point(1.0, 2.0), Model(1.0, [2.0]), None, ()]
)
def test_a_tree_comes_back_as_it_went(tree):
    leaves, structure = trees.flatten(tree)
    assert trees.unflatten(structure, leaves) == tree


def test_none_is_a_leaf():
    assert trees.flatten((None, 1.0))[0] == [None, 1.0]


def test_a_dataclass_inside_a_dataclass_is_registered_when_it_is_first_seen():
    @dataclass
    class Inner:
        a: Any

    @dataclass
    class Outer:
        inner: Inner

    leaves, structure = trees.flatten(Outer(Inner(3.0)))
    assert leaves == [3.0]
    assert trees.unflatten(structure, [4.0]) == Outer(Inner(4.0))


def test_a_dataclass_is_rebuilt_without_its_constructor():
    @dataclass
    class Positive:
        value: Any

        def __post_init__(self):
            if self.value <= 0:
                raise ValueError("not positive")

    _, structure = trees.flatten(Positive(1.0))
    assert trees.unflatten(structure, [-1.0]).value == -1.0


def test_a_path_is_written_as_a_user_would():
    _, structure = trees.flatten({"w": [1.0, Model(2.0, 3.0)]})
    assert str(trees.Path(structure, 2, "sources")) == "sources['w'][1].b"
    assert str(trees.Path(trees.LEAF, 0, "target")) == "target"


def test_structures_that_differ_are_shown():
    _, one = trees.flatten((1.0, 2.0))
    _, other = trees.flatten([1.0, 2.0])
    with pytest.raises(ShapeMismatchError, match=r"cotangent has the structure \[\*, \*\], target has \(\*, \*\)"):
        trees.require_same(other, one, "cotangent", "target")

"""Trees of arrays: tuples, lists, dicts, namedtuples and dataclasses, by optree.

``None`` is a leaf. A variable of Keras counts as the array that it holds, wherever a tree of arrays is taken. A
dataclass is registered when it is first seen, in a namespace of ours, so that nobody else's trees change.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, cast

import optree

from autodiff_spec.core.errors import ShapeMismatchError
from autodiff_spec.core.frameworks import array_of

Structure: TypeAlias = optree.PyTreeSpec
_NAMESPACE = "autodiff_spec"


LEAF: Structure = optree.tree_structure(cast(Any, 0), none_is_leaf=True, namespace=_NAMESPACE)
"""The structure of a single array."""


def flatten(tree: Any, arrays: tuple[type, ...] = (), *, opened: bool = True) -> tuple[list[Any], Structure]:
    """The leaves of ``tree`` in order, and the structure that puts them back.

    Args:
        tree: tuples, lists, dicts, namedtuples, dataclasses of leaves.
        arrays: types of leaves.
        opened: give for a variable of Keras the array that it holds, and not the variable.
    """
    if isinstance(tree, arrays):
        return [tree], LEAF
    kind = type(tree)
    if kind is tuple or kind is list:  # of arrays alone: what most calls pass, and optree takes 1 µs
        for leaf in tree:
            if not isinstance(leaf, arrays):
                return _taken_apart(tree, arrays, opened)
        return list(tree), _row(len(tree), in_tuple=kind is tuple)
    return _taken_apart(tree, arrays, opened)


def _taken_apart(tree: Any, arrays: tuple[type, ...], opened: bool) -> tuple[list[Any], Structure]:
    leaves, structure = optree.tree_flatten(tree, none_is_leaf=True, namespace=_NAMESPACE)
    for leaf in leaves:
        if not isinstance(leaf, arrays) and hasattr(type(leaf), "__dataclass_fields__"):
            _register(type(leaf))
            return _taken_apart(tree, arrays, opened)
    if opened and "keras" in sys.modules:
        leaves = [array_of(leaf) for leaf in leaves]
    return leaves, structure


@functools.cache
def _row(count: int, *, in_tuple: bool) -> Structure:
    """The structure of a tuple, or a list, of ``count`` leaves."""
    leaves = [0] * count
    row: Any = tuple(leaves) if in_tuple else leaves
    return optree.tree_structure(row, none_is_leaf=True, namespace=_NAMESPACE)


def alone(structure: Structure) -> Structure:
    """The structure of a tuple that holds one tree."""
    return optree.treespec_tuple((structure,), none_is_leaf=True, namespace=_NAMESPACE)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The tree of ``structure`` with these ``leaves``."""
    if structure is LEAF:
        return leaves[0]
    return structure.unflatten(leaves)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """``tree`` with ``function`` applied to each leaf."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [function(leaf) for leaf in leaves])


def broadcast(prefix: Any, tree: Any) -> list[Any]:
    """For each leaf of ``tree`` the leaf of ``prefix`` above it; ``ValueError`` where the two do not fit."""
    return optree.broadcast_prefix(prefix, tree, none_is_leaf=True, namespace=_NAMESPACE)


class Path(NamedTuple):
    """How a user would write a leaf, ``sources['w'][0]``, spelled out only when a message needs it."""

    structure: Structure
    leaf: int
    root: str
    operation: str = ""
    positions: tuple[int, ...] = ()  # what the first level of the tree was picked from, where that was not all

    def __str__(self) -> str:
        accessor, root = self.structure.accessors()[self.leaf], self.root
        if self.positions:
            root, accessor = f"{root}[{self.positions[accessor[0].entry]}]", accessor[1:]
        return accessor.codify(root) + (f" of {self.operation}" if self.operation else "")


def require_same(structure: Structure, expected: Structure, what: str, like: str) -> None:
    """Raise ``ShapeMismatchError`` unless the two structures are equal."""
    if structure != expected:
        raise ShapeMismatchError(
            f"{what} has the structure {describe(structure)}, {like} has {describe(expected)}; "
            f"pass {what} as a tree of the same structure as {like}"
        )


def describe(structure: Structure) -> str:
    """A structure as a short line: ``(*, {'a': *})``."""
    text = str(structure).removeprefix("PyTreeSpec(").removesuffix(")")
    return text.replace(", NoneIsLeaf", "").replace(f", namespace={_NAMESPACE!r}", "")


def _register(cls: type) -> None:
    names = tuple(field.name for field in dataclasses.fields(cls))

    def children(instance: Any) -> tuple[tuple[Any, ...], None, tuple[str, ...]]:
        return tuple(getattr(instance, name) for name in names), None, names

    def rebuild(_: None, values: Sequence[Any]) -> Any:
        instance: Any = object.__new__(cls)  # __init__ may validate or convert; the leaves may be anything
        for name, value in zip(names, values, strict=True):
            object.__setattr__(instance, name, value)
        return instance

    optree.register_pytree_node(
        cls, children, rebuild, path_entry_type=optree.GetAttrEntry, namespace=_NAMESPACE  # type: ignore[arg-type]
    )

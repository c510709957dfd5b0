"""Einstein's summation: two operands at a time, after diagonals and sums of single ones."""

from __future__ import annotations

import string

import numpy as np

from autodiff_numpy._jvp import linear
from autodiff_numpy._rule import defined_by, rule
from autodiff_numpy._tables import TRACKED
from autodiff_numpy._views import Viewing, view_of
from autodiff_numpy.rules.indexing import number
from autodiff_numpy.rules.writing import arranged


def _contraction(x, y, first, second, result):
    """The summation of two operands; each label stands once in its operand, and in the other or the result."""
    names = dict(zip(dict.fromkeys((*first, *second, *result)), string.ascii_letters, strict=False))
    spelled = ["".join(names[label] for label in labels) for labels in (first, second, result)]
    return np.einsum(f"{spelled[0]},{spelled[1]}->{spelled[2]}", x, y, optimize=True)


rule(
    _contraction,
    lambda xp, g, y, first, second, result: xp.contraction(g, y, result, second, first),
    lambda xp, g, x, first, second, result: xp.contraction(g, x, result, first, second),
    jvp=linear,
)


@defined_by(np.einsum)
def einsum(*operands, optimize=False):
    """`np.einsum`, in either form, with ellipses, repeated labels and labels of one operand alone."""
    arrays, inputs, result = _parsed(operands)
    given, sizes = inputs, _sizes(arrays, inputs)
    parts = [_single(x, labels, sizes) for x, labels in zip(arrays, inputs, strict=True)]
    inputs = [labels for _, labels in parts]
    parts = [_shared(x, labels, [*inputs[:i], *inputs[i + 1 :], result]) for i, (x, labels) in enumerate(parts)]
    found, labels = parts[0]
    for i, (other, others) in enumerate(parts[1:], 2):
        needed = {label for _, later in parts[i:] for label in later} | set(result)
        kept = [label for label in dict.fromkeys((*labels, *others)) if label in needed]
        found, labels = TRACKED.contraction(found, other, labels, others, kept), kept
    found = TRACKED.transpose(found, tuple(labels.index(label) for label in result)) if labels else number(found)
    diagonal = len(given) == 1 and len(given[0]) > len(set(given[0])) == len(result)
    return _diagonal_view(found, operands) if diagonal else found


def _diagonal_view(found, operands):
    """``found``, which NumPy has as a view of the one array among ``operands`` that can be written."""
    (base,) = [operand for operand in operands if hasattr(operand, "dtype")]

    def function(a, einsum=np.einsum):
        return einsum(*[a if operand is base else operand for operand in operands])

    def assign(numbers, new):
        function(numbers)[...] = new

    how = Viewing(
        function, lambda a: function(a, TRACKED.einsum), lambda whole, part: arranged(whole, part, assign)
    )
    return view_of(found, base, how, ())


def _parsed(operands):
    """Arrays, the labels of each as a list of integers (those of an ellipsis negative), and those of the result."""
    if not isinstance(operands[0], str):
        return _interleaved(operands)
    inputs, arrow, result = operands[0].replace(" ", "").partition("->")
    arrays = [x if hasattr(x, "dtype") else np.asarray(x) for x in operands[1:]]
    lists = [_labels(text) for text in inputs.split(",")]
    return _completed(arrays, lists, _labels(result) if arrow else None)


def _labels(text):
    """The labels of one operand: letters as numbers, ``...`` as itself."""
    before, dots, after = text.partition("...")
    found = [[string.ascii_letters.index(letter) for letter in part] for part in (before, after)]
    return [*found[0], Ellipsis, *found[1]] if dots else found[0]


def _interleaved(operands):
    pairs = len(operands) // 2
    arrays = [x if hasattr(x, "dtype") else np.asarray(x) for x in operands[0 : 2 * pairs : 2]]
    lists = [list(labels) for labels in operands[1 : 2 * pairs : 2]]
    return _completed(arrays, lists, list(operands[-1]) if len(operands) % 2 else None)


def _completed(arrays, lists, result):
    """Ellipses replaced by negative labels, counted from the right; and the implicit result."""
    if len(arrays) != len(lists):
        raise ValueError(f"einsum has {len(lists)} lists of labels for {len(arrays)} operands")
    inputs = [_expanded(labels, x.ndim) for labels, x in zip(lists, arrays, strict=True)]
    wide = max((-label for labels in inputs for label in labels if label < 0), default=0)
    dots = list(range(-wide, 0))
    if result is None:
        every = [label for labels in inputs for label in labels if label >= 0]
        return arrays, inputs, dots + sorted(label for label in set(every) if every.count(label) == 1)
    place = result.index(Ellipsis) if Ellipsis in result else None
    if place is not None:
        result = [*result[:place], *dots, *result[place + 1 :]]
    elif wide:
        raise ValueError("einsum has an ellipsis with axes among its operands and none in its result")
    return arrays, inputs, result


def _expanded(labels, ndim):
    if Ellipsis not in labels:
        if len(labels) != ndim:
            raise ValueError(f"einsum has {len(labels)} labels for an operand of {ndim} dimensions")
        return labels
    place, wide = labels.index(Ellipsis), ndim - len(labels) + 1
    if wide < 0:
        raise ValueError(f"einsum has {len(labels) - 1} labels for an operand of {ndim} dimensions")
    return [*labels[:place], *range(-wide, 0), *labels[place + 1 :]]


def _sizes(arrays, inputs):
    sizes: dict[int, int] = {}
    for x, labels in zip(arrays, inputs, strict=True):
        for label, n in zip(labels, x.shape, strict=True):
            known = sizes.get(label, 1)
            if n != known and 1 not in (n, known):
                raise ValueError(f"einsum has axes of the lengths {known} and {n} under one label")
            sizes[label] = n if known == 1 else known
    return sizes


def _single(x, labels, sizes):
    """``x`` with each label once, by diagonals, and without the axes that are broadcast."""
    for label in [label for label in dict.fromkeys(labels) if labels.count(label) > 1]:
        x, labels = _diagonal(x, labels, label)
    for label in [label for label, n in zip(labels, x.shape, strict=True) if n == 1 != sizes[label]]:
        axis = labels.index(label)
        x, labels = TRACKED.squeeze(x, axis), labels[:axis] + labels[axis + 1 :]
    return x, labels


def _shared(x, labels, others):
    """``x`` summed over the labels that nobody else has."""
    elsewhere = {label for rest in others for label in rest}
    alone = tuple(axis for axis, label in enumerate(labels) if label not in elsewhere)
    if alone:
        x, labels = TRACKED.sum(x, axis=alone), [label for label in labels if label in elsewhere]
    return x, labels


def _diagonal(x, labels, label):
    """The diagonal of the axes with this label, as one axis in front."""
    axes = [axis for axis, other in enumerate(labels) if other == label]
    moved = TRACKED.moveaxis(x, tuple(axes), tuple(range(len(axes))))
    places = np.arange(moved.shape[0])
    return moved[(places,) * len(axes)], [label, *(other for other in labels if other != label)]

"""The conformance suite: checks any backend against the clauses.

Run it with ``autodiff-spec test their_pkg:backend``, or by pytest::

    export AUTODIFF_SPEC_BACKEND=their_pkg:backend
    pytest -p autodiff_spec.conformance.plugin --pyargs autodiff_spec.conformance

What its tests use: `clause` to cite what they check, the fixture ``be`` (``autodiff_backend``) for the backend under
test, `deviates` to leave out regions that the backend lists as known deviations, `examples` for more or fewer draws.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from autodiff_spec.conformance._deviations import deviates

__all__ = ["clause", "deviates", "examples"]


def clause(*ids: str) -> pytest.MarkDecorator:
    """Mark a test as checking the clauses with these ids.

    Examples:
        >>> @clause("TAPE-04")
        ... def test_a_second_gradient_of_a_spent_tape_raises(be): ...
    """
    if not ids:
        raise ValueError("clause() names at least one clause: @clause('TAPE-04')")
    return pytest.mark.clause(*ids)


def examples(factor: float) -> settings:
    """Hypothesis settings with ``factor`` times the number of examples that the run asks for (at least one).

    For tests that are much dearer, or much cheaper, than the rest; write it above ``@given``.
    """
    profile = settings.get_profile(settings.get_current_profile_name())
    return settings(max_examples=max(1, round(profile.max_examples * factor)))

"""TensorFlow's AutoGraph converts our functions as well, inside a `tf.function`, and has nothing to say about them."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

import autodiff_spec as ad
from tests import fresh

pytestmark = pytest.mark.skipif("tensorflow" not in ad.available_backends(), reason="tensorflow is not installed")


@functools.cache
def reported() -> dict[str, Any]:
    done = fresh.python("-m", "tests.autograph_calls", TF_CPP_MIN_LOG_LEVEL="3")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("how", ["with", "without"])
def test_operators_in_a_tf_function_are_right(how: str) -> None:
    assert reported()[how]["wrong"] == []


def test_autograph_says_nothing_about_an_operator() -> None:
    said = reported()["with"]["said"]
    assert "could not transform" in " ".join(said.pop("control"))  # what it cannot convert is heard
    assert said == {}


def test_nothing_is_said_without_autograph() -> None:
    assert reported()["without"]["said"] == {}


@pytest.mark.parametrize("how", ["with", "without"])
def test_an_error_in_a_tf_function_keeps_its_class(how: str) -> None:
    assert reported()[how]["error"] == "NotDifferentiableError"

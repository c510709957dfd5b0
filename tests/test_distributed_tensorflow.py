"""TensorFlow's MirroredStrategy on two logical CPU devices, in a process that has them from its start."""

from __future__ import annotations

import pytest

from tests import fresh

pytest.importorskip("tensorflow")


def test_replicas():
    done = fresh.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/tensorflow_in_two_replicas.py")
    assert done.returncode == 0, done.stdout + done.stderr

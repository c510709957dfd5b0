"""Derivatives of Dask arrays on a cluster of two worker processes, on loopback: right, small on the client, and safe.

What would hang is given time limits by Dask's own settings.
"""

from __future__ import annotations

import os
import signal

import numpy as np
import psutil
import pytest

import autodiff_spec as ad

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

# Dask's own sockets, when it closes a cluster.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

be = ad.backend("numpy")
LIMITS = {
    "distributed.comm.timeouts.connect": "20s",
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.retry.count": 0,
    "distributed.scheduler.allowed-failures": 5,
}
MEMORY = 300e6
"""Of each worker, in bytes."""


def cluster():
    return distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=int(MEMORY),
        silence_logs=50,
    )


@pytest.fixture(scope="module")
def client():
    with dask.config.set(LIMITS), cluster() as workers, distributed.Client(workers, timeout=60) as connected:
        yield connected


def data(rows=4000, columns=5, chunks=500):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, columns)), (chunks, columns)


def logistic(w, x, y):
    return np.mean(np.logaddexp(0, -y * (x @ w)))


def test_a_scheduler_that_is_gone_is_an_error_with_a_remedy():
    with dask.config.set(LIMITS):  # before another cluster is there, which would compute in its place
        workers = cluster()
        connected = distributed.Client(workers, timeout=60)
        x = da.ones(8, chunks=4).persist()
        gradient = be.grad(lambda x: np.sum(x**2))(x)
        workers.close()
        try:
            with pytest.raises(ad.ComputationError, match=r"connect another distributed\.Client"):
                be.to_numpy(gradient)
            with pytest.raises(ad.ComputationError, match=r"connect another distributed\.Client"):
                be.assign(be.variable(np.ones(8)), gradient)
        finally:
            connected.close()


def test_value_and_gradient_are_computed_together_and_are_numpys(client):
    values, chunks = data()
    x, y, w = da.from_array(values, chunks=chunks), np.sign(values[:, 0]), np.linspace(-1, 1, 5)
    lazy = da.from_array(y, chunks=chunks[0])
    found = dask.compute(*be.value_and_grad(lambda w: logistic(w, x, lazy))(w))
    expected = be.value_and_grad(lambda w: logistic(w, values, y))(w)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    hessian = be.hvp(lambda w: logistic(w, x, lazy), (w,), (w,))
    np.testing.assert_allclose(hessian, be.hvp(lambda w: logistic(w, values, y), (w,), (w,)), rtol=1e-11)


def test_a_training_loop_keeps_a_numpy_variable(client):
    values, chunks = data()
    x = da.from_array(values, chunks=chunks).persist()
    y = da.from_array(np.sign(values[:, 0]), chunks=chunks[0]).persist()
    w = be.variable(np.zeros(5))
    for _ in range(5):
        with be.tape() as t:
            loss = logistic(w, x, y)
        be.assign(w, w.value - t.grad(loss, w))
        assert type(w.value) is np.ndarray
    expected = np.zeros(5)
    for _ in range(5):
        expected -= be.grad(lambda w: logistic(w, values, np.sign(values[:, 0])))(expected)
    np.testing.assert_allclose(w.value, expected, rtol=1e-11)


def test_data_beyond_the_workers_memory_flows_through(client):
    rows = int(3 * 2 * MEMORY / 8 / 4)
    x = da.random.default_rng(0).normal(size=(rows, 4), chunks=(rows // 100, 4))
    before = psutil.Process().memory_info().rss
    value, gradient = be.value_and_grad(lambda x: np.mean(np.tanh(x) ** 2))(x)
    computed, size = dask.compute(value, np.sum(gradient**2) * rows**2)
    assert psutil.Process().memory_info().rss - before < 100e6
    assert 0.3 < computed < 0.5  # E tanh² of a normal number is 0.394
    # E (2 tanh (1 - tanh²))² / 16 over 4 columns
    exact = np.polynomial.hermite_e.hermegauss(120)
    tanh, weights = np.tanh(exact[0]), exact[1] / exact[1].sum()
    np.testing.assert_allclose(computed, weights @ tanh**2, rtol=1e-3)
    np.testing.assert_allclose(size, rows * (weights @ (2 * tanh * (1 - tanh**2)) ** 2) / 4, rtol=1e-3)


def test_a_worker_that_is_killed_in_mid_step_changes_nothing(client):
    victim = min(client.run(os.getpid).values())

    def slow(block):
        import time

        time.sleep(0.05)
        return block

    values, chunks = data(chunks=100)
    x = da.from_array(values, chunks=chunks).map_blocks(slow, meta=np.empty((0, 0)))
    future = client.compute(be.grad(lambda x: np.sum(np.tanh(x) ** 2))(x))
    os.kill(victim, signal.SIGKILL)  # a process that the fixture started
    tanh = np.tanh(values)
    np.testing.assert_allclose(future.result(timeout=120), 2 * tanh / np.cosh(values) ** 2, rtol=1e-13)
    assert not psutil.pid_exists(victim) or psutil.Process(victim).status() == psutil.STATUS_ZOMBIE

"""The suite on a Dask cluster of two worker processes says what one process says, also when a worker dies."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from autodiff_spec.cli._app import Left, progress
from autodiff_spec.report import cluster
from autodiff_spec.report.cluster import run_on_cluster
from autodiff_spec.report.judging import merged
from autodiff_spec.report.runs import RunError, run_suite
from tests import fresh

distributed = pytest.importorskip("distributed")

# Dask's own sockets, when it closes a cluster.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

CLAUSES = ",".join(f"VAR-{number:02}" for number in range(1, 17))
ARGUMENTS = ("--clauses", CLAUSES, "--max-examples", "2", "--hypothesis-seed", "1")


@pytest.fixture(scope="module")
def workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        yield started


@pytest.fixture(scope="module")
def whole():
    return run_suite("numpy", ARGUMENTS)


def said(report):
    return sorted((row.test, row.outcome) for row in report.rows)


def test_the_parts_say_together_what_one_process_says(workers, whole):
    seen = []
    begun = time.monotonic()
    together = merged(run_on_cluster(workers.scheduler_address, "numpy", ARGUMENTS, watch=seen.append))
    assert said(together) == said(whole)
    assert together.clauses == whole.clauses
    assert together.exit_status == 0
    assert seen[-1].done == len(whole.rows)
    taken = time.monotonic() - begun
    assert 0.7 * taken < together.seconds <= taken + 0.1  # a part alone takes half of that: two wait for the others


def test_a_part_whose_worker_dies_runs_again(workers, whole):
    with distributed.Client(workers.scheduler_address, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())
    killed = []

    def kill(_):
        if not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)  # a process that the fixture started

    together = merged(run_on_cluster(workers.scheduler_address, "numpy", ARGUMENTS, watch=kill))
    assert killed
    assert said(together) == said(whole)


def test_what_a_part_refuses_is_said(workers):
    with pytest.raises(RunError, match="no backend"):
        run_on_cluster(workers.scheduler_address, "nowhere", ARGUMENTS)


def test_a_run_that_is_stopped_says_so(workers):
    stop = threading.Event()
    parts = run_on_cluster(workers.scheduler_address, "numpy", ARGUMENTS, watch=lambda _: stop.set(), stop=stop)
    assert merged(parts).interrupted == (len(parts) < 4)
    with pytest.raises(RunError, match="stopped before"):
        run_on_cluster(workers.scheduler_address, "numpy", ARGUMENTS, stop=stop)


def test_a_scheduler_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 2)
    with pytest.raises(RunError, match=r"no scheduler of Dask's answers at tcp://127\.0\.0\.1:9"):
        run_on_cluster("tcp://127.0.0.1:9", "numpy", ARGUMENTS)


def test_the_bar_says_how_long_is_left_where_that_is_known():
    with progress() as bars:
        task = bars.add_task("numpy", total=None, failed="")
        bars.update(task, completed=3, total=None)
        assert Left().render(bars.tasks[task]).plain == ""
        bars.update(task, total=10)
        assert Left().render(bars.tasks[task]).plain.startswith("left ")


def test_the_command_refuses_what_does_not_go_together(tmp_path):
    done = fresh.command("test", "numpy", "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2", cwd=tmp_path)
    assert done.returncode == 2
    assert "--scheduler" in done.stderr

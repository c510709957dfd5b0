"""Run the suite on a Dask cluster: each part a task, and the reports as one process would have given them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from autodiff_spec.report.results import INTERRUPTED, Report
from autodiff_spec.report.runs import TIME_LIMIT, NoTestsError, Progress, RunError, found_of, run_suite
from autodiff_spec.report.stream import Keep, lines_of

PARTS_PER_THREAD = 2
"""So that a part that is lost with its worker is not half of the run, and each pays once for collecting the tests."""
SECONDS_TO_CONNECT = 20
_POLL = 0.2

Found = Report | tuple[str, str, bool] | None
"""What a part says: its report; None without tests; or a `RunError`'s message, what was printed, and ``usage``."""


def run_on_cluster(
    address: str,
    backend: str,
    arguments: Sequence[str] = (),
    *,
    conventions: str | None = None,
    watch: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    time_limit: float | None = TIME_LIMIT,
    seen: Collection[str] = (),
    keep: Keep | None = None,
) -> list[Report]:
    """The reports of the parts of a run on a cluster's workers, where this package and the backend are installed.

    A part whose worker dies runs again on another one, as often as Dask's ``distributed.scheduler.allowed-failures``
    says. The tests and what they draw are those of one process with the same arguments. The seconds of each report
    are those of the whole run, for parts wait for one another.

    Args:
        address: of the scheduler, ``"tcp://127.0.0.1:8786"``.
        backend: any name that ``autodiff_spec.backend`` takes on the workers.
        arguments: more for pytest.
        conventions: the flavour; ``$AUTODIFF_SPEC_CONVENTIONS`` of each worker, else ``"native"``, without it.
        watch: called with the progress when a part has ended.
        stop: when it is set, parts that have not ended are dropped.
        time_limit, seen: as of `run_suite`.
        keep: as of `run_suite`, called when a part has ended.

    Raises:
        RunError: no scheduler or no worker is there, a part could not run, or it was stopped before one had ended.
    """
    from distributed import Client

    try:
        client: Any = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        says = f"no scheduler of Dask's answers at {address}: start one, `dask scheduler`"
        raise RunError(says, str(error), usage=True) from error
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise RunError(f"the scheduler at {address} has no workers: `dask worker {address}`", "", usage=True)
        count = PARTS_PER_THREAD * threads
        parts = [[*arguments, "--part", f"{number + 1}/{count}"] for number in range(count)]
        begun = time.monotonic()
        how = (conventions, time_limit, list(seen))
        futures = [client.submit(run_part, backend, part, *how, pure=False) for part in parts]
        reports = _gathered(futures, watch, stop, keep)
    seconds = round(time.monotonic() - begun, 1)
    return [replace(report, seconds=seconds) for report in reports]


def run_part(
    backend: str, arguments: list[str], conventions: str | None, time_limit: float | None, seen: list[str]
) -> Found:
    """One part, in a process of its own that ends with the worker."""
    try:
        return run_suite(backend, arguments, conventions=conventions, time_limit=time_limit, seen=seen)
    except NoTestsError:
        return None
    except RunError as error:
        return str(error), "\n".join(error.__notes__), error.usage


def _gathered(
    futures: list[Any],
    watch: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    keep: Keep | None,
) -> list[Report]:
    waiting: list[Any] = list(futures)
    reports: list[Report] = []
    while waiting and not (stop is not None and stop.is_set()):
        time.sleep(_POLL)
        for future in [future for future in waiting if future.done()]:
            waiting.remove(future)
            if (report := _report(future)) is None:
                continue
            reports.append(report)
            if keep is not None:
                for line in lines_of(report):
                    keep(line)
            if watch is not None:
                rows = [row for report in reports for row in report.rows]
                watch(Progress(len(rows), 0, sum(row.outcome.value == "failed" for row in rows)))
    for future in waiting:
        future.cancel()
    if waiting and not reports:
        raise RunError("the run was stopped before a part of it had ended", "", usage=False)
    if waiting:
        reports[-1] = replace(reports[-1], exit_status=INTERRUPTED)
    return found_of(reports)


def _report(future: Any) -> Report | None:
    try:
        found: Found = future.result()
    except Exception as error:  # of whatever kind a cluster's trouble is
        raise RunError(f"a part of the run was lost: {type(error).__name__}", str(error), usage=False) from error
    if found is None or isinstance(found, Report):
        return found
    message, printed, usage = found
    raise RunError(message, printed, usage=usage)

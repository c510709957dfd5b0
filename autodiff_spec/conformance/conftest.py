"""Says in one line how the suite is run, where pytest was not told; ``autodiff-spec test`` reads no conftest."""

import pytest

PLUGIN = "autodiff_spec.conformance.plugin"


def pytest_collectstart(collector: pytest.Collector) -> None:
    """End unless the plugin is there, without which each test would lack its fixtures."""
    if not collector.config.pluginmanager.has_plugin(PLUGIN):
        says = f"the suite needs its plugin: pytest -p {PLUGIN} --pyargs autodiff_spec.conformance"
        pytest.exit(says, returncode=int(pytest.ExitCode.USAGE_ERROR))

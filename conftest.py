"""Loads the conformance plugin; nothing else."""

pytest_plugins = ["autodiff_spec.conformance.plugin"]

"""Everyday NumPy programs, as their authors write them: no program knows of derivatives.

Some write in place, some call ``math``, some make an array of a list of numbers. Each is run on plain NumPy, and its
derivative is compared with differences: right, or refused by an error of ours, and never silently wrong.
"""

from tests.everyday import finance, geometry, learning, models, numerics, physics, signals
from tests.everyday._program import Program, ValueAndGradient, programs_of

_MODULES = (models, learning, numerics, physics, signals, finance, geometry)
PROGRAMS: dict[str, Program] = {name: p for module in _MODULES for name, p in programs_of(module).items()}

__all__ = ["PROGRAMS", "Program", "ValueAndGradient"]

"""`autodiff_numpy.xp` with every new array recorded; see `autodiff_spec.recording.namespace`."""

from autodiff_numpy import xp
from autodiff_numpy._tape import TRAITS
from autodiff_spec.recording.namespace import recorded_namespace

globals().update(recorded_namespace(xp, TRAITS, lambda array: True))

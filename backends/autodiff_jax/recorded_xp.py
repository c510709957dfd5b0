"""`autodiff_jax.xp` with every new floating array recorded; see `autodiff_spec.recording.namespace`.

Integers and truth values stay plain, as they do under a tape.
"""

from autodiff_jax import xp
from autodiff_jax._array import kind_of
from autodiff_jax._tape import TRAITS
from autodiff_spec.recording.namespace import recorded_namespace

globals().update(recorded_namespace(xp, TRAITS, lambda array: kind_of(array).floating))

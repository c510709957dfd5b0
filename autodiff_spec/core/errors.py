"""The errors of the interface, the same on every backend.

Each message names the operation, the argument (by its path in the tree) and the remedy. The tree::

    AutodiffError
    ├── BackendNotFoundError (LookupError)       no backend of that name
    ├── BackendNotInstalledError (ImportError)   its framework is missing; says how to install it
    ├── BackendMismatchError (TypeError)         arrays of two frameworks, or of another one than the backend's
    ├── UnsupportedError (NotImplementedError)   a capability that the backend does not declare
    ├── NotDifferentiableError (TypeError)       an int or bool source, target or cotangent
    ├── LostDerivativeError (TypeError)          float() or np.asarray() of an array that is being recorded
    ├── DtypeError (TypeError)                   a dtype that would be narrowed, cannot be held, or is not taken
    ├── DeviceError (ValueError)                 a device that is not there, or whose values are not to be had here
    ├── UntrackedError (ValueError)              no history on this tape, or a source it never watched
    ├── ShapeMismatchError (ValueError)          shapes or tree structures that differ
    ├── TapeError (RuntimeError)                 a recording that cannot answer
    │   ├── TapeConsumedError                    its one set of gradients was taken already
    │   └── TapeStateError                       not entered, entered twice, or in the wrong place
    ├── MutationError (RuntimeError)             a recorded array was changed in place
    ├── PreparationError (RuntimeError)          a prepared function met other shapes or dtypes
    ├── ComputationError (RuntimeError)          a lazy array could not be computed where it lies
    ├── CustomRuleError (ValueError)             a custom derivative of the wrong count or shape
    └── GradientCheckError (AssertionError)      check_grad() found a derivative wrong, and was asked to raise

One warning beside them, `IndependentWarning`: a gradient is zero because the result does not depend on the arguments.
"""

from typing import TYPE_CHECKING


class AutodiffError(Exception):
    """The base of every error that this interface raises on purpose."""

    if not TYPE_CHECKING:
        __init__ = Exception.__init__  # by which TensorFlow's AutoGraph knows that it can raise one again


class BackendNotFoundError(AutodiffError, LookupError):
    """No backend has the name that was asked for."""


class BackendNotInstalledError(AutodiffError, ImportError):
    """The backend exists, and the framework it stands on is not installed."""


class BackendMismatchError(AutodiffError, TypeError):
    """Arrays of two frameworks meet in one call, or one is not of the backend that was asked."""


class UnsupportedError(AutodiffError, NotImplementedError):
    """The backend does not declare the capability that this needs."""


class NotDifferentiableError(AutodiffError, TypeError):
    """An integer, boolean or non-numeric value stands where only a floating one can."""


class LostDerivativeError(AutodiffError, TypeError):
    """A plain number, or an array of another library, was asked of an array that is being recorded."""


class DtypeError(AutodiffError, TypeError):
    """A floating dtype would be narrowed silently, is unknown to the framework, or is not one that a function takes."""


class DeviceError(AutodiffError, ValueError):
    """The framework has no such device, cannot hold values there, or cannot read them from this process."""


class UntrackedError(AutodiffError, ValueError):
    """A target has no history on the tape, or a source is not recorded by it."""


class ShapeMismatchError(AutodiffError, ValueError):
    """Two shapes, or two tree structures, have to agree and do not."""


class TapeError(AutodiffError, RuntimeError):
    """A tape cannot give the derivative that was asked for."""


class TapeConsumedError(TapeError):
    """A tape that is not persistent was asked for a second set of gradients."""


class TapeStateError(TapeError):
    """A tape was used before it was entered, entered twice, or used in the wrong place."""


class MutationError(AutodiffError, RuntimeError):
    """An array that a recording depends on was changed in place."""


class PreparationError(AutodiffError, RuntimeError):
    """A prepared function was called with another structure, shape or dtype."""


class ComputationError(AutodiffError, RuntimeError):
    """An array that is computed when it is asked for, by other processes perhaps, could not be computed."""


class CustomRuleError(AutodiffError, ValueError):
    """A custom derivative rule returned the wrong number or shape of results."""


class GradientCheckError(AutodiffError, AssertionError):
    """A check of derivatives failed; the message is its table."""


class IndependentWarning(UserWarning):
    """A derivative is zero because nothing recorded leads from its arguments to the result."""


def named_type(value: object) -> str:
    """The type of ``value`` with its article, for messages: ``a str``, ``an int``."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def missing_hook(engine: object, name: str) -> NotImplementedError:
    """The error for a hook that an engine needs and does not implement."""
    return NotImplementedError(
        f"{type(engine).__name__} does not implement the hook {name}(), which this needs; "
        "implement it, or do not declare the capability"
    )

"""The tape: a `tf.GradientTape`, entered again where a question has to be put to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow.python.pywrap_tfe import TFE_Py_TapeSetIsStopped  # private: what else can say so?

from autodiff_spec import Backend, Tape, TapeStateError
from autodiff_tensorflow import _replicas

if TYPE_CHECKING:
    from autodiff_spec.core.engine import Array


class _Open(threading.local):
    """The tapes that are open in this thread: the scope of a `tf.GradientTape` is the thread."""

    def __init__(self) -> None:
        self.tapes: list[TensorFlowTape] = []


_open = _Open()

ONES: Any = object()
"""The cotangent that stands for ones, which TensorFlow makes faster than it takes them."""


@contextmanager
def pause() -> Iterator[None]:
    """Suspend the tapes that are open in this thread; one that is opened inside records."""
    suspended = [tape for tape in _open.tapes if tape._suspend()]
    try:
        yield
    finally:
        for tape in suspended:
            if tape._scope is not None:  # it may have been closed meanwhile
                tape._resume()


class TensorFlowTape(Tape):
    """A tape over a `tf.GradientTape`.

    TensorFlow's non-persistent tape is gone after one question, and whether the target has a history on it is a
    question too. Hence the native tape is persistent always, which costs under 1 %, and dropped once ours is spent.

    Args:
        backend: whose tape this is.
        persistent: keep the recording, so that gradients can be taken more than once.
        functional: record nothing but what is watched: for functions of arrays, where variables that the function
            closes over are constants (an outer tape differentiates them).
    """

    def __init__(self, backend: Backend, *, persistent: bool = False, functional: bool = False) -> None:
        super().__init__(backend, persistent=persistent)
        self._native: Any = tf.GradientTape(
            persistent=persistent or not functional, watch_accessed_variables=not functional
        )
        self._recording = False
        self._scope: list[TensorFlowTape] | None = None  # the list of open tapes that holds this one
        self._watched: dict[int, Array] = {}  # the arrays are kept, so that ids stay theirs
        self._replica: Any = None  # whose merging refuses what is recorded

    # --- hooks --------------------------------------------------------------------------------------------------

    def _enter(self) -> None:
        if TFE_Py_TapeSetIsStopped():  # a tape would record nothing, and gradients would be zeros
            raise TapeStateError(
                "TensorFlow records nothing here: the code runs inside tf.recompute_grad, tf.custom_gradient or "
                "GradientTape.stop_recording(); differentiate outside of it, or give the rule by custom_vjp()"
            )
        self._replica = _replicas.guarded()
        self._resume()
        self._scope = _open.tapes
        self._scope.append(self)

    def _exit(self) -> None:
        self._suspend()
        if self._scope is not None:
            self._scope.remove(self)
            self._scope = None
        if self._replica is not None:
            del self._replica.merge_call
            self._replica = None

    def _watch(self, array: Array) -> Array:
        return self._watch_all([array])[0]

    def _watch_all(self, arrays: Sequence[Array]) -> list[Array]:
        """As `_watch`, for many arrays; a call of TensorFlow's `watch` takes 4 µs."""
        watched = [_placed(_identity(array), array) for array in arrays]
        if self._native is not None:  # a spent tape records no more
            self._native.watch(watched)
            for array in watched:
                self._watched[id(array)] = array
        return watched

    def _is_source(self, array: Array) -> bool:
        if isinstance(array, tf.Variable):
            return bool(array.trainable) or self._tracks(array)
        return id(array) in self._watched or self._tracks(array)

    def _outer_is_open(self) -> bool:
        return any(tape._recording for tape in _open.tapes if tape is not self)

    def _pullback(
        self, targets: Sequence[Array], sources: Sequence[Array], cotangents: Sequence[Array | None], *, retain: bool,
        strict: bool,
    ) -> list[Array | None]:
        was_recording = self._suspend()  # a gradient does not record itself
        try:
            if strict and len(targets) > 1:
                self._require_history(targets)
            found = self._gradients(targets, sources, cotangents)
            if strict and len(targets) == 1 and all(gradient is None for gradient in found):
                self._require_history(targets)  # None is both "no history" and "no path"
            if not retain:
                self._release()
            return found
        finally:
            if was_recording:
                self._resume()

    # --- steps --------------------------------------------------------------------------------------------------

    def _resume(self) -> None:
        if not self._recording and self._native is not None:
            self._native.__enter__()  # a tape that is entered again goes on with its recording
            self._recording = True

    def _suspend(self) -> bool:
        """Stop recording; whether it was."""
        if not self._recording:
            return False
        self._recording = False
        self._native.__exit__(None, None, None)
        return True

    def _release(self) -> None:
        """Free the residuals."""
        self._native = None
        self._watched.clear()

    def _require_history(self, targets: Sequence[Array]) -> None:
        for i, target in enumerate(targets):
            if not self._tracks(target):
                raise self.untracked(i)

    def _tracks(self, array: Array) -> bool:
        """Whether ``array`` has a history on this tape: then, and only then, an operation on it is recorded."""
        was_recording = self._suspend()
        self._resume()
        probe = tf.identity(array)
        self._suspend()
        found = self._native.gradient(probe, array) is not None
        self._resume()
        del probe  # while the tape listens, so that it forgets the probe
        if not was_recording:
            self._suspend()
        return found

    def _gradients(
        self, targets: Sequence[Array], sources: Sequence[Array], cotangents: Sequence[Array | None]
    ) -> list[Array | None]:
        """TensorFlow's gradients, dense, and each an object of its own; ``None`` where nothing connects."""
        pairs = [
            (target, cotangent)
            for target, cotangent in zip(targets, cotangents, strict=True)
            if cotangent is not None and isinstance(target, (tf.Tensor, tf.Variable))  # a function may return a number
        ]
        if not pairs or not sources:
            return [None] * len(sources)
        chosen = [target for target, _ in pairs]
        seeds, given = [], None
        if any(cotangent is not ONES for _, cotangent in pairs):
            seeds = [tf.ones_like(target) if cotangent is ONES else cotangent for target, cotangent in pairs]
            given = _bare(seeds)
        gradients = self._native.gradient(_bare(chosen), _bare(sources), output_gradients=given)
        gradients = [gradients] if len(sources) == 1 else gradients
        taken = {id(array) for array in (*chosen, *seeds, *sources)}
        return [_dense_and_fresh(gradient, source, taken) for gradient, source in zip(gradients, sources, strict=True)]


def _identity(array: Array) -> Array:
    """Return the value as another tensor, in half the time of `tf.identity`."""
    return tf.raw_ops.Identity(input=array if isinstance(array, tf.Tensor) else tf.convert_to_tensor(array))


def _bare(arrays: Sequence[Array]) -> Any:
    """One array instead of a list of one, on which TensorFlow spends more time."""
    return arrays[0] if len(arrays) == 1 else list(arrays)


def _placed(array: Array, like: Array) -> Array:
    """An array on the device of another: TensorFlow computes where it likes. In graphs the device is known later."""
    if array.device == like.device or not like.device:
        return array
    with tf.device(like.device):
        return tf.identity(array)


def _dense_and_fresh(gradient: Any, source: Array, taken: set[int]) -> Array | None:
    """A gradient without `tf.IndexedSlices`, of the source's dtype and device, that is no object in ``taken``."""
    if gradient is None:
        return None
    if isinstance(gradient, tf.IndexedSlices):
        gradient = tf.math.unsorted_segment_sum(gradient.values, gradient.indices, tf.shape(source)[0])
    if gradient.dtype is not source.dtype:  # TensorFlow has one object for each dtype
        gradient = tf.cast(gradient, source.dtype)
    gradient = _placed(gradient, source)
    if id(gradient) in taken:  # TensorFlow hands the cotangent through: d(a + b) is one object for a and b
        gradient = tf.identity(gradient)
    taken.add(id(gradient))
    return gradient

"""What only TensorFlow has: the facts that its adapter rests on, and what the shared suite cannot ask for."""

import math
import threading

import numpy as np
import pytest

import autodiff_spec as ad

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def be() -> ad.Backend:
    return ad.backend("tensorflow")


# --- facts of TensorFlow: when one of these fails, the adapter can be made simpler, or has to change ---------------


def test_an_operation_is_recorded_exactly_when_its_argument_has_a_history() -> None:
    x, c = tf.constant(3.0), tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = c * x
        for array, tracked in ((x, True), (y, True), (c, False), (tf.stop_gradient(y), False)):
            probe = tf.identity(array)
            with tape.stop_recording():
                assert (tape.gradient(probe, array) is not None) is tracked


def test_a_target_without_history_has_the_gradient_of_its_own_cotangent() -> None:
    c = tf.constant(2.0)
    with tf.GradientTape() as tape:
        pass
    assert float(tape.gradient(c, c)) == 1.0  # hence the probe, and not the target among the sources


def test_a_tape_that_is_entered_again_goes_on_with_its_recording() -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
    with tape:
        z = y * x
    assert float(tape.gradient(z, x)) == 27.0


def test_a_cotangent_is_handed_through_as_the_same_object() -> None:
    a, b, seed = tf.Variable([1.0]), tf.Variable([2.0]), tf.constant([5.0])
    with tf.GradientTape() as tape:
        y = a + b
    first, second = tape.gradient(y, [a, b], output_gradients=seed)
    assert first is second is seed


def test_rounding_is_not_recorded_at_all() -> None:
    x = tf.Variable(1.5)
    with tf.GradientTape() as tape:
        y = tf.floor(x) * 2.0
    assert tape.gradient(y, x) is None


def test_constants_lose_the_sign_of_zero_unless_numpy_made_them() -> None:
    tf.constant(0.0, tf.float64)
    assert not np.signbit(tf.constant(-0.0, tf.float64).numpy())
    assert np.signbit(tf.constant(np.asarray(-0.0)).numpy())


def test_numpy_copies_out_of_a_tensor() -> None:
    x = tf.constant([1.0, 2.0])
    x.numpy()[:] = 7.0
    assert x.numpy().tolist() == [1.0, 2.0]


# --- the adapter --------------------------------------------------------------------------------------------------


def test_gradients_of_gathered_rows_are_dense(be: ad.Backend) -> None:
    table = tf.Variable(np.ones((3, 2)))
    with be.tape() as tape:
        y = tf.gather(table, [[0, 2], [0, 0]])
    gradient = tape.grad(y, table)
    assert isinstance(gradient, tf.Tensor)
    assert gradient.numpy().tolist() == [[3, 3], [0, 0], [1, 1]]


def test_a_refused_target_leaves_the_tape_to_answer(be: ad.Backend) -> None:
    x = be.variable(3.0)
    y = x * x
    with be.tape() as tape:
        z = x * y
    with pytest.raises(ad.UntrackedError):
        tape.grad(y, x)
    assert float(tape.grad(z, x)) == 9.0


def test_a_constant_that_met_a_tracked_array_is_no_source(be: ad.Backend) -> None:
    x, c = be.variable(3.0), tf.constant(2.0)
    with be.tape() as tape:
        y = c * x
    with pytest.raises(ad.UntrackedError, match="watch"):
        tape.grad(y, c)  # TensorFlow alone would answer 3


def test_a_variable_that_is_not_trainable_has_to_be_watched(be: ad.Backend) -> None:
    step = tf.Variable(2.0, trainable=False)
    with be.tape() as tape:
        watched = tape.watch(step)
        y = watched * step
    with pytest.raises(ad.UntrackedError):
        tape.grad(y, step)
    assert float(tape.grad(y, watched)) == 2.0


def test_tapes_inside_a_tf_function_nest(be: ad.Backend) -> None:
    x = be.variable(3.0)

    @tf.function
    def second(a):  # type: ignore[no-untyped-def]
        with be.tape() as outer:
            a = outer.watch(a)
            with be.tape() as inner:
                b = inner.watch(a)
                y = b**3 * x
            first = inner.grad(y, b)
        return outer.grad(first, (a, x))

    assert [float(g) for g in second(tf.constant(2.0))] == [36.0, 12.0]


def test_a_native_tape_around_ours_records_the_gradient(be: ad.Backend) -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape() as native:
        with be.tape() as tape:
            y = x**3
        gradient = tape.grad(y, x)
    assert float(native.gradient(gradient, x)) == 18.0


def test_a_tape_closed_under_pause_records_no_more(be: ad.Backend) -> None:
    x = be.variable(3.0)
    tape, pause = be.tape(), be.pause()
    tape.__enter__()
    pause.__enter__()
    tape.__exit__(None, None, None)
    pause.__exit__(None, None, None)
    y = x * x
    with pytest.raises(ad.UntrackedError):
        tape.grad(y, x)


def test_a_gradient_can_be_taken_in_another_thread(be: ad.Backend) -> None:
    x = be.variable(3.0)
    with be.tape() as tape:
        y = x * x
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(float(tape.grad(y, x))))
    thread.start()
    thread.join()
    assert found == [6.0]


# --- the namespace ------------------------------------------------------------------------------------------------


def test_no_global_switch_is_set(be: ad.Backend) -> None:
    be.xp.sum(be.asarray([1.0]))
    assert not hasattr(tf.constant(1.0), "T")  # what experimental_enable_numpy_behavior adds


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("int8", "uint8", "int16"),
        ("int32", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("bfloat16", "float16", "float32"),
        ("complex64", "float64", "complex128"),
    ],
)
def test_dtypes_are_promoted(be: ad.Backend, first: str, second: str, expected: str) -> None:
    xp = be.xp
    found = xp.add(xp.ones(2, dtype=getattr(xp, first)), xp.ones(2, dtype=getattr(xp, second)))
    assert found.dtype == getattr(xp, expected)


def test_lists_of_tracked_tensors_stay_tracked(be: ad.Backend) -> None:
    x = be.variable(3.0)
    with be.tape() as tape:
        y = be.xp.asarray([x * x, [2.0 * x][0], 1.0])
    assert float(tape.grad(y, x)) == 8.0


def test_a_numpy_dtype_that_tensorflow_lacks_is_named(be: ad.Backend) -> None:
    if np.dtype(np.longdouble) == np.dtype(np.float64):
        pytest.skip("longdouble is float64 here")
    with pytest.raises(ad.DtypeError, match="dtype="):
        be.xp.asarray(np.longdouble(1.0))


@pytest.mark.parametrize(
    "idx", [[0, 2, 0], (slice(None), [3, -1]), ([0, 1], [1, 3]), (..., None, [0]), np.eye(3, 4) > 0]
)
def test_index_reads_and_at_writes_as_numpy_does(be: ad.Backend, idx: object) -> None:
    values = np.arange(12.0).reshape(3, 4)
    x = be.asarray(values)
    assert np.array_equal(be.to_numpy(be.extra.index(x, idx)), values[idx])  # type: ignore[index]
    added = values.copy()
    np.add.at(added, idx, 1.0)  # type: ignore[arg-type]
    assert np.array_equal(be.to_numpy(be.extra.at(x, idx).add(1.0)), added)


@pytest.mark.parametrize(("x", "y"), [(3.0, 4.0), (1e200, 1e200), (0.0, 2.0), (0.0, 0.0)])
def test_hypot_neither_overflows_nor_divides_by_zero(be: ad.Backend, x: float, y: float) -> None:
    a, b = be.asarray(np.float64(x)), be.asarray(np.float64(y))
    value, gradient = be.value_and_grad(be.xp.hypot, (0, 1))(a, b)
    size = math.hypot(x, y)
    assert math.isclose(float(value), size)
    assert [float(g) for g in gradient] == pytest.approx([x / size, y / size] if size else [0.0, 0.0])


@pytest.mark.parametrize("shape", [[None], None])
def test_a_jacobian_of_what_has_no_shape_yet_is_refused(be: ad.Backend, shape: list[None] | None) -> None:
    signature = [tf.TensorSpec(shape, tf.float32)]
    for operator in (be.jacobian(lambda a: a**2), be.hessian(lambda a: tf.reduce_sum(a**3))):
        with pytest.raises(ad.UnsupportedError, match=r"shape that is not known here.*input_signature"):
            tf.function(operator, signature)(tf.constant([1.0, 2.0]))
    gradient = tf.function(be.grad(lambda a: tf.reduce_sum(a**2)), signature)
    assert gradient(tf.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]


def test_the_jacobian_of_a_tape_needs_a_shape_too(be: ad.Backend) -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def rows(a):
        with be.tape() as t:
            watched = t.watch(a)
            y = watched * watched
        return t.jacobian(y, watched)

    with pytest.raises(ad.UnsupportedError, match="shape that is not known here"):
        rows(tf.constant([1.0, 2.0]))

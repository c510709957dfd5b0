"""TensorFlow on two logical devices, which a process has from its start: run by `tests.test_distributed_tensorflow`."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import autodiff_spec as ad

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
be = ad.backend("tensorflow")
xp = be.xp
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
VALUES = np.arange(12.0).reshape(4, 3)
WEIGHTS = np.array([1.0, 2.0, 3.0])
HALVES = VALUES[:2], VALUES[2:]


def batch():
    """Half of the values for each replica."""
    data = tf.data.Dataset.from_tensor_slices(VALUES).batch(len(VALUES))
    return next(iter(strategy.experimental_distribute_dataset(data)))


def variable():
    with strategy.scope():
        return be.variable(WEIGHTS)


def of_each(found):
    return [part.numpy() for part in strategy.experimental_local_results(found)]


@pytest.fixture(params=["eagerly", "in a graph"])
def run(request):
    """``strategy.run``, as it is or inside a `tf.function`."""

    def in_graph(step, args=()):
        return tf.function(lambda *args: strategy.run(step, args))(*args)

    return strategy.run if request.param == "eagerly" else in_graph


# --- inside of run() ---------------------------------------------------------------------------------------------


def test_each_replica_has_the_derivatives_of_its_data(run):
    w = variable()

    def step(x):
        with be.tape() as t:
            loss = xp.sum(w**3 * x)
        held = tf.convert_to_tensor(w)
        value, slope = be.value_and_grad(lambda v: xp.sum(v**3 * x))(held)
        [curved] = be.hvp(lambda v: xp.sum(v**3 * x), (held,), (held,))
        matrix = be.jacobian(lambda v: xp.sum(v**3 * x, axis=1))(held)
        return t.grad(loss, w), value, slope, curved, matrix

    found = [of_each(part) for part in run(step, args=(batch(),))]
    for replica, x in enumerate(HALVES):
        by_tape, value, slope, curved, matrix = (part[replica] for part in found)
        np.testing.assert_allclose(value, np.sum(WEIGHTS**3 * x), rtol=1e-14)
        np.testing.assert_allclose(by_tape, np.sum(3 * WEIGHTS**2 * x, axis=0), rtol=1e-14)
        np.testing.assert_allclose(slope, by_tape, rtol=1e-14)
        np.testing.assert_allclose(curved, np.sum(6 * WEIGHTS**2 * x, axis=0), rtol=1e-14)
        np.testing.assert_allclose(matrix, 3 * WEIGHTS**2 * x, rtol=1e-14)


def test_replicas_do_not_part_by_what_they_assign(run):
    w = variable()

    def step(x):
        with be.tape() as t:
            loss = xp.sum(w * w * x)
        be.assign(w, w - 0.1 * t.grad(loss, w))

    run(step, args=(batch(),))
    first, second = of_each(w)
    steps = [WEIGHTS - 0.1 * 2 * WEIGHTS * x.sum(axis=0) for x in HALVES]
    np.testing.assert_allclose(first, np.mean(steps, axis=0), rtol=1e-14)
    np.testing.assert_array_equal(first, second)


def test_a_gradient_that_was_reduced_is_assigned_as_it_is(run):
    w = variable()

    def step(x):
        with be.tape() as t:
            loss = xp.sum(w * w * x)
        slope = tf.distribute.get_replica_context().all_reduce("SUM", t.grad(loss, w))
        be.assign(w, w - 0.1 * slope)

    run(step, args=(batch(),))
    for part in of_each(w):
        np.testing.assert_allclose(part, WEIGHTS - 0.1 * 2 * WEIGHTS * VALUES.sum(axis=0), rtol=1e-14)


def test_assigning_each_replicas_own_to_a_variable_without_a_reduction_is_refused(run):
    with strategy.scope():
        kept_alike = tf.Variable(WEIGHTS)
        own = tf.Variable(0.0, synchronization=tf.VariableSynchronization.ON_READ,
                          aggregation=tf.VariableAggregation.SUM)  # fmt: skip
    with pytest.raises(ad.UnsupportedError, match=r"aggregation=tf\.VariableAggregation\.MEAN"):
        run(lambda x: be.assign(kept_alike, x[0]), args=(batch(),))
    be.assign(kept_alike, WEIGHTS + 1.0)  # outside of run(): of all replicas
    assert [list(part) for part in of_each(kept_alike)] == [list(WEIGHTS + 1.0)] * 2
    run(lambda x: be.assign(own, tf.cast(x[0, 0], tf.float32)), args=(batch(),))  # meant to differ
    assert of_each(own) == [0.0, 6.0]


def test_making_a_variable_inside_is_refused():
    with pytest.raises(ad.UnsupportedError, match=r"strategy\.scope\(\)"):
        strategy.run(be.variable, args=(batch(),))


def context():
    return tf.distribute.get_replica_context()


def merged(v):
    return context().merge_call(lambda s, v: s.reduce("SUM", v, axis=None), (xp.sum(v * v),))


MERGED = {
    "alone": merged,
    "beside what is kept": lambda v: merged(v) + xp.sum(v),
    "by name": lambda v: context().merge_call(lambda s, v: s.reduce("SUM", v, axis=None), kwargs={"v": xp.sum(v * v)}),
}


@pytest.mark.parametrize("record", ["grad", "tape", "jvp", "second"])
@pytest.mark.parametrize("name", MERGED)
def test_merging_what_is_recorded_is_refused(run, name, record):
    f = MERGED[name]
    ways = {
        "grad": lambda: be.grad(f)(tf.constant(WEIGHTS)),
        "tape": lambda: on_tape(lambda t: f(t.watch(tf.constant(WEIGHTS)))),
        "jvp": lambda: be.jvp(f, (tf.constant(WEIGHTS),), (tf.constant(WEIGHTS),)),
        "second": lambda: be.grad(lambda v: xp.sum(be.grad(f)(v)))(tf.constant(WEIGHTS)),
    }
    with pytest.raises(ad.UnsupportedError, match=r"all_reduce\('SUM', v\)"):
        run(ways[record])


def test_what_the_error_of_merging_says_works(run):
    def summed(v):
        return context().all_reduce("SUM", xp.sum(v * v))

    def constant(v):
        return xp.sum(v) * merged(tf.stop_gradient(v))

    def step():
        v = tf.constant(WEIGHTS)
        return be.grad(summed)(v), be.grad(constant)(v)

    found = [of_each(part) for part in run(step)]
    for replica in range(2):
        by_sum, by_constant = (part[replica] for part in found)
        np.testing.assert_allclose(by_sum, 4 * WEIGHTS)  # as TensorFlow has it: of the sum over the replicas
        np.testing.assert_allclose(by_constant, 28 * np.ones(3))


def test_assigning_what_is_recorded_goes_on(run):
    w = variable()

    def step(x):
        with be.tape() as t:
            loss = xp.sum(w * w * x)
            w.assign(w - 0.5 * loss)  # by merge_call(), as a moving average is
        return t.grad(loss, w)

    for slope, x in zip(of_each(run(step, args=(batch(),))), HALVES, strict=True):
        np.testing.assert_allclose(slope, 2 * WEIGHTS * x.sum(axis=0), rtol=1e-14)


def test_each_replica_warns_of_a_result_that_depends_on_nothing():
    with pytest.warns(ad.IndependentWarning) as warned:
        strategy.run(lambda: be.grad(lambda v: context().all_reduce("SUM", xp.sum(WEIGHTS)))(tf.constant(WEIGHTS)))
    assert len(warned) == 2


# --- outside -----------------------------------------------------------------------------------------------------


def on_tape(use):
    with be.tape() as t:
        return use(t)


OUTSIDE = {
    "grad() by it": lambda x: be.grad(xp.sum)(x),
    "grad() with it": lambda x: be.grad(lambda v, x: xp.sum(v * x))(tf.constant(WEIGHTS), x),
    "grad() over it": lambda x: be.grad(lambda v: xp.sum(v * x))(tf.constant(WEIGHTS)),
    "a tape over it": lambda x: on_tape(lambda t: xp.sum(t.watch(WEIGHTS) * x)),
    "jvp() along it": lambda x: be.jvp(xp.sin, (tf.constant(WEIGHTS),), (x,)),
    "watch()": lambda x: on_tape(lambda t: t.watch(x)),
    "variable()": be.variable,
    "assign()": lambda x: be.assign(variable(), x),
    "asarray()": be.asarray,
    "to_numpy()": be.to_numpy,
    "stop_gradient()": be.stop_gradient,
}


@pytest.mark.parametrize("use", OUTSIDE)
def test_outside_a_value_of_each_replica_is_refused(use):
    with pytest.raises(ad.UnsupportedError, match=r"strategy\.run\(\).*strategy\.reduce\(\)"):
        OUTSIDE[use](batch())


def test_outside_what_the_error_says_works():
    w = variable()
    x = tf.concat(strategy.experimental_local_results(batch()), 0)
    with be.tape() as t:
        loss = xp.sum(w * w * x)
    np.testing.assert_allclose(t.grad(loss, w), 2 * WEIGHTS * VALUES.sum(axis=0), rtol=1e-14)


def test_a_tape_around_run_sees_nothing_of_it_as_tensorflows_own():
    w, x = variable(), batch()

    def total():
        return strategy.reduce("SUM", strategy.run(lambda x: xp.sum(w * w * x), args=(x,)), axis=None)

    with be.tape() as t, tf.GradientTape() as own:
        loss = total()
    assert own.gradient(loss, w) is None
    with pytest.raises(ad.UntrackedError, match="no history"):
        t.grad(loss, w)


@pytest.mark.xfail(
    reason="replicas run in threads of their own, whose operations no tape of this one records", strict=True
)
def test_a_function_around_run_is_differentiated_or_refused():
    x = batch()

    def total(v):
        return strategy.reduce("SUM", strategy.run(lambda x: xp.sum(v * v * x), args=(x,)), axis=None) + xp.sum(v)

    found = be.grad(total)(tf.constant(WEIGHTS))
    np.testing.assert_allclose(found, 2 * WEIGHTS * VALUES.sum(axis=0) + 1.0, rtol=1e-14)


# --- tensors in parts ---------------------------------------------------------------------------------------------


def in_parts():
    dtensor = tf.experimental.dtensor
    mesh = dtensor.create_mesh([("parts", 2)], devices=["CPU:0", "CPU:1"])
    layout = dtensor.Layout(["parts"], mesh)
    return dtensor.pack([tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])], layout), mesh


def test_a_dtensor_is_refused_and_what_the_error_says_works():
    x, mesh = in_parts()
    gradient = be.grad(lambda x: tf.reduce_sum(x**3))
    with pytest.raises(
        ad.UnsupportedError, match=r"tf\.function, or under `with tf\.experimental\.dtensor\.default_mesh"
    ):
        gradient(x)
    with tf.experimental.dtensor.default_mesh(mesh):
        found = [gradient(x), tf.function(gradient)(x)]
    for slope in (*found, tf.function(gradient)(x)):
        parts = tf.experimental.dtensor.unpack(slope)
        np.testing.assert_allclose(np.concatenate(parts), 3 * np.array([1.0, 2.0, 3.0, 4.0]) ** 2)


def test_values_of_a_dtensor_and_of_a_graph_are_refused_with_a_remedy():
    x, _ = in_parts()
    with pytest.raises(ad.UnsupportedError, match=r"dtensor\.unpack\(x\)"):
        be.to_numpy(x)
    v = tf.Variable(WEIGHTS)
    for ask in (be.to_numpy, lambda x: be.check_grad(lambda x: xp.sum(x**2), x), lambda _: be.to_numpy(v)):
        with pytest.raises(ad.UnsupportedError, match=r"tf\.function is traced"):
            tf.function(ask)(tf.constant(WEIGHTS))

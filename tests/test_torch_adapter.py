"""What only PyTorch has: its modules, parameters, transforms and in-place writes, and the private calls we stand on."""

import copy
import pickle

import numpy as np
import pytest

import autodiff_spec as ad
from tests import fresh

torch = pytest.importorskip("torch")
be = ad.backend("torch")


def array(value):
    return torch.tensor(value, dtype=torch.float64)


def variable(value):
    return be.variable(value, dtype=torch.float64)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, scale):
        ctx.save_for_backward(a)
        ctx.scale = scale
        return scale * a * a

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        return 2 * ctx.scale * a * g, None


# --- private calls: each of these tells when a release of PyTorch takes one away ------------------------------


def test_sequence_numbers_order_the_nodes_of_a_thread():
    x = array(3.0).requires_grad_()
    before = torch.autograd._get_sequence_nr()
    y, z = x * x, Square.apply(x, 1.0)
    after = torch.autograd._get_sequence_nr()
    assert before <= y.grad_fn._sequence_nr() < z.grad_fn._sequence_nr() < after
    assert y.grad_fn.next_functions[0][0]._sequence_nr() == 2**64 - 1
    assert y.grad_fn.next_functions[0][0].variable is x


def test_nodes_created_by_a_recorded_pullback_are_numbered_too():
    x = array(3.0).requires_grad_()
    y = x**3
    before = torch.autograd._get_sequence_nr()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    assert g.grad_fn._sequence_nr() >= before


def test_saved_tensors_tell_changed_from_freed():
    x = array(3.0).requires_grad_()
    h = x * 1
    changed = h * h
    h.add_(1)
    assert changed.grad_fn._raw_saved_self.data is not None
    with pytest.raises(RuntimeError):
        _ = changed.grad_fn._saved_self
    freed = x * x
    torch.autograd.grad(freed, x)
    assert freed.grad_fn._raw_saved_self.data is None


def test_nodes_can_be_called_and_know_their_outputs():
    x = array([[1.0], [2.0]]).requires_grad_()
    y = x * torch.ones(2, 3, dtype=torch.float64)
    assert tuple(y.grad_fn._input_metadata[0].shape) == (2, 3)
    assert y.grad_fn._input_metadata[0].dtype is torch.float64
    assert y.grad_fn(torch.ones(2, 3, dtype=torch.float64))[0].shape == (2, 3)  # the engine undoes the broadcast
    first, _ = torch.split(x, 1)
    assert len(first.grad_fn._input_metadata) == 2
    assert first.grad_fn(torch.ones(1, 1, dtype=torch.float64), None).tolist() == [[1.0], [0.0]]
    z = Square.apply(x, 3.0)
    assert z.grad_fn.needs_input_grad == (True, False)
    assert z.grad_fn.apply(torch.ones(2, 1, dtype=torch.float64))[0].tolist() == [[6.0], [12.0]]


def test_transforms_are_noticed():
    seen = []
    torch.func.grad(lambda x: seen.append(torch._C._are_functorch_transforms_active()) or x)(array(1.0))
    assert seen == [True]
    assert not torch._C._are_functorch_transforms_active()


def test_pytorch_warns_of_float_of_a_recorded_array_as_without_us():
    done = fresh.python("-W", "error", "-c", "import torch, autodiff_spec as ad\n"
                        "ad.grad(lambda x: x * float(x))(torch.tensor(3.0))")  # fmt: skip
    assert "UserWarning: Converting a tensor with requires_grad=True to a scalar" in done.stderr


# --- variables as tensors ---------------------------------------------------------------------------------------


def test_a_variable_goes_through_modules_and_native_functions():
    v = variable([1.0, 2.0])
    module = torch.nn.Linear(2, 3).double()
    with be.tape() as t:
        y = module(v).sum() + torch.stack([v, v]).sum()
        y = y + torch.einsum("i,i->", v, v) + torch.add(input=v, other=v).sum()
    assert type(y) is torch.Tensor
    expected = module.weight.detach().sum(0) + 2 + 2 * array([1.0, 2.0]) + 2
    assert torch.allclose(t.grad(y, v), expected)


def test_an_in_place_operator_keeps_the_variable_and_is_noticed():
    v = variable([1.0, 2.0])
    same = v
    v += 1
    v[0] = 5.0
    assert v is same
    assert v.tolist() == [5.0, 3.0]
    with be.tape() as t:
        y = v * v
    v.add_(1)
    with pytest.raises(ad.MutationError):
        t.grad(y, v)


def test_an_intermediate_changed_in_place_is_noticed():
    with be.tape() as t:
        x = t.watch(array([1.0, 2.0]))
        h = x * 1
        y = h * h
        h.add_(1)
    with pytest.raises(ad.MutationError):
        t.grad(y, x)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_a_copy_of_a_variable_is_another_variable(copied):
    v = variable([1.0, 2.0])
    w = copied(v)
    with be.tape() as t:
        y = w * w * v
    assert t.grad(y, w).tolist() == [2.0, 8.0]


def test_a_variable_has_one_hash_on_and_off_tapes():
    v = variable(1.0)
    before = hash(v)
    with be.tape():
        assert hash(v) == before


# --- what bypasses __torch_function__ ---------------------------------------------------------------------------


def test_a_variable_passed_to_a_custom_function_is_a_source():
    v = variable(3.0)
    with be.tape() as outer:
        with be.tape() as inner:
            y = Square.apply(v, 1.0) * v
        g = inner.grad(y, v)
    assert float(g) == 27.0
    assert float(outer.grad(g, v)) == 18.0


def test_a_custom_function_outside_the_tape_is_refused_not_mixed_in():
    v = variable(3.0)
    h = Square.apply(v, 1.0)
    with be.tape() as t:
        y = h * v
    with pytest.raises(ad.TapeError):
        t.grad(y, v)


def test_assigning_after_a_custom_function_saved_the_variable_is_noticed():
    v = variable(3.0)
    with be.tape() as t:
        y = Square.apply(v, 1.0)
    be.assign(v, 4.0)
    with pytest.raises(ad.MutationError):
        t.grad(y, v)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (lambda v: torch.func.grad(lambda a: a * v * v)(array(2.0)), 6.0),
        (lambda v: torch.func.vmap(lambda a: a * v * v)(array([2.0, 3.0])), 30.0),
        (torch.func.grad(lambda a: a * a * a), 18.0),
    ],
)
def test_a_transform_inside_a_tape_is_differentiated(inside, expected):
    v = variable(3.0)
    with be.tape() as t:
        y = inside(v)
    assert float(t.grad(y, v)) == expected


def test_a_tape_inside_a_transform_raises_and_a_functional_operator_is_differentiated():
    def by_tape(a):
        with be.tape() as t:
            b = t.watch(a)
            c = b * b
        return t.grad(c, b)

    with pytest.raises(ad.TapeStateError, match="use grad"):
        torch.func.grad(by_tape)(array(2.0))
    assert float(torch.func.grad(lambda a: be.grad(lambda b: b * b * b)(a))(array(2.0))) == 12.0
    assert float(be.grad(lambda b: b * b)(array(2.0))) == 4.0


# --- parameters: sources that belong to no tape -------------------------------------------------------------------


def test_what_a_parameter_did_before_the_tape_is_constant():
    p = torch.nn.Parameter(array(3.0))
    h = p * p
    with be.tape() as t:
        y = h * p
    assert float(t.grad(y, p)) == 9.0
    with be.tape() as outer:
        h = p * p
        with be.tape() as inner:
            y = h * p
        g = inner.grad(y, p)
    assert float(g) == 9.0
    assert float(outer.grad(g, p)) == 6.0


def test_the_cut_goes_through_broadcasts_several_outputs_and_custom_functions():
    p, q = torch.nn.Parameter(array(3.0)), torch.nn.Parameter(array(2.0))
    h = torch.stack([p, q])
    h.sum().backward()  # its residuals are gone: the cut must not need them
    with be.tape() as t:
        _, b = torch.unbind(h * p)
        y = Square.apply(b, 5.0) * (torch.ones(3, dtype=torch.float64) * p).sum()
    # h is constant: b = 2p, y = 5 (2p)² · 3p = 60p³
    assert float(t.grad(y, p)) == pytest.approx(180.0 * 9.0)


def test_the_cut_agrees_with_autograd_on_a_network():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    x = torch.ones(4, 2, dtype=torch.float64)
    before = model(x)
    with be.tape() as t:
        y = (model(x) * before).sum()
    parameters = list(model.parameters())
    expected = torch.autograd.grad((model(x) * before.detach()).sum(), parameters)
    for found, wanted in zip(t.grad(y, parameters), expected, strict=True):
        assert torch.allclose(found, wanted)


def test_assigning_a_parameter_after_recording_is_noticed():
    p = torch.nn.Parameter(array(3.0))
    with be.tape() as t:
        y = p * p
    be.assign(p, 5.0)
    with pytest.raises(ad.MutationError):
        t.grad(y, p)


# --- gradients and grad mode ----------------------------------------------------------------------------------------


def test_a_sparse_gradient_comes_back_dense():
    table = torch.nn.Embedding(3, 2, sparse=True)
    with be.tape() as t:
        y = table(torch.tensor([0, 0, 1])).sum()
    g = t.grad(y, table.weight)
    assert g.layout is torch.strided
    assert g.tolist() == [[2.0, 2.0], [1.0, 1.0], [0.0, 0.0]]


def test_gradients_do_not_share_the_buffer_that_autograd_hands_out_twice():
    a, b, seed = variable([1.0, 2.0]), variable([3.0, 4.0]), array([1.0, 1.0])
    with be.tape() as t:
        y = a + b
    ga, gb = t.grad(y, (a, b), cotangent=seed)
    ga.mul_(100)
    assert gb.tolist() == seed.tolist() == [1.0, 1.0]


def test_a_tape_records_under_no_grad_and_restores_it():
    v = variable(3.0)
    with torch.no_grad():
        with be.tape() as t:
            y = v * v
        assert not torch.is_grad_enabled()
    assert float(t.grad(y, v)) == 6.0


def test_the_value_of_a_functional_gradient_keeps_no_graph():
    value, _ = be.value_and_grad(lambda x: x * x)(array(3.0))
    assert not value.requires_grad
    assert np.asarray(value) == 9.0


def test_floor_divide_has_a_zero_derivative():
    x = array([5.0, 7.5])
    assert be.grad(lambda x: be.xp.floor_divide(x, 2.0))(x).tolist() == [0.0, 0.0]

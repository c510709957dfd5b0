"""Where mutants take hold: a name for each place of an engine or of the spec that one of them replaces or reads.

``at.unbroadcast`` is what stands there now, ``at.unbroadcast = wrong`` puts something else in its place. Who moves or
renames a part of an engine changes one line here. Public seams (`Tape`, `Backend` and its hooks, namespaces) need none.
"""

from __future__ import annotations

import importlib
from typing import Any

PLACES = {
    "locked": "autodiff_numpy._array:_locked",
    "plain": "autodiff_numpy._array:plain",
    "computed": "autodiff_numpy._backend:computed",
    "refused_by_dask": "autodiff_numpy._array:refuse",
    "require_known": "autodiff_numpy._dask:_require_known",
    "spread_in_parts": "autodiff_numpy.rules.reductions:spread",
    "fresh_output": "autodiff_numpy._backend:_fresh",
    "linearize": "autodiff_numpy._backend:linearize",
    "run_rule": "autodiff_numpy._backend:run_rule",
    "unwrapped": "autodiff_numpy._backend:unwrapped",
    "direction_of": "autodiff_numpy._forward:direction_of",
    "forward_recording": "autodiff_numpy._forward:Recording",
    "push_tracked": "autodiff_numpy._forward:push_tracked",
    "pushed_tangent": "autodiff_numpy._forward:Tangents._pushed",
    "lock_released": "autodiff_numpy._frozen:_released",
    "broadcast_tangent": "autodiff_numpy._pullback:broadcast_tangent",
    "unbroadcast": "autodiff_numpy._pullback:unbroadcast",
    "rules": "autodiff_numpy._rule:RULES",
    "functions": "autodiff_numpy._tables:FUNCTIONS",
    "recorder": "autodiff_numpy._tables:RECORDER",
    "tracked": "autodiff_numpy._tables:TRACKED",
    "ufuncs": "autodiff_numpy._tables:UFUNCS",
    "values": "autodiff_numpy._tables:VALUES",
    "add": "autodiff_numpy._tape:TRAITS.add",
    "conjugate": "autodiff_numpy._tape:TRAITS.conjugate",
    "finished": "autodiff_numpy._tape:TRAITS.finished",
    "pull_tracked": "autodiff_numpy._tape:pull_tracked",
    "pull_values": "autodiff_numpy._tape:pull_values",
    "tape": "autodiff_numpy._tape:NumpyTape",
    "backward_of_segment": "autodiff_spec.recording.calls:backward",
    "frozen_copy": "autodiff_numpy._wrap:frozen_copy",
    "record": "autodiff_numpy._wrap:record",
    "unrecorded": "autodiff_numpy._wrap:unrecorded",
    "sealed": "autodiff_numpy._wrap:sealed",
    "hold": "autodiff_numpy._views:_hold",
    "read_anew": "autodiff_numpy._views:_read_anew",
    "guard": "autodiff_numpy._views:Guard",
    "store": "autodiff_numpy.rules.writing:store",
    "require_writable": "autodiff_numpy.rules.writing:require_writable",
    "was_written": "autodiff_numpy._tape:was_written",
    "program_look": "autodiff_numpy.prepare.program:_Writer._look",
    "destinations": "autodiff_numpy.prepare.replay:_destinations",
    "quick_replay": "autodiff_numpy.prepare.replay:Replayed.quick",
    "replay": "autodiff_numpy.prepare.replay:Replayed.__call__",
    "trace_escaped": "autodiff_numpy.prepare.trace:Trace.escaped",
    "trace_read": "autodiff_numpy.prepare.trace:Trace.read",
    "no_share": "autodiff_numpy.rules.eigenvalues:no_share",
    "no_share_of_steps": "autodiff_numpy.rules.elementwise:_none",
    "known_ids": "autodiff_spec.beyond._arranging:Arranging._known",
    "slope_of_segments": "autodiff_spec.beyond._interpolation:Interpolation._slope",
    "require_rows": "autodiff_spec.beyond._matrices:_require_rows",
    "cotangent": "autodiff_spec.core.checks:cotangent",
    "cotangents": "autodiff_spec.core.checks:cotangents",
    "default_cotangent": "autodiff_spec.core.checks:default_cotangent",
    "unconnected": "autodiff_spec.core.tape:_UNCONNECTED",
    "flatten": "autodiff_spec.core.trees:flatten",
    "map_leaves": "autodiff_spec.core.trees:map_leaves",
    "register_dataclass": "autodiff_spec.core.trees:_register",
    "require_same": "autodiff_spec.core.trees:require_same",
    "as_arguments": "autodiff_spec.operators._arguments:Arguments.as_arguments",
    "named_arguments": "autodiff_spec.operators._arguments:_named",
    "custom_call": "autodiff_spec.operators._custom_vjp:CustomCall",
    "custom_vjp": "autodiff_spec.operators._custom_vjp:CustomVJP",
    "residual_copied": "autodiff_spec.operators._custom_vjp:_copied",
    "share_spread": "autodiff_spec.operators._custom_vjp:_broadcast",
    "constant_of_grad": "autodiff_spec.operators._grad:constant",
    "value_and_grad": "autodiff_spec.operators._grad:_value_and_grad",
    "constant_of_jacobian": "autodiff_spec.operators._jacobian:constant",
    "jacobian_block": "autodiff_spec.operators._jacobian:_block",
    "jacobian_modes": "autodiff_spec.operators._jacobian:MODES",
    "require_real": "autodiff_spec.operators._jacobian:_require_rows",
    "constant_of_jvp": "autodiff_spec.operators._jvp:constant",
    "directions_of": "autodiff_spec.operators._jvp:directions_of",
    "constant_of_host": "autodiff_spec.operators._host:constant",
    "hosted_backward": "autodiff_spec.operators._host:_Operation._backward",
    "hosted_floating": "autodiff_spec.operators._host:_Operation._floating",
    "hosted_forward": "autodiff_spec.operators._host:_Operation._forward",
    "kind_required": "autodiff_spec.core.engine:Kind.require",
    "run_of_host": "autodiff_spec.operators._host:run",
    "plain_call": "autodiff_spec.operators._prepare:Prepared._fast_path",
    "static": "autodiff_spec.operators._prepare:_static",
    "constant_of_vjp": "autodiff_spec.operators._vjp:constant",
    "vmap_batches": "autodiff_spec.operators._vmap:_batches",
    "bound": "autodiff_spec.recording.calls:_bound",
    "cotangents_of_call": "autodiff_spec.recording.calls:Cotangents",
    "require_constant": "autodiff_spec.recording.calls:require_constant",
    "segment": "autodiff_spec.recording.calls:_Segment",
    "backward": "autodiff_spec.recording.tape:backward",
    "nothing_open": "autodiff_spec.recording.nodes:_ALL_HIDDEN",
    "tracking": "autodiff_spec.recording.nodes:Frame.tracking",
    "recorder_class": "autodiff_spec.recording.nodes:Recorder",
    "recording": "autodiff_spec.recording.nodes:Recording",
    "walk_back": "autodiff_spec.recording.nodes:backward",
    "torch_composes": "autodiff_torch._tape:TorchTape.composes",
    "torch_fresh": "autodiff_torch._engine:fresh",
    "torch_host_gradient": "autodiff_torch._host:gradient",
    "torch_tangent_of": "autodiff_torch._tape:tangent_of",
    "torch_vjp": "autodiff_torch._backend:vjp",
    "run_of_arguments": "autodiff_spec.operators._arguments:run",
}


class _At:
    def __getattr__(self, seam: str) -> Any:
        if seam not in PLACES:
            raise AttributeError(f"there is no seam called {seam}; name its place in PLACES")
        return getattr(*_place(seam))

    def __setattr__(self, seam: str, wrong: Any) -> None:
        getattr(self, seam)  # it has to be there
        setattr(*_place(seam), wrong)


def _place(seam: str) -> tuple[Any, str]:
    """The object that holds a seam, and the name under which it does."""
    module, _, path = PLACES[seam].partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return owner, name


at = _At()

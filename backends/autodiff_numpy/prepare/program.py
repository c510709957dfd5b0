"""A trace compiled: Python source, a call a line, that computes into buffers which are kept from run to run.

What nothing depends on is left out. Views of buffers are made once, here; a buffer is used again as soon as nobody
needs what is in it, by the very call that reads it last where that call is elementwise. Results go into arrays that the
caller gives. Where the program's Python looked at a value, the source looks again, and returns at the first outcome
that is another one.

Where the compiled module is there, rows of elementwise lines run in it (`compiled`); the source says what they mean,
and runs where it cannot.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff_numpy.prepare import compiled, kernels
from autodiff_numpy.prepare.compiled import Line
from autodiff_numpy.prepare.kernels import computes, is_basic, reduction, refs
from autodiff_numpy.prepare.trace import Call, Kind, Look, Ref, Trace
from autodiff_numpy.prepare.traced import astype, getitem
from autodiff_numpy.rules.indexing import _replaced, _scatter


class Program:
    """A trace as a function of arrays.

    Attributes:
        replay: the function: of the arguments, the variables' values and the arrays to compute into.
        arguments: gives for arguments and variables' values those of `replay`, with new arrays for the results, or
            ``None`` if there is something about them that has to be looked at.
        variables: whose values are its arguments after the function's own.
        outcomes: what Python saw when it was recorded, in order.
        results: shapes and dtypes of the arrays to compute into.
        calls: how many calls of NumPy it has.
    """

    def __init__(self, trace: Trace, arguments: int, outputs: list[Any]) -> None:
        writer = _Writer(trace, arguments, outputs)
        self.calls = writer.calls
        self.outcomes = writer.outcomes
        self.variables = writer.variables
        self.results = [trace.kinds[output.slot] for output in outputs if type(output) is Ref]
        slots: Any = {key: (variable, Ref(traced.slot)) for key, (variable, traced) in trace.variables.items()}
        bare = dataclasses.replace(trace, variables=slots, _constants={})  # it outlives the values, variables' too
        self._reference = _Reference(functools.partial(_Writer, bare, arguments, outputs))
        plans = compiled.program(writer.lines, writer.stand_ins, len(self.results), writer.names, self._reference)
        if plans is None:
            self._reference = _Reference(lambda: writer)
            plans = self._reference.replay, lambda _: None
        self.replay: Callable[..., tuple[int, str] | None] = plans[0]
        self.arguments: Callable[[tuple[Any, ...]], tuple[Any, ...] | None] = plans[1]

    @property
    def source(self) -> str:
        """Python source that says what is replayed."""
        return self._reference.source


class _Reference:
    """A program as Python source, which is written when it is first asked for."""

    def __init__(self, writer: Callable[[], _Writer]) -> None:
        self._writer = writer

    @functools.cached_property
    def _written(self) -> tuple[str, Callable[..., Any]]:
        writer = self._writer()
        source = compiled.function("replay", writer.parameters, writer.lines)
        exec(source, writer.names)  # made of the names of functions and of numbers, nothing else
        return source, writer.names["replay"]

    @property
    def source(self) -> str:
        return self._written[0]

    @property
    def replay(self) -> Callable[..., Any]:
        return self._written[1]

    def __call__(self, *arrays: Any) -> Any:
        return self.replay(*arrays)


def _reductions_last(steps: Iterator[Call | Look]) -> Iterator[Call | Look]:
    """The steps, reductions as late as their results allow: so elementwise ones stand together, and run as one."""
    waiting: list[Call] = []
    results: set[int] = set()
    for step in steps:
        if isinstance(step, Call) and reduction(step):
            waiting.append(step)
            results.update(ref.slot for ref in refs(step.result))
            continue
        read = (ref.slot for ref in refs((step.args, step.kwargs))) if isinstance(step, Call) else ()
        passes = isinstance(step, Call) and kernels.is_elementwise(step) and results.isdisjoint(read)
        if not passes:
            yield from waiting
            waiting, results = [], set()
        yield step
    yield from waiting


class _Writer:
    """Writes the source of a program, and gathers what its names stand for."""

    def __init__(self, trace: Trace, arguments: int, outputs: list[Any]) -> None:
        self.trace = trace
        self.names: dict[str, Any] = {"copyto": np.copyto, "errstate": np.errstate, "repr": repr}
        self.used: Counter[str] = Counter()
        self.bound: dict[Any, str] = {}  # functions, and ids of other objects -> their names
        self.errors: dict[str, Any] | None = None  # for floating point errors; None for the caller's
        self.code: dict[int, str] = {i: f"x{i}" for i in range(arguments)}  # slot -> how the source calls it
        self.static: dict[int, Any] = {}  # slot -> its array, where that stays in its place
        self.memory: dict[int, Any] = {}  # the same, and of arguments and results what stands for them in a plan
        self.stand_ins: dict[str, Any] = {}  # parameter -> an array like it
        self.lines: list[Line] = []
        self.outcomes: list[str] = []
        self.calls = 0
        self.free: dict[Any, list[Any]] = defaultdict(list)
        self.buffers: dict[int, Any] = {}  # root slot -> the buffer that is its own
        self.steps = list(_reductions_last(self._needed(outputs)))
        self._name_arguments(arguments)
        self.direct = self._results(outputs)
        self.roots: dict[int, frozenset[int]] = {}
        self.last: dict[int, int] = {}
        self._follow_memory(outputs)
        self.outputs = [output.slot for output in outputs if type(output) is Ref]
        self._write()

    # --- what is needed, and how long -----------------------------------------------------------------------------

    def _needed(self, outputs: list[Any]) -> Iterator[Call | Look]:
        """The steps that results and looks depend on."""
        needed = {output.slot for output in outputs if type(output) is Ref}
        kept: list[Call | Look] = []
        for step in reversed(self.trace.steps):
            if isinstance(step, Look):
                needed.add(step.ref.slot)
                kept.append(step)
            elif any(ref.slot in needed for ref in refs(step.result)):
                needed.update(ref.slot for ref in refs((step.args, step.kwargs)))
                kept.append(step)
        self.needed = needed
        return reversed(kept)

    def _name_arguments(self, arguments: int) -> None:
        read = [(v, traced.slot) for v, traced in self.trace.variables.values() if traced.slot in self.needed]
        self.variables = [variable for variable, _ in read]
        self.code.update({slot: f"w{i}" for i, (_, slot) in enumerate(read)})
        self.parameters = [*(f"x{i}" for i in range(arguments)), *(f"w{i}" for i in range(len(read)))]
        for slot, name in self.code.items():
            self.memory[slot] = self.stand_ins[name] = np.empty(*self.trace.kinds[slot])

    def _results(self, outputs: list[Any]) -> dict[int, str]:
        """The slots that can be computed where the result is to be: those of calls that compute into an array."""
        made = {step.result.slot for step in self.steps if isinstance(step, Call) and computes(step, self._kind)}
        direct: dict[int, str] = {}
        places = [output for output in outputs if type(output) is Ref]
        for i, output in enumerate(places):
            if output.slot in made:
                direct.setdefault(output.slot, f"o{i}")
            self.stand_ins[f"o{i}"] = np.empty(*self._kind(output))
        self.parameters += [f"o{i}" for i in range(len(places))]
        return direct

    def _follow_memory(self, outputs: list[Any]) -> None:
        """For each slot the slots whose memory it may share, and for each memory the last step that needs it."""
        for i, step in enumerate(self.steps):
            read = [step.ref] if isinstance(step, Look) else list(refs((step.args, step.kwargs)))
            shared = [root for ref in read for root in self.roots.setdefault(ref.slot, frozenset((ref.slot,)))]
            for root in shared:
                self.last[root] = i
            if isinstance(step, Call):
                fresh = computes(step, self._kind) or kernels.is_fresh(step.function)
                for ref in refs(step.result):
                    self.roots[ref.slot] = frozenset((ref.slot,) if fresh else (ref.slot, *shared))
                    self.last[ref.slot] = i
        for output in outputs:
            if type(output) is Ref:
                for root in self.roots.get(output.slot, ()):
                    self.last[root] = len(self.steps)

    # --- writing --------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Write every step."""
        ending = defaultdict(list)
        for root, last in self.last.items():
            ending[last].append(root)
        for i, step in enumerate(self.steps):
            if isinstance(step, Look):
                self._look(step)
            else:
                self.errors = None if step.errors == self.trace.errors else step.errors
                self._call(step, i)
            for root in ending[i]:
                if root in self.buffers:
                    buffer = self.buffers.pop(root)
                    self.free[buffer.shape, buffer.dtype].append(buffer)
        self.errors = None
        for i, slot in enumerate(self.outputs):
            if self.direct.get(slot) != f"o{i}":
                self._copy(f"copyto(o{i}, {self._name(slot)})", self.memory.get(slot), self.stand_ins[f"o{i}"])

    def _line(self, text: str, step: Any = None, view: str = "") -> None:
        self.lines.append(Line(text, self.errors, step, view))

    def _copy(self, text: str, *operands: Any) -> None:
        """A line that moves elements: ``source, out``, or by a mask ``mask, chosen, other, out``."""
        self._line(text, compiled.step(None, operands))

    def _look(self, look: Look) -> None:
        number, name = len(self.outcomes), self._name(look.ref.slot)
        self.outcomes.append(look.outcome)
        if look.how is bool:
            other = repr(look.outcome != "True")
            self._line(f"if {'not ' if look.outcome == 'True' else ''}{name}: return {number}, {other!r}")
        else:
            self._expect(f"repr({self._bound(look.how, 'look')}({name}))", look.outcome)

    def _expect(self, expression: str, outcome: str) -> None:
        number = len(self.outcomes) - 1
        self._line(f"if (seen := {expression}) != {outcome!r}: return {number}, seen")

    def _call(self, step: Call, i: int) -> None:
        self.calls += 1
        function = step.function
        if computes(step, self._kind):
            self._computed(step, i)
        elif function is getitem and is_basic(step.args[1]):
            self._view(step, (step.args[0], kernels.with_ellipsis(step.args[1])))
        elif function in kernels.VIEWS and type(step.result) is Ref:
            self._view(step, step.args)
        else:
            self._opaque(step)

    def _computed(self, step: Call, i: int) -> None:
        """A call whose result goes into a buffer, or to where it is wanted."""
        function, args, slot = step.function, step.args, step.result.slot
        if isinstance(function, np.ufunc):
            operands = kernels.converted(function, args, self._kind)
            text, memory = ", ".join(map(self._operand, operands)), [self._array(x) for x in operands]
            place = self._destination(slot, i, args if function.signature is None else ())
            named = "out=" if function in (np.maximum, np.minimum) else ""  # NumPy 2.4 refuses it by position there
            step_of_plan = compiled.step(function, (*memory, self.memory[slot]))
            self._line(f"{self._bound(function)}({text}, {named}{place})", step_of_plan)
        elif (reduced := reduction(step)) is not None:
            ufunc, given = reduced
            read = ", ".join(self._operand(given.get(name)) for name in ("a", "axis", "dtype"))
            place, kept = self._destination(slot, i), bool(given.get("keepdims", False))
            self._line(f"{self._bound(ufunc.reduce, f'{ufunc.__name__}_reduce')}({read}, {place}, {kept})")
        elif function is np.where:
            place = self._destination(slot, i)
            parts = [kernels.cast_number(arg, self._kind(step.result)[1]) for arg in args]
            mask, chosen, other = map(self._operand, parts)
            text = f"copyto({place}, {other})\ncopyto({place}, {chosen}, where={mask})"
            self._copy(text, *map(self._array, parts), self.memory[slot])
        elif function is astype:
            self._line(f"copyto({self._destination(slot, i)}, {self._operand(args[0])}, casting='unsafe')")
        elif function in (_scatter, _replaced):
            self._indexed(function, args, self._destination(slot, i), self.memory[slot])
        else:
            words = [*map(self._operand, args), *(f"{name}={self._operand(arg)}" for name, arg in step.kwargs.items())]
            self._line(f"{self._bound(function)}({', '.join([*words, f'out={self._destination(slot, i)}'])})")

    def _indexed(self, function: Any, args: tuple[Any, ...], place: str, memory: Any) -> None:
        """The engine's own two calls that write at an index."""
        if function is _replaced:
            (x, new), index = args[:2], args[2]
            self._copy(f"copyto({place}, {self._operand(x)})", self._array(x), memory)
        else:
            (new, index), zero = args[:2], np.zeros((), memory.dtype)
            self._copy(f"{place}.fill(0)", zero, memory)
            if not is_basic(index):
                text = ", ".join(map(self._operand, (index, new)))
                return self._line(f"{self._bound(np.add.at, 'add_at')}({place}, {text})")
        part = memory[kernels.with_ellipsis(index)] if is_basic(index) else None
        self._copy(f"{place}[{self._operand(index)}] = {self._operand(new)}", self._array(new), part)

    def _view(self, step: Call, args: tuple[Any, ...]) -> None:
        """A view: made now, once, if the memory stays in its place; else on every run."""
        slot, arrays = step.result.slot, list(refs((args, step.kwargs)))
        if len(arrays) == 1 and arrays[0].slot in self.memory and type(args[0]) is Ref:
            array = self.memory[arrays[0].slot]
            found = step.function(array, *args[1:], **step.kwargs)
            if np.may_share_memory(found, array) or not found.size:
                self.memory[slot] = found
                if arrays[0].slot in self.static:
                    self.static[slot] = found
                    return
        words = [*map(self._operand, args), *(f"{name}={self._operand(arg)}" for name, arg in step.kwargs.items())]
        self.code[slot] = name = f"v{slot}"
        if step.function is getitem:
            self._line(f"{name} = {words[0]}[{words[1]}]", view=name)
        else:
            self._line(f"{name} = {self._bound(step.function)}({', '.join(words)})", view=name)

    def _opaque(self, step: Call) -> None:
        """Any other call: as it is, and a check that its result looks as it did."""
        words = [*map(self._operand, step.args), *(f"{name}={self._operand(x)}" for name, x in step.kwargs.items())]
        if step.function is getitem:
            text = f"{words[0]}[{words[1]}]"
        else:
            text = f"{self._bound(step.function)}({', '.join(words)})"
        name = "found" if type(step.result) is not Ref else f"v{step.result.slot}"
        self._line(f"{name} = {text}")
        self._unpack(step.result, name)

    def _unpack(self, result: Any, name: str) -> None:
        if type(result) is Ref:
            if name != f"v{result.slot}":
                self._line(f"v{result.slot} = {name}")
            self.code[result.slot] = f"v{result.slot}"
            shape, dtype = self._kind(result)
            self.outcomes.append(repr((shape, dtype.str)))
            number, text = len(self.outcomes) - 1, f"v{result.slot}"
            self._line(
                f"if {text}.shape != {shape} or {text}.dtype != {self._bound(dtype, 'dtype')}:\n"
                f"    return {number}, repr(({text}.shape, {text}.dtype.str))"
            )
        elif isinstance(result, (tuple, list)):
            self.outcomes.append(repr(len(result)))
            self._expect(f"repr(len({name}))", repr(len(result)))
            for i, part in enumerate(result):
                self._unpack(part, f"{name}[{i}]")
        else:
            self.outcomes.append(repr(result))
            self._expect(f"repr({name})", repr(result))

    # --- names ----------------------------------------------------------------------------------------------------

    def _kind(self, ref: Ref) -> Kind:
        return self.trace.kinds[ref.slot]

    def _name(self, slot: int) -> str:
        """How the source calls the array of a slot."""
        if slot in self.static:
            return self._bound(self.static[slot], "b")
        return self.code[slot]

    def _bound(self, value: Any, name: str | None = None) -> str:
        """A name that stands for ``value``: its own, where that is free."""
        key = value if callable(value) else id(value)  # NumPy makes a ufunc's methods anew each time
        if key not in self.bound:
            base = name or str(value.__name__).lstrip("_<").rstrip(">")
            number = self.used[base]
            self.used[base] += 1
            chosen = f"{base}{number or ''}"
            while chosen in self.names:  # expm and 1, and then expm1
                chosen += "_"
            self.names[chosen] = value  # and so it stays alive, and its id its own
            self.bound[key] = chosen
        return self.bound[key]

    def _array(self, x: Any) -> Any:
        """The memory of an operand, as far as it stays in its place; constants as they are."""
        return self.memory.get(x.slot) if type(x) is Ref else x

    def _operand(self, x: Any) -> str:
        if type(x) is Ref:
            return self._name(x.slot)
        if x is None or x is Ellipsis or type(x) in (bool, int, str) or (type(x) is float and math.isfinite(x)):
            return repr(x)
        if type(x) is slice:
            return f"slice({', '.join(map(self._operand, (x.start, x.stop, x.step)))})"
        if type(x) in (tuple, list):
            inside = "".join(f"{self._operand(part)}, " for part in x)
            return f"({inside})" if type(x) is tuple else f"[{inside}]"
        if type(x) is dict:
            return "{" + ", ".join(f"{name!r}: {self._operand(part)}" for name, part in x.items()) + "}"
        return self._bound(x, "k")

    def _destination(self, slot: int, i: int, operands: tuple[Any, ...] = ()) -> str:
        """Where a result goes: to the caller, into a buffer that an operand leaves with this step, or another one."""
        shape, dtype = self.trace.kinds[slot]
        if slot in self.direct:
            self.code[slot] = name = self.direct[slot]
            self.memory[slot] = self.stand_ins[name]
            return name
        for operand in operands:
            if type(operand) is Ref and self._leaves(operand.slot, i, operands):
                buffer = self.buffers[operand.slot]
                if buffer.shape == shape and buffer.dtype == dtype:
                    del self.buffers[operand.slot]
                    break
        else:
            free = self.free[shape, dtype]
            buffer = free.pop() if free else np.empty(shape, dtype)
        self.buffers[slot] = self.static[slot] = self.memory[slot] = buffer
        return self._name(slot)

    def _leaves(self, slot: int, i: int, operands: tuple[Any, ...]) -> bool:
        """Whether step ``i`` is the last to need the buffer of ``slot``, and no operand is another view of it."""
        if slot not in self.buffers or self.last[slot] > i:
            return False
        others = (x for x in operands if type(x) is Ref and x.slot != slot)
        return all(slot not in self.roots[x.slot] for x in others)

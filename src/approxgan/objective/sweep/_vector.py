"""What Numba lacks: bare pointers, and vectors of numbers.

A Numba array is seven words and a reference count, and the small functions of the sweep would
spend their time on those; whoever makes a pointer keeps its array. Loops written in vectors
need no test for overlap and no remainder, which for rows of 24 numbers is most of the work.
A number that meets a vector stands for one of it in every place.
"""

import operator
from collections.abc import Callable
from functools import wraps
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, lower_cast, models, register_model
from numba.np.arrayobj import make_array

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
"""Samples side by side in a vector."""
INT, LONG = ir.IntType(32), ir.IntType(64)
BYTES = 4
"""A vector may begin at a multiple of these."""


class Vector(types.Type):
    def __init__(self, dtype: types.Float, length: int) -> None:
        self.dtype, self.length = dtype, length
        super().__init__(name=f"Vector({dtype}, {length})")

    def can_convert_from(self, _typing: Any, other: Any) -> Conversion | None:
        return Conversion.unsafe if isinstance(other, types.Float) else None

    def unify(self, _typing: Any, other: Any) -> Any:
        return self if isinstance(other, types.Float) else None


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vector) -> None:
        element = manager.lookup(fe_type.dtype).get_value_type()
        super().__init__(manager, fe_type, ir.VectorType(element, fe_type.length))


@lower_cast(types.Float, Vector)
def _spread(context: Any, builder: Any, given: Any, vector: Vector, number: Any) -> Any:
    number = context.cast(builder, number, given, vector.dtype)
    one = builder.bitcast(number, ir.VectorType(number.type, 1))
    places = ir.Constant(ir.VectorType(INT, vector.length), [0] * vector.length)
    return builder.shuffle_vector(one, one, places)


def _alike(*kinds: Any) -> Any:
    """The signature of what makes a vector of vectors like it, and of numbers."""
    vectors = [kind for kind in kinds if isinstance(kind, Vector)]
    return vectors[0](*[vectors[0]] * len(kinds)) if vectors else None


def _lower(emit: Callable[..., Any]) -> Callable[..., Any]:
    """Numba's form of a function that makes a value of a builder and of values."""
    return lambda _context, builder, _signature, args: emit(builder, *args)


def _emits(signature: Callable[..., Any]) -> Callable[..., Any]:
    """The intrinsic whose code a function of a builder and of the arguments' values makes."""

    def decorate(emit: Callable[..., Any]) -> Any:
        @wraps(emit)
        def typing(_typing: Any, *kinds: Any) -> Any:
            found = signature(*kinds)
            return found and (found, _lower(emit))

        return intrinsic(typing)

    return decorate


def _operator(function: Any, operands: int, emit: Callable[..., Any]) -> None:
    @infer_global(function)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return _alike(*args)

    lower_builtin(function, *[Vector] * operands)(_lower(emit))


def _call(name: str) -> Callable[..., Any]:
    """Calls an LLVM function of vectors."""

    def emit(builder: Any, *args: Any) -> Any:
        kind = args[0].type
        form = ir.FunctionType(kind, [kind] * len(args))
        full = f"llvm.{name}.v{kind.count}{kind.element.intrinsic_name}"
        return builder.call(cgutils.get_or_insert_function(builder.module, form, full), args)

    return emit


_operator(operator.add, 2, ir.IRBuilder.fadd)
_operator(operator.sub, 2, ir.IRBuilder.fsub)
_operator(operator.mul, 2, ir.IRBuilder.fmul)
_operator(abs, 1, _call("fabs"))


@_emits(_alike)
def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c, rounded once."""
    return _call("fma")(builder, a, b, c)


@_emits(_alike)
def where_above(builder: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
    """a where x > y, else b"""
    return builder.select(builder.fcmp_ordered(">", x, y), a, b)


def _mask(builder: Any, truths: Any) -> Any:
    return builder.zext(builder.bitcast(truths, ir.IntType(truths.type.count)), LONG)


@_emits(lambda *kinds: (found := _alike(*kinds)) and types.int64(*found.args))
def not_below(builder: Any, x: Any, y: Any) -> Any:
    """A bit for each element where x < y does not hold, the first the lowest."""
    return _mask(builder, builder.fcmp_unordered(">=", x, y))


@_emits(types.int64)
def differ(builder: Any, x: Any, y: Any) -> Any:
    """A bit for each element of x that is not equal to that of y."""
    return _mask(builder, builder.fcmp_unordered("!=", x, y))


@_emits(lambda vector: _alike(vector) and vector.dtype(vector))
def biggest(builder: Any, vector: Any) -> Any:
    """The largest element."""
    found = [builder.extract_element(vector, INT(i)) for i in range(vector.type.count)]
    while len(found) > 1:
        pairs = zip(found[: len(found) // 2], found[len(found) // 2 :], strict=True)
        found = [builder.select(builder.fcmp_ordered(">", a, b), a, b) for a, b in pairs]
    return found[0]


def _at(builder: Any, start: Any, index: Any, count: int) -> Any:
    """A pointer to ``count`` numbers."""
    kind = ir.VectorType(start.type.pointee, count).as_pointer()
    return builder.bitcast(builder.gep(start, [index]), kind)


def _load(count: int) -> Any:
    @_emits(lambda start, index: Vector(start.dtype, count)(start, types.int64))
    def load(builder: Any, start: Any, index: Any) -> Any:
        """The numbers from ``start[index]`` on."""
        return builder.load(_at(builder, start, index, count), align=BYTES)

    return load


load, load_lanes = _load(8), _load(LANES)


@_emits(lambda start, index, vector: types.void(start, types.int64, vector))
def store(builder: Any, start: Any, index: Any, vector: Any) -> Any:
    builder.store(vector, _at(builder, start, index, vector.type.count), align=BYTES)


@_emits(lambda like: like(like))
def registers(builder: Any, like: Any) -> Any:
    """Room for 8 vectors; where all places are known, the compiler keeps it in registers."""
    return cgutils.alloca_once(builder, like.type.pointee, LONG(8 * LANES))


@_emits(lambda start, count: start(start, types.int64))
def ahead(builder: Any, start: Any, count: Any) -> Any:
    """The pointer ``count`` elements further on."""
    return builder.gep(start, [count])


@_emits(lambda start, index: types.void(start, types.int64))
def fetch(builder: Any, start: Any, index: Any) -> None:
    """Bring what lies there nearer to the processor, to be written."""
    byte = ir.IntType(8).as_pointer()
    form = ir.FunctionType(ir.VoidType(), [byte, INT, INT, INT])
    function = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0")
    place = builder.bitcast(builder.gep(start, [index]), byte)
    builder.call(function, [place, INT(1), INT(3), INT(1)])


@_emits(lambda truth: types.int64(types.boolean))
def opaque(builder: Any, truth: Any) -> Any:
    """1 or 0, computed with: the compiler does not see that it could branch instead."""
    form = ir.FunctionType(LONG, [LONG])
    return builder.asm(form, "", "=r,0", [builder.zext(truth, LONG)], side_effect=False)


@intrinsic
def pointers(_typing: Any, given: Any) -> Any:
    """The named tuple, with pointers to their first numbers in place of contiguous arrays."""

    def kind(part: Any) -> Any:
        return types.CPointer(part.dtype) if isinstance(part, types.Array) else part

    found = types.NamedTuple([kind(part) for part in given.types], given.instance_class)

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        values = [
            make_array(part)(context, builder, value).data
            if isinstance(part, types.Array)
            else value
            for part, value in zip(given.types, cgutils.unpack_tuple(builder, args[0]), strict=True)
        ]
        return context.make_tuple(builder, found, values)

    return found(given), codegen


@intrinsic
def cut(_typing: Any, array: Any, sizes: Any) -> Any:
    """Pointers to where pieces of these sizes begin in a contiguous array."""
    found = types.UniTuple(types.CPointer(array.dtype), sizes.count)

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        starts = [make_array(array)(context, builder, args[0]).data]
        for size in cgutils.unpack_tuple(builder, args[1])[:-1]:
            starts.append(builder.gep(starts[-1], [size]))
        return context.make_tuple(builder, found, starts)

    return found(array, sizes), codegen

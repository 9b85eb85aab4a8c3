"""What Numba lacks: bare pointers, and vectors of numbers.

A Numba array is seven words and a reference count, and the small functions of the sweep would
spend their time on those; whoever makes a pointer keeps its array. Loops written in vectors
need no test for overlap and no remainder, which for rows of 24 numbers is most of the work.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array

LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
"""Samples side by side in a vector."""


class Vector(types.Type):
    def __init__(self, dtype: types.Float, length: int) -> None:
        self.dtype, self.length = dtype, length
        super().__init__(name=f"Vector({dtype}, {length})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vector) -> None:
        element = manager.lookup(fe_type.dtype).get_value_type()
        super().__init__(manager, fe_type, ir.VectorType(element, fe_type.length))


def _operator(function: Any, instruction: str) -> None:
    @infer_global(function)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    @lower_builtin(function, Vector, Vector)
    def _lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")


def _emit(instructions: Callable[..., Any]) -> Callable[..., Any]:
    """The code generator of what ``instructions`` makes of a builder and the arguments."""
    return lambda _context, builder, _signature, args: instructions(builder, *args)


def _call(name: str) -> Callable[..., Any]:
    """The code generator of an LLVM function of numbers or vectors of one type."""

    def instructions(builder: Any, *args: Any) -> Any:
        kind = args[0].type
        is_vector = isinstance(kind, ir.VectorType)
        element = kind.element if is_vector else kind
        suffix = f"v{kind.count}" if is_vector else ""
        suffix += "f32" if isinstance(element, ir.FloatType) else "f64"
        form = ir.FunctionType(kind, [kind] * len(args))
        function = cgutils.get_or_insert_function(builder.module, form, f"llvm.{name}.{suffix}")
        return builder.call(function, args)

    return _emit(instructions)


@intrinsic
def pointer(_typing: Any, array: Any) -> Any:
    """To the first element of a contiguous array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def ahead(_typing: Any, start: Any, count: Any) -> Any:
    """The pointer ``count`` elements further on."""
    return start(start, types.int64), _emit(lambda builder, at, by: builder.gep(at, [by]))


@intrinsic
def prefetch(_typing: Any, start: Any, index: Any) -> Any:
    """Bring what lies there nearer to the processor, to be written."""

    def instructions(builder: Any, at: Any, by: Any) -> None:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        form = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, form, "llvm.prefetch.p0")
        place = builder.bitcast(builder.gep(at, [by]), byte)
        builder.call(function, [place, *(ir.Constant(number, n) for n in (1, 3, 1))])

    return types.void(start, types.int64), _emit(instructions)


@intrinsic
def cast(_typing: Any, number: Any, like: Any) -> Any:
    """A float64 in the type that ``like`` points to."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], types.float64, signature.return_type)

    return like.dtype(types.float64, like), codegen


@intrinsic
def bits(_typing: Any, number: Any) -> Any:
    """Those of a number, as an integer."""

    def instructions(builder: Any, one: Any) -> Any:
        own = builder.bitcast(one, ir.IntType(number.bitwidth))
        return own if number.bitwidth == 64 else builder.zext(own, ir.IntType(64))

    return types.int64(number), _emit(instructions)


@intrinsic
def opaque(_typing: Any, truth: Any) -> Any:
    """1 or 0, computed with: the compiler does not see that it could branch instead."""

    def instructions(builder: Any, one: Any) -> Any:
        kind = ir.IntType(64)
        form = ir.FunctionType(kind, [kind])
        return builder.asm(form, "", "=r,0", [builder.zext(one, kind)], side_effect=False)

    return types.int64(types.boolean), _emit(instructions)


@intrinsic
def fma(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c, rounded once."""
    return (a(a, a, a) if a == b == c else None), _call("fma")


def _of(length: int) -> tuple[Any, Any]:
    """``load`` and ``splat`` for vectors of one length."""

    @intrinsic
    def load(_typing: Any, start: Any, index: Any) -> Any:
        """The numbers from ``start[index]`` on."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = context.get_value_type(signature.return_type)
            at = builder.bitcast(builder.gep(args[0], [args[1]]), kind.as_pointer())
            return builder.load(at, align=start.dtype.bitwidth // 8)

        return Vector(start.dtype, length)(start, types.int64), codegen

    @intrinsic
    def splat(_typing: Any, number: Any) -> Any:
        """The number in every place."""

        def instructions(builder: Any, one: Any) -> Any:
            first = ir.Constant(ir.IntType(32), 0)
            empty = ir.Constant(ir.VectorType(one.type, length), ir.Undefined)
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), length), [0] * length)
            return builder.shuffle_vector(builder.insert_element(empty, one, first), empty, zeros)

        return Vector(number, length)(number), _emit(instructions)

    return load, splat


load, splat = _of(8)
load_lanes, splat_lanes = _of(LANES)


@intrinsic
def store(_typing: Any, start: Any, index: Any, vector: Any) -> Any:
    def instructions(builder: Any, at: Any, by: Any, numbers: Any) -> None:
        to = builder.bitcast(builder.gep(at, [by]), numbers.type.as_pointer())
        builder.store(numbers, to, align=start.dtype.bitwidth // 8)

    return types.void(start, types.int64, vector), _emit(instructions)


@intrinsic
def size(_typing: Any, vector: Any) -> Any:
    """|x|"""
    return vector(vector), _call("fabs")


@intrinsic
def where_above(_typing: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
    """a where x > y, else b"""

    def instructions(builder: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", x, y), a, b)

    return x(x, x, x, x), _emit(instructions)


@intrinsic
def not_below(_typing: Any, x: Any, y: Any) -> Any:
    """A bit for each element where x < y does not hold, the first the lowest."""

    def instructions(builder: Any, a: Any, b: Any) -> Any:
        mask = builder.bitcast(builder.fcmp_unordered(">=", a, b), ir.IntType(x.length))
        return builder.zext(mask, ir.IntType(64))

    return types.int64(x, x), _emit(instructions)


@intrinsic
def differ(_typing: Any, x: Any, y: Any) -> Any:
    """Whether any element of x is not equal to that of y."""

    def instructions(builder: Any, a: Any, b: Any) -> Any:
        mask = builder.bitcast(builder.fcmp_unordered("!=", a, b), ir.IntType(x.length))
        return builder.icmp_unsigned("!=", mask, ir.Constant(mask.type, 0))

    return types.boolean(x, x), _emit(instructions)


@intrinsic
def lowest(_typing: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set."""
    one = ir.Constant(ir.IntType(1), 1)
    return types.int64(types.int64), _emit(lambda builder, bits: builder.cttz(bits, one))


@intrinsic
def biggest(_typing: Any, vector: Any) -> Any:
    """The largest element."""

    def instructions(builder: Any, numbers: Any) -> Any:
        places = [ir.Constant(ir.IntType(32), i) for i in range(vector.length)]
        found = [builder.extract_element(numbers, place) for place in places]
        while len(found) > 1:
            half = len(found) // 2
            pairs = zip(found[:half], found[half:], strict=True)
            found = [builder.select(builder.fcmp_ordered(">", a, b), a, b) for a, b in pairs]
        return found[0]

    return vector.dtype(vector), _emit(instructions)

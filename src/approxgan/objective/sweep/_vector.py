"""What Numba lacks: bare pointers, and vectors of eight numbers.

A Numba array is seven words and a reference count, and the small functions of the sweep would
spend their time on those; whoever makes a pointer keeps its array. Loops written in vectors
need no test for overlap and no remainder, which for rows of 24 numbers is most of the work.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array

LENGTH = 8


class Vector(types.Type):
    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vector) -> None:
        element = manager.lookup(fe_type.dtype).get_value_type()
        super().__init__(manager, fe_type, ir.VectorType(element, LENGTH))


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


def _call(builder: Any, name: str, args: Any) -> Any:
    """An LLVM function of numbers or vectors of one type."""
    kind = args[0].type
    count = f"v{LENGTH}" if isinstance(kind, ir.VectorType) else ""
    element = kind.element if count else kind
    suffix = count + ("f32" if isinstance(element, ir.FloatType) else "f64")
    form = ir.FunctionType(kind, [kind] * len(args))
    function = cgutils.get_or_insert_function(builder.module, form, f"llvm.{name}.{suffix}")
    return builder.call(function, args)


@intrinsic
def pointer(_typing: Any, array: Any) -> Any:
    """To the first element of a contiguous array."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def ahead(_typing: Any, start: Any, count: Any) -> Any:
    """The pointer ``count`` elements further on."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return start(start, types.int64), codegen


@intrinsic
def cast(_typing: Any, number: Any, like: Any) -> Any:
    """A float64 in the type that ``like`` points to."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], types.float64, signature.return_type)

    return like.dtype(types.float64, like), codegen


@intrinsic
def bits(_typing: Any, number: Any) -> Any:
    """Those of a number, as an integer."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        own = builder.bitcast(args[0], ir.IntType(number.bitwidth))
        return own if number.bitwidth == 64 else builder.zext(own, ir.IntType(64))

    return types.int64(number), codegen


@intrinsic
def fma(_typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c, rounded once."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "fma", args)

    return (a(a, a, a) if a == b == c else None), codegen


@intrinsic
def load(_typing: Any, start: Any, index: Any) -> Any:
    """Eight numbers from ``start[index]`` on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        at = builder.bitcast(builder.gep(args[0], [args[1]]), kind.as_pointer())
        return builder.load(at, align=start.dtype.bitwidth // 8)

    return Vector(start.dtype)(start, types.int64), codegen


@intrinsic
def store(_typing: Any, start: Any, index: Any, vector: Any) -> Any:
    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        at = builder.bitcast(builder.gep(args[0], [args[1]]), args[2].type.as_pointer())
        builder.store(args[2], at, align=start.dtype.bitwidth // 8)

    return types.void(start, types.int64, vector), codegen


@intrinsic
def splat(_typing: Any, number: Any) -> Any:
    """The number eight times."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        empty = ir.Constant(kind, ir.Undefined)
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LENGTH), [0] * LENGTH)
        one = builder.insert_element(empty, args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(one, empty, zeros)

    return Vector(number)(number), codegen


@intrinsic
def size(_typing: Any, vector: Any) -> Any:
    """|x|"""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _call(builder, "fabs", args)

    return vector(vector), codegen


@intrinsic
def where_above(_typing: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
    """a where x > y, else b"""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[2], args[3])

    return x(x, x, x, x), codegen


@intrinsic
def not_below(_typing: Any, x: Any, y: Any) -> Any:
    """A bit for each element where x < y does not hold, the first the lowest."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        mask = builder.fcmp_unordered(">=", args[0], args[1])
        return builder.zext(builder.bitcast(mask, ir.IntType(LENGTH)), ir.IntType(64))

    return types.int64(x, x), codegen


@intrinsic
def differ(_typing: Any, x: Any, y: Any) -> Any:
    """Whether any element of x is not equal to that of y."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        mask = builder.bitcast(builder.fcmp_unordered("!=", *args), ir.IntType(LENGTH))
        return builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(LENGTH), 0))

    return types.boolean(x, x), codegen


@intrinsic
def lowest(_typing: Any, bits: Any) -> Any:
    """The number of the lowest bit that is set."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), codegen


@intrinsic
def biggest(_typing: Any, vector: Any) -> Any:
    """The largest element."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        elements = [
            builder.extract_element(args[0], ir.Constant(ir.IntType(32), i))
            for i in range(LENGTH)
        ]  # fmt: skip
        while len(elements) > 1:
            half = len(elements) // 2
            elements = [
                builder.select(builder.fcmp_ordered(">", a, b), a, b)
                for a, b in zip(elements[:half], elements[half:], strict=True)
            ]
        return elements[0]

    return vector.dtype(vector), codegen

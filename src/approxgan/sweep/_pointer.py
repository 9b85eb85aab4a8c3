"""What Numba lacks: bare pointers, which cost nothing to pass on, and fused multiply-add.

A Numba array is seven words and a reference count, and the small functions of the sweep would
spend their time on those. Whoever makes a pointer keeps its array.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


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
def fma(_typing: Any, a: Any, _b: Any, _c: Any) -> Any:
    """a·b + c, fused where the processor can: the same in every loop it is compiled into."""

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = args[0].type
        form = ir.FunctionType(kind, [kind] * 3)
        function = builder.module.declare_intrinsic("llvm.fmuladd", [kind], form)
        return builder.call(function, args)

    return a(a, a, a), codegen

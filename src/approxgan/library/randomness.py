"""Random numbers of an estimate: its own directions, and the draws that its evaluations share."""

import ctypes
import math
import operator
import random
import struct
import sys
from typing import Any

import numpy as np
import torch
from numpy.random.mtrand import get_bit_generator
from torch import Tensor

from approxgan.core.errors import InputError

BITS = (torch.arange(256, device="cpu")[:, None] >> torch.arange(8, device="cpu")) & 1
SIGNS = BITS.to(torch.float32).mul(2.0).sub(1.0)
"""[256, 8]: the bits of every octet, as -1 and 1."""

WORDS = ctypes.c_char * (624 * 4 + 4)
"""Memory of a Mersenne twister: its words, and the place of the next."""
PYTHONS: Any = getattr(random.random, "__self__", None)
NUMPYS: Any = getattr(np.random.standard_normal, "__self__", None)
"""The default generators."""


def _held(owner: object, number: bytes) -> int | None:
    """Where an object of C holds a number, in bytes from its start; None unless in one place."""
    if sys.implementation.name != "cpython":
        return None
    memory = ctypes.string_at(id(owner), type(owner).__basicsize__)
    return memory.index(number) if memory.count(number) == 1 else None


def _python_words() -> Any:
    """Of Python's default generator; None if they are not found as in one of the same type."""
    like = random.Random(0)
    like.random()
    words = like.getstate()[1]
    where = _held(like, struct.pack("625I", words[-1], *words[:-1]))
    if where is None or type(PYTHONS) is not random.Random:
        return None
    return WORDS.from_address(id(PYTHONS) + where)


def _numpy_waiting() -> Any:
    """Of NumPy's default generator: whether the second of a pair of normal numbers waits.

    None if that is not found as in one of the same type.
    """
    like = np.random.RandomState(0)
    like.standard_normal()
    waits: Any = like.get_state(legacy=False)
    where = _held(like, struct.pack("@ixxxxd", 1, waits["gauss"]))
    if where is None or type(NUMPYS) is not np.random.RandomState:
        return None
    return ctypes.c_int.from_address(id(NUMPYS) + where)


PYTHON_WORDS, NUMPY_WAITS = _python_words(), _numpy_waiting()
"""Memory of the default generators, as the generators take long to tell their state."""


def generator_of(given: torch.Generator | int | None, device: torch.device) -> torch.Generator:
    """The generator itself, or one from the seed; without either, from the system's entropy.

    Never torch's default generator. Raises ``InputError`` for anything else, and for a generator
    on another device.
    """
    if isinstance(given, torch.Generator):
        if given is torch.default_generator:
            raise InputError(
                "generator is torch's default one, which the loss may draw from; accepted: "
                "torch.Generator(), a seed, or None"
            )
        if given.device.type != device.type:
            raise InputError(
                f"generator is on {given.device}, but params are on {device}; accepted: "
                f"torch.Generator({str(device)!r})"
            )
        return given
    if device.type == "meta":
        raise InputError("params are on meta, which holds no numbers; accepted: another device")
    made = torch.Generator(device)
    if given is None:
        made.seed()
        return made
    try:
        seed = operator.index(given)
    except (TypeError, RuntimeError):
        seed = -1
    if isinstance(given, bool) or not 0 <= seed < 2**63:
        raise InputError(
            f"generator is {given!r}; accepted: a torch.Generator, a whole number from 0 as a "
            "seed, or None"
        )
    return made.manual_seed(seed)


class GeneratorStreams:
    """``core.protocols.Streams`` of one generator for all rows."""

    def __init__(self, generator: torch.Generator, rows: int, dtype: torch.dtype) -> None:
        self._generator = generator
        self._rows = rows
        self._dtype = dtype

    def normal(self, *shape: int) -> Tensor:
        """[S, *shape] standard normal."""
        return torch.randn(
            self._rows,
            *shape,
            generator=self._generator,
            dtype=self._dtype,
            device=self._generator.device,
        )

    def signs(self, *shape: int) -> Tensor:
        """[S, *shape] of -1 and 1 with equal probability, a bit each."""
        count = self._rows * math.prod(shape)
        device = self._generator.device
        octets = torch.randint(
            256, ((count + 7) // 8,), dtype=torch.int32, generator=self._generator, device=device
        )
        # Shrunk in place: views would take as long as the draw.
        return SIGNS.to(device, self._dtype).index_select(0, octets).resize_(self._rows, *shape)


def common_draws(
    common: bool, device: torch.device, handed: torch.Generator | None = None
) -> "CommonDraws | None":
    """Those of now; None where draws are not common. Raises ``InputError`` for no truth value."""
    if common not in (True, False):
        raise InputError(f"common is {common!r}; accepted: True or False")
    return CommonDraws(device, handed) if common else None


class CommonDraws:
    """Puts the generators that a loss may draw from back, so that every evaluation draws alike.

    These are the default ones of torch, NumPy (``np.random``) and Python, and the one that the
    loss is handed. Their state is that of now. After the last evaluation they are where one
    evaluation alone would have left them.
    """

    def __init__(self, device: torch.device, handed: torch.Generator | None) -> None:
        self._torch = torch.default_generator.get_state()
        self._numpy, self._python = _Numpy(), _Python()
        self._device = device if device.type == "cuda" else None
        self._cuda = torch.cuda.get_rng_state(device) if self._device else None
        self._handed = handed
        self._state = handed.get_state() if handed is not None else None

    def rewind(self) -> None:
        torch.default_generator.set_state(self._torch)
        self._numpy.rewind()
        self._python.rewind()
        if self._device is not None and self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda, self._device)
        if self._handed is not None and self._state is not None:
            self._handed.set_state(self._state)


class _Python:
    """Python's default generator, put back by its words in memory where they were found.

    ``random.getstate`` makes 625 objects of them.
    """

    def __init__(self) -> None:
        if PYTHON_WORDS is None:
            self._state = random.getstate()
        else:
            self._words, self._normal = PYTHON_WORDS.raw, PYTHONS.gauss_next

    def rewind(self) -> None:
        if PYTHON_WORDS is None:
            random.setstate(self._state)
            return
        if PYTHON_WORDS.raw != self._words:
            PYTHON_WORDS.raw = self._words
        PYTHONS.gauss_next = self._normal


class _Numpy:
    """NumPy's default generator; a Mersenne twister is put back by its words in memory.

    NumPy takes 30 µs to tell or to set them. They are its whole state, unless one of a pair of
    normal numbers waits for the next call, which takes no word then.
    """

    def __init__(self) -> None:
        held = get_bit_generator()
        self._state: Any = None
        if NUMPY_WAITS is None or NUMPY_WAITS.value or type(held) is not np.random.MT19937:
            self._state = np.random.get_state(legacy=False)
        else:
            self._memory: Any = WORDS.from_address(held.ctypes.state_address)
            self._words = self._memory.raw

    def rewind(self) -> None:
        if self._state is not None:
            np.random.set_state(self._state)
            return
        if NUMPY_WAITS.value:
            np.random.standard_normal()
        if self._memory.raw != self._words:
            self._memory.raw = self._words

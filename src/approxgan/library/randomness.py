"""Random numbers of an estimate: its own directions, and the draws that its evaluations share."""

import ctypes
import math
import operator
import random
from typing import Any

import numpy as np
import torch
from numpy.random.mtrand import get_bit_generator
from torch import Tensor

from approxgan.core.errors import InputError

BITS = (torch.arange(256, device="cpu")[:, None] >> torch.arange(8, device="cpu")) & 1
SIGNS = BITS.to(torch.float32).mul(2.0).sub(1.0)
"""[256, 8]: the bits of every octet, as -1 and 1."""
WORDS = 624 * 4 + 4
"""Bytes of a Mersenne twister of NumPy: its words, and the place of the next."""


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
        signs = SIGNS.to(device, self._dtype).index_select(0, octets)
        return signs.view(-1)[:count].view(self._rows, *shape)


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
        self._torch = torch.get_rng_state()
        held = get_bit_generator()
        self._twister = _Twister(held) if isinstance(held, np.random.MT19937) else None
        self._numpy: Any = np.random.get_state(legacy=False) if self._twister is None else None
        self._python = random.getstate()
        self._device = device if device.type == "cuda" else None
        self._cuda = torch.cuda.get_rng_state(device) if self._device else None
        self._handed = handed
        self._state = handed.get_state() if handed is not None else None

    def rewind(self) -> None:
        torch.set_rng_state(self._torch)
        if self._twister is not None:
            self._twister.rewind()
        else:
            np.random.set_state(self._numpy)
        random.setstate(self._python)
        if self._device is not None and self._cuda is not None:
            torch.cuda.set_rng_state(self._cuda, self._device)
        if self._handed is not None and self._state is not None:
            self._handed.set_state(self._state)


class _Twister:
    """A Mersenne twister as NumPy's default generator, put back by its words in memory.

    NumPy takes 30 µs to tell or to set them. They are its whole state, unless one of a pair of
    normal numbers waits for the next call, which takes no word then.
    """

    def __init__(self, held: np.random.MT19937) -> None:
        self._place = held.ctypes.state_address
        self._words = self._read()
        waiting = self._taken()
        ctypes.memmove(self._place, self._words, WORDS)
        self._state: Any = None
        if waiting is not None:
            self._state = np.random.get_state(legacy=False)
            self._state.update(has_gauss=1, gauss=waiting)
            np.random.set_state(self._state)

    def _read(self) -> bytes:
        return ctypes.string_at(self._place, WORDS)

    def _taken(self) -> float | None:
        """The normal number that waits, if one does; none waits then."""
        before, drawn = self._read(), np.random.standard_normal()
        if self._read() == before:
            return drawn
        np.random.standard_normal()  # the other one of this pair
        return None

    def rewind(self) -> None:
        if self._state is not None:
            np.random.set_state(self._state)
        elif self._read() != self._words:
            self._taken()
            ctypes.memmove(self._place, self._words, WORDS)

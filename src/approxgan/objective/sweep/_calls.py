"""Calls of compiled code: arrays of one type, one function a type, work shared among threads."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.objective.sweep._cache import entry

BLOCK = 2**15 - 1
"""Numbers that torch works on without sharing them among its threads, which cut blocks apart."""
ALIKE = 64
"""It rounds blocks of as many numbers alike; what is left over it computes otherwise."""
TYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def array(tensor: Tensor, dtype: np.dtype) -> np.ndarray:
    """The tensor's numbers, contiguous; not a copy where they are."""
    return np.ascontiguousarray(tensor.detach().numpy(), dtype)


def up(count: Any, block: int) -> Any:
    """A number, or numbers, to a multiple of the block."""
    return -(-count // block) * block


def places(lengths: np.ndarray) -> np.ndarray:
    """Where stretches of these lengths begin that follow each other."""
    return np.cumsum(lengths) - lengths


def flat_places(width: np.ndarray, owned: int) -> np.ndarray:
    """[L + 1], by node: where its layer's weights, and then biases, start in their player's."""
    lengths = np.array([0, *(width[:-1] + 1) * width[1:]])
    found = places(lengths)
    found[owned + 1 :] -= lengths[: owned + 1].sum()
    return found


@cache
def for_type(function: Any, dtype: np.dtype) -> Callable[..., Any]:
    """A compiled function of its own for arguments of one type."""
    plain = function.py_func
    name = f"{plain.__name__}_{dtype}"
    return entry(name)(FunctionType(plain.__code__, plain.__globals__, name))


def share(work: Callable[[int], object], tasks: int, threads: int) -> None:
    """Do the tasks 0 to ``tasks``; compiled code runs outside Python's lock."""
    found = map(work, range(tasks)) if threads == 1 else _pool(threads).map(work, range(tasks))
    deque(found, maxlen=0)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):  # a fork has the pool but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

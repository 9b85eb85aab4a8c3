"""Calls of compiled code: arrays of one type, one function a type, work shared among threads."""

from __future__ import annotations

import itertools
import os
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


def up(count: int, block: int) -> int:
    """To a multiple of the block."""
    return -(-count // block) * block


def whole_step(step: float | Tensor, theta: Tensor) -> Tensor:
    """A step, a number or [S, P], for every coordinate."""
    return torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)


@cache
def for_type(function: Any, dtype: np.dtype) -> Callable[..., Any]:
    """A compiled function of its own for arguments of one type."""
    plain = function.py_func
    name = f"{plain.__name__}_{dtype}"
    return entry(name)(FunctionType(plain.__code__, plain.__globals__, name))


def share(work: Callable[[int], object], tasks: int, threads: int) -> None:
    """Do the tasks 0 to ``tasks``; compiled code runs outside Python's lock."""
    numbers = itertools.count()  # next() on it is atomic

    def worker() -> None:
        while (task := next(numbers)) < tasks:
            work(task)

    helpers = [_pool().submit(worker) for _ in range(min(threads, tasks) - 1)]
    worker()
    for helper in helpers:
        helper.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


if hasattr(os, "register_at_fork"):  # a fork has the pool but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

"""Calls of compiled code: arrays of one type, work shared among threads."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import torch
from torch import Tensor

TYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


def array(tensor: Tensor, dtype: np.dtype) -> np.ndarray:
    """The tensor's numbers, contiguous; not a copy where they are."""
    return np.ascontiguousarray(tensor.detach().numpy(), dtype)


def share(work: Callable[[int], object], tasks: int, threads: int) -> None:
    """Do the tasks 0 to ``tasks``; compiled code runs outside Python's lock."""
    found = map(work, range(tasks)) if threads == 1 else _pool(threads).map(work, range(tasks))
    deque(found, maxlen=0)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


if hasattr(os, "register_at_fork"):  # a fork has the pool but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

"""The sweep of a dense piecewise-linear network, compiled.

Exact like the loop over forward passes: it evaluates the same function of θ through every kink
that a step crosses (``_lines``). It also meets the loop's rounding wall: θ + step, the moved
unit, the generator's outputs, the logit, a sample's loss and the sums (``_kernels``) are rounded
to the type of θ, and in float32 outputs and logit are scattered as rounding in the layers between
scatters them (``_rounding``).
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import Sweep
from approxgan.objective.problem import DenseProblem, SampleTerm
from approxgan.objective.sweep._cache import entry
from approxgan.objective.sweep._kernels import Terms, finish, run
from approxgan.objective.sweep._layout import Shape, prepare, room_for
from approxgan.objective.sweep._plan import Plan, plan
from approxgan.objective.sweep._scalar import CODES, LIMITS

TYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}
VECTOR_BYTES = 32
"""Of the vectors in which torch adds a row."""


def covers(problem: DenseProblem | None) -> bool:
    """Whether ``sweep`` can evaluate the problem."""
    if problem is None or not problem.terms:
        return False
    return (
        problem.inputs.device.type == "cpu"
        and problem.inputs.dtype in TYPES
        and problem.sizes[-1] == 1
        and 1 <= problem.owned <= len(problem.slopes) == len(problem.sizes) - 1
        and all(math.isfinite(slope) for slope in problem.slopes)
        and problem.slopes[-1] == 1.0
        and all(term.function in CODES for term in problem.terms)
    )


def sweep(problem: DenseProblem, theta: Tensor, step: float | Tensor, threads: int = 1) -> Sweep:
    """The loss at θ + step·e_i for every i; θ [S, P], step a number or [S, P].

    The result does not depend on the number of threads, nor a seed's on the seeds beside it.
    """
    dtype = TYPES[theta.dtype]
    layout, shape = _shape(problem.sizes, problem.slopes, problem.owned, dtype)
    terms = _terms(problem.terms, dtype)
    lay_out, go_through, add_up = _compiled(dtype)
    point, x = _array(theta, dtype), _array(problem.inputs, dtype)
    frozen, constant = _array(problem.frozen, dtype), _array(problem.constant, dtype)
    if isinstance(step, Tensor):
        steps = _array(step.expand_as(theta), dtype)
    else:
        steps = np.full((1, 1), step, dtype)
    seeds, lanes = len(point), VECTOR_BYTES // dtype.itemsize
    length = layout.rows + layout.transposed + layout.coordinates + layout.nodes
    flat = np.zeros((seeds, length), dtype)
    counts = (seeds, lanes, len(problem.terms))
    sums, of_lanes = np.empty((*counts, layout.coordinates), dtype), np.empty(counts, dtype)
    losses, values = np.empty(point.shape, dtype), np.empty(seeds, dtype)
    lay_out(shape, point, frozen, steps, flat)

    def work(first: int, last: int) -> None:
        room = _room(layout, dtype)
        go_through(shape, terms, flat, x, sums, of_lanes, *room, first, last)

    _share(work, seeds * lanes, threads)
    add_up(shape, terms, point, steps, constant, sums, of_lanes, losses, values)
    return Sweep(torch.from_numpy(losses), torch.from_numpy(values))


def _array(tensor: Tensor, dtype: np.dtype) -> np.ndarray:
    array = (tensor.detach() if tensor.requires_grad else tensor).numpy()
    if array.dtype == dtype and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array, dtype)


def _room(layout: Plan, dtype: np.dtype) -> tuple[np.ndarray, ...]:
    types = (dtype, np.dtype(np.float64), np.dtype(np.int64))
    return tuple(np.zeros(n, t) for n, t in zip(room_for(layout), types, strict=True))


@lru_cache(maxsize=64)
def _shape(
    sizes: tuple[int, ...], slopes: tuple[float, ...], owned: int, dtype: np.dtype
) -> tuple[Plan, Shape]:
    layout = plan(sizes, slopes, owned)
    by_node = np.array([1.0, *slopes], dtype)
    extents = np.array(layout[3:], np.int64)
    return layout, Shape(layout.table, layout.jacobians, by_node, extents, owned)


@lru_cache(maxsize=64)
def _terms(terms: tuple[SampleTerm, ...], dtype: np.dtype) -> Terms:
    return Terms(
        np.array([(t.start, t.stop, CODES[t.function]) for t in terms], np.int64),
        np.array([(t.sign, t.weight) for t in terms], dtype),
        LIMITS[dtype],
    )


@cache
def _compiled(dtype: np.dtype) -> tuple[Callable[..., Any], ...]:
    """The passes for one type."""
    passes = (prepare, run, finish)
    return tuple(_entry(p.py_func, f"{p.py_func.__name__}_{dtype}") for p in passes)


def _entry(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    copy = FunctionType(function.__code__, function.__globals__, name)
    return entry(name)(copy)


def _share(work: Callable[[int, int], object], tasks: int, threads: int) -> None:
    """Do the tasks 0 to ``tasks``; the compiled code runs outside Python's lock."""
    threads = min(threads, tasks)
    if threads <= 1:
        work(0, tasks)
        return
    numbers = itertools.count()  # next() on it is atomic

    def worker() -> None:
        while (task := next(numbers)) < tasks:
            work(task, task + 1)

    helpers = [_pool().submit(worker) for _ in range(threads - 1)]
    worker()
    for helper in helpers:
        helper.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1)


if hasattr(os, "register_at_fork"):  # a fork has the pool but none of its threads
    os.register_at_fork(after_in_child=_pool.cache_clear)

"""The one error that a user's input raises."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user wrote is not accepted: names the value, the rule and what is accepted."""

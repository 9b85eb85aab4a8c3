"""What the schema refuses, in plain words: the value, and what is accepted."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from approxgan.core.errors import one_line
from approxgan.core.settings import near

if TYPE_CHECKING:
    from jsonschema import ValidationError

KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "array": "a list",
    "object": "a map of names",
}


def explained(error: "ValidationError", place: str) -> str:
    """One line; ``place`` names the value in the config, and is empty for the whole of it."""
    where, rule = one_line(place) or "top level", error.validator
    if rule == "additionalProperties":
        return f"{where}: {_unknown(error)}"
    if rule == "required":
        needed: Any = error.validator_value
        missing = next(key for key in needed if key not in _value(error))
        return f"{where}: {missing!r} is missing; needed: {', '.join(needed)}"
    if rule == "uniqueItems":
        double, _ = Counter(map(repr, _value(error))).most_common(1)[0]
        return f"{where}: duplicate {one_line(double)}; each is accepted once"
    said, accepted = one_line(repr(error.instance)), _accepted(error)
    if "propertyNames" in error.absolute_schema_path:
        return f"{where}: {said} is no name; accepted: {accepted}"
    like = near(error.instance, _schema(error)["enum"]) if rule == "enum" else ""
    return f"{where} is {said}; {like}accepted: {accepted}"


def _unknown(error: "ValidationError") -> str:
    known = list(_schema(error)["properties"])
    key = next(key for key in _value(error) if key not in known)
    told = f"{near(key, known)}accepted: {', '.join(known)}"
    return f"unknown key {one_line(repr(key))}; {told}"


def _value(error: "ValidationError") -> Any:
    return error.instance


def _schema(error: "ValidationError") -> Mapping[str, Any]:
    found: Any = error.schema
    return found


def _accepted(error: "ValidationError") -> str:
    """What the part of the schema accepts that the value broke."""
    schema = _schema(error)
    if "description" in schema:
        return schema["description"]
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "maxProperties" in schema and error.validator != "type":
        return f"one of {', '.join(schema['properties'])}"
    kinds = schema.get("type", "array")
    kind = " or ".join(KINDS[one] for one in ([kinds] if isinstance(kinds, str) else kinds))
    least = schema.get("minItems", schema.get("minProperties"))
    return f"{kind} of {least} or more" if least else f"{kind}{_range(schema)}"


def _range(schema: Mapping[str, Any]) -> str:
    """', 1 to 100': the bounds of a number."""
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low:.16g} to {high:.16g}"
    words = {
        "exclusiveMinimum": "above {:.16g}", "minimum": "{:.16g} or more",
        "maximum": "up to {:.16g}", "exclusiveMaximum": "below {:.16g}",
    }  # fmt: skip
    told = [said.format(schema[key]) for key, said in words.items() if key in schema]
    return f" {' and '.join(told)}" if told else ""

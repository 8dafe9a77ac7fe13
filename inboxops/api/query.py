"""Query strings: every parameter known, given once unless it may repeat, and free of NUL."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from inboxops.errors import FieldError, Invalid

# How many values a parameter takes that takes several: each can be a condition of its own, and PostgreSQL plans a
# thousand of them for minutes.
MAX_VALUES = 50


@dataclass(frozen=True)
class Parameter:
    """A query parameter: what it is for, and the JSON schema of its value (of each value, where it takes several)."""

    name: str
    description: str
    schema: Mapping[str, Any]
    several: bool = False

    def as_openapi(self) -> dict[str, Any]:
        """The parameter object of OpenAPI."""
        value = {"type": "array", "items": self.schema, "maxItems": MAX_VALUES} if self.several else self.schema
        return {"name": self.name, "in": "query", "description": self.description, "schema": value}


def invalid_parameter(name: str, detail: str, code: str = "invalid") -> Invalid:
    """The error for one parameter."""
    return Invalid(FieldError(code=code, detail=detail, parameter=name), detail=detail)


def check_parameters(query: QueryDict, declared: Sequence[Parameter]) -> None:
    """Raises Invalid that names every parameter which is unknown, repeated where it may not be, or holds a NUL."""
    if not query:
        return
    known = {parameter.name: parameter for parameter in declared}
    errors = []
    for name, values in query.lists():
        if name not in known:
            errors.append(FieldError("unknown_parameter", "There is no such parameter here.", parameter=name))
        elif len(values) > 1 and not known[name].several:
            errors.append(FieldError("repeated", "This parameter can be given once.", parameter=name))
        elif any("\x00" in value for value in values):
            errors.append(FieldError("nul_character", "NUL characters are not allowed.", parameter=name))
    if errors:
        raise Invalid(*errors)


def integer_parameter(query: QueryDict, name: str, default: int, minimum: int, maximum: int) -> int:
    """A whole number within the bounds. Raises Invalid otherwise."""
    text = query.get(name)
    if text is None:
        return default
    # isdecimal() would take digits of other scripts, and int() blanks, signs and underscores.
    if not (text.isascii() and text.isdigit() and len(text) <= 12) or not minimum <= int(text) <= maximum:
        raise invalid_parameter(name, f"This must be a whole number from {minimum} to {maximum}.")
    return int(text)


def choice_parameter(query: QueryDict, name: str, options: Collection[str], default: str) -> str:
    """One of the options. Raises Invalid otherwise."""
    value = query.get(name, default)
    if value not in options:
        raise invalid_parameter(name, f"This must be one of {', '.join(options)}.", "unknown_choice")
    return value

"""Query strings: every parameter known, given once unless it may repeat, and free of NUL."""

from collections.abc import Collection

from django.http import QueryDict

from inboxops.errors import FieldError, Invalid


def invalid_parameter(name: str, detail: str, code: str = "invalid") -> Invalid:
    """The error for one parameter."""
    return Invalid(FieldError(code=code, detail=detail, parameter=name), detail=detail)


def check_parameters(query: QueryDict, known: Collection[str], repeatable: Collection[str] = ()) -> None:
    """Raises Invalid that names every parameter which is unknown, repeated where it may not be, or holds a NUL."""
    errors = []
    for name, values in query.lists():
        if name not in known:
            errors.append(FieldError("unknown_parameter", "There is no such parameter here.", parameter=name))
        elif len(values) > 1 and name not in repeatable:
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

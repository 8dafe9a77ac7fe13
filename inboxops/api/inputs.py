"""Request bodies: declared as serializers, strict about names and types, every error with its place."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from inboxops.api.body import escape_pointer
from inboxops.api.problems import MAX_ERRORS
from inboxops.errors import FieldError, Invalid

# The framework's codes, in the words that our own errors use.
_CODES = {
    "max_length": "too_long",
    "min_length": "too_short",
    "invalid_choice": "unknown_choice",
    "not_a_list": "invalid",
    "not_a_dict": "invalid",
    "max_items": "too_many",
    "min_value": "out_of_range",
    "max_value": "out_of_range",
    "null_characters_not_allowed": "nul_character",
}


Examples = dict[str, dict[str, Any]]


class Input(serializers.Serializer[Any]):
    """The base of every request body. A member it does not declare is an error: silence would hide a typing error.

    `examples` are bodies that succeed, by what they show.
    """

    examples: ClassVar[Examples] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {
                str(name): [ErrorDetail("There is no such field here.", code="unknown_field")]
                for name in islice((name for name in data if name not in self.fields), MAX_ERRORS)
            }
            if unknown:
                known: dict[str, Any] = {}
                try:
                    super().to_internal_value(data)
                except ValidationError as error:
                    known = error.detail if isinstance(error.detail, dict) else {}
                raise ValidationError({**known, **unknown})
        return super().to_internal_value(data)


def read_input(declared: type[Input], data: Mapping[str, Any]) -> dict[str, Any]:
    """The validated members of a body that was parsed. Raises Invalid with every error there is, pointers included."""
    try:
        return dict(_reader(declared).run_validation(data))
    except ValidationError as error:
        raise Invalid(*flatten(error.detail, "")) from None


@cache
def _reader(declared: type[Input]) -> Input:
    """The one instance of an input, for all requests: making one copies every field that is declared.

    Reading changes nothing in it. An input must not keep anything of what it reads, and neither must its fields.
    """
    return declared()


def flatten(detail: Any, pointer: str) -> Iterator[FieldError]:
    """The framework's nested errors as a flat list with JSON pointers."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from flatten(
                inner, pointer if name == "non_field_errors" else f"{pointer}/{escape_pointer(str(name))}"
            )
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            if isinstance(inner, ErrorDetail):
                yield FieldError(_CODES.get(inner.code or "", inner.code or "invalid"), str(inner), pointer)
            elif inner:
                yield from flatten(inner, f"{pointer}/{index}")

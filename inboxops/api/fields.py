"""Fields that take exactly the type they say. The framework's own are obliging: 1 is a text, "yes" is true."""

import datetime as dt
import inspect
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from inboxops.ids import parse_uuid

# JSON schemas of what the actions take, which is less than the fields let through: they trim first. What is blank to
# Python and to JavaScript differs by five characters.
NO_NUL = {"pattern": r"^[^\u0000]*$"}
NOT_BLANK = {"pattern": r"^[^\u0000]*([^\s\u0000\u001c-\u001f\u0085]|\ufeff)[^\u0000]*$"}
ADDRESS = {"format": "email", "maxLength": 254}


class Text(serializers.CharField):
    """A string, kept as it is. `schema` is what its JSON schema says beyond the type and length."""

    def __init__(self, *, schema: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.schema = dict(schema or {})
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """true or false, nothing that merely looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number, nothing that merely looks like one."""

    def to_internal_value(self, data: Any) -> int:
        # To JSON Schema, 1.0 is a whole number.
        if type(data) is not int and not (isinstance(data, float) and data.is_integer()):
            self.fail("invalid")
        return int(data)


class Id(serializers.UUIDField):
    """A UUID in its canonical form."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        value = parse_uuid(data) if isinstance(data, str) else None
        if value is None:
            self.fail("invalid", value=data)
        return value


class Choice(serializers.ChoiceField):
    """One of the names of a set of choices; where those are stored as numbers, of their labels."""

    def __init__(self, kind: type[models.Choices], **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(choices=names_of(kind), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"This must be one of {', '.join(self.choices)}.", code="invalid_choice")
        return data


class Open(Text):
    """The name of one of a set of choices that may grow. In answers only: clients take a name that they do not know."""

    def __init__(self, kind: type[models.Choices], *, help_text: str = "", **kwargs: Any) -> None:
        names = names_of(kind)
        known = f"Today {', '.join(f'`{name}`' for name in names)}; more may come with any version."
        super().__init__(
            help_text=f"{help_text or inspect.getdoc(kind)} {known}",
            schema={"examples": names[:1], "x-extensible-enum": names},
            **kwargs,
        )
        self.kind = kind


def names_of(kind: type[models.Choices]) -> list[str]:
    """The names of a set of choices in the API."""
    return [str(item.label if isinstance(item.value, int) else item.value) for item in kind]


class Refused(serializers.Field[Any, Any, Any, Any]):
    """A member that belongs elsewhere; the error says where."""

    def __init__(self, hint: str, *, code: str) -> None:
        self.hint, self.code = hint, code
        super().__init__(required=False)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is serializers.empty:
            return super().run_validation(data)
        raise serializers.ValidationError(self.hint, code=self.code)


class Several(serializers.ListField):
    """A list of up to `max_length` items; a longer one is refused unread, as a million items take their time.

    `schema` is what its JSON schema says beyond that.
    """

    def __init__(self, *, schema: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.schema = dict(schema or {})
        super().__init__(**kwargs)

    def run_child_validation(self, data: Any) -> Any:
        if self.max_length is not None and len(data) > self.max_length:
            raise serializers.ValidationError(f"At most {self.max_length} items.", code="max_items")
        return super().run_child_validation(data)


class Moment(serializers.DateTimeField):
    """ISO 8601 with an offset, or in UTC where none is given."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        moment = parse_moment(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid", format="ISO 8601, such as 2026-01-31T09:30:00Z")
        return moment


def parse_moment(text: str) -> dt.datetime | None:
    """The moment written in ISO 8601, aware; a date alone is its midnight. None for anything else."""
    try:
        moment = parse_datetime(text)
        if moment is None:
            moment = dt.datetime.combine(dt.date.fromisoformat(text), dt.time())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None

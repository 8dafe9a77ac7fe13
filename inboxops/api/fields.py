"""Fields that take exactly the type they say. The framework's own are obliging: 1 is a text, "yes" is true."""

import datetime as dt
import uuid
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from inboxops.ids import parse_uuid


class Text(serializers.CharField):
    """A string, kept as it is."""

    def __init__(self, **kwargs: Any) -> None:
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


class Id(serializers.UUIDField):
    """A UUID in its canonical form."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        value = parse_uuid(data) if isinstance(data, str) else None
        if value is None:
            self.fail("invalid", value=data)
        return value


class Choice(serializers.ChoiceField):
    """One of the names given."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"This must be one of {', '.join(self.choices)}.", code="invalid_choice")
        return data


class Several(serializers.ListField):
    """A list of up to `max_length` items; a longer one is refused unread, as a million items take their time."""

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

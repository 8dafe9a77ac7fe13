"""Every route below `/v1`, read from the URL table itself, so that one added tomorrow is tested tomorrow."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from workspaces.api.calls import Call, call_of

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")

# Addresses below /v1 that are not views of a workspace, by name (or function where they have none): why they need no
# token, and therefore neither a wall nor a row in the access table. An entry that fits nothing fails a test.
WITHOUT_WORKSPACE = {
    "unknown_url": "says 404 and knows nothing",
    "openapi": "describes the API, the same for everybody",
    "api-docs": "shows what openapi describes",
}


@dataclass(frozen=True)
class Route:
    """One method of one address, and the view that answers it."""

    name: str
    method: str
    template: str
    view: Any
    action: str

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    @property
    def names(self) -> list[str]:
        """The names of the path's parameters."""
        return _PARAMETER.findall(self.template)

    @property
    def call(self) -> Call:
        """What the handler declares."""
        return call_of(self.view, self.action)

    @property
    def query(self) -> tuple[str, ...]:
        """The names of the query parameters."""
        return tuple(parameter.name for parameter in self.call.parameters)

    def path(self, values: dict[str, object]) -> str:
        """The address with the parameters filled in."""
        return "/" + _PARAMETER.sub(lambda match: str(values[match[1]]), self.template)


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Every address below /v1 with what stands there."""
    yield from ((path, found) for path, found in _walk(get_resolver(), "") if re.match(r"\^?v1\b", path))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield path, entry


def name_of(pattern: URLPattern) -> str:
    return pattern.name or pattern.callback.__name__


def routes() -> list[Route]:
    """Every method of every view below /v1 that answers for a workspace."""
    return [
        Route(name_of(pattern), method.upper(), path, pattern.callback.cls, action)
        for path, pattern in patterns()
        if hasattr(pattern.callback, "actions")
        for method, action in pattern.callback.actions.items()
        if method != "head"
    ]

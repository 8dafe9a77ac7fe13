"""A request limit per token, told in every answer.

Fields as in the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10):
`RateLimit-Policy: "token";q=6000;w=60` and `RateLimit: "token";r=5999;t=42`. Counted in fixed windows in the cache:
exact across processes with a shared cache (CACHE_URL), per process without one. Never a database write.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from workspaces.api.authentication import credentials_of

logger = logging.getLogger("inboxops.api")

_told_at = -60.0


@dataclass(frozen=True)
class Usage:
    """Where a token stands in the present window."""

    quota: int
    window: int
    used: int
    resets_in: int

    @property
    def exceeded(self) -> bool:
        """Whether this request was one too many."""
        return self.used > self.quota

    def headers(self) -> dict[str, str]:
        """The fields for the answer."""
        return {
            "RateLimit-Policy": f'"token";q={self.quota};w={self.window}',
            "RateLimit": f'"token";r={max(0, self.quota - self.used)};t={self.resets_in}',
        }


def count_request(token_id: object) -> Usage | None:
    """Count one request of the token; None when there is no limit, or when the cache cannot be reached.

    A broken cache must not stop the product, so it lifts the limit; the log tells.
    """
    if settings.RATE_LIMIT is None:
        return None
    quota, window = settings.RATE_LIMIT
    now = int(time.time())
    key = f"rate:{token_id}:{now // window}"
    try:
        cache.add(key, 0, timeout=2 * window)
        used = cache.incr(key)
    except Exception as error:  # noqa: BLE001 - a client library raises what it likes; none of it may stop us
        _tell(error)
        return None
    return Usage(quota, window, used, window - now % window)


def _tell(error: Exception) -> None:
    """Say so once a minute: a cache that is gone fails for every request."""
    global _told_at
    now = time.monotonic()
    if now - _told_at >= 60:
        _told_at = now
        logger.error("The rate limit cannot be counted, so there is none: %s: %s", type(error).__name__, error)


class TokenThrottle(BaseThrottle):
    """Counts every authenticated request and refuses those beyond the limit with 429 and Retry-After."""

    usage: Usage | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.usage = count_request(credentials_of(request).token.pk)
        request._request.rate_usage = self.usage  # type: ignore[attr-defined]
        return self.usage is None or not self.usage.exceeded

    def wait(self) -> float | None:
        return self.usage.resets_in if self.usage else None

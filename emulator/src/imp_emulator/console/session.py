# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may look: a link with the token opens the page, a cookie keeps it open; only from this machine, only by its name.

The cookie is derived from the token, so it is worth nothing at the control plane and ends with the emulator's run. A
page of another site can neither read nor send it (SameSite=Strict, RFC 6265bis), and a name that somebody else has
pointed at this machine is refused (DNS rebinding).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from imp_emulator.client.addresses import is_loopback

COOKIE = "imp_emulator_console"
LANGUAGE_COOKIE = "imp_emulator_language"
_YEAR = 365 * 24 * 3600


class Session:
    """Decides who may look.

    Args:
        token: The ready file's.
        url: Where the page is. A browser gives a cookie to every port of a machine, and there may be several emulators.

    Attributes:
        cookie: The name of the cookie.
        value: What it holds.
    """

    def __init__(self, token: str, url: str) -> None:
        self._token = token
        self.cookie = f"{COOKIE}_{urlsplit(url).port}"
        self.value = hmac.new(token.encode(), b"console", hashlib.sha256).hexdigest()

    def opens(self, token: str | None) -> bool:
        """Tell whether a link holds the token."""
        return token is not None and hmac.compare_digest(token.encode(), self._token.encode())

    def knows(self, cookies: Mapping[str, str]) -> bool:
        """Tell whether a request comes with the cookie."""
        return hmac.compare_digest(cookies.get(self.cookie, "").encode(), self.value.encode())


def cookie(value: str) -> dict[str, str | int | bool]:
    """Return how a cookie of the page is set, for ``Response.set_cookie``."""
    return {"value": value, "max_age": _YEAR, "path": "/", "httponly": True, "samesite": "strict"}


def is_own_host(host: str) -> bool:
    """Tell whether the header Host names this machine by a name that nobody else can give it."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or is_loopback(name)
    except ValueError:
        return False


def is_own_origin(headers: Mapping[str, str]) -> bool:
    """Tell whether a form was sent from a page of this very address; a browser always says so with a form."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") == "same-origin"
    try:
        return urlsplit(origin).netloc == headers.get("host")
    except ValueError:
        return False

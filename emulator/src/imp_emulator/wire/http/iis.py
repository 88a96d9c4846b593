# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Internet Information Services says of its own accord, on Exchange servers and certification authorities.

The titles are those by which people know its pages. What else stands in them is this project's wording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus

from imp_emulator.pipeline.request import Response

SERVER = "Microsoft-IIS/10.0"
"""What the header ``Server`` of every answer says."""

_PAGES: Mapping[int, tuple[str, str]] = {
    401: (
        "Unauthorized: Access is denied due to invalid credentials.",
        "The page needs a user name and a password that this server knows.",
    ),
    403: ("Forbidden: Access is denied.", "The account is known, and it may not see this page."),
    404: ("File or directory not found.", "There is nothing at this address."),
    405: (
        "HTTP verb used to access this page is not allowed.",
        "The page is there, and it cannot be asked in this way.",
    ),
    415: (
        "Unsupported media type.",
        "What was sent is not of a type that is taken here.",
    ),
    500: ("Internal server error.", "Something went wrong on the server, which keeps the details to itself."),
}
"""Title and text by status."""


def answer(
    status: int, body: bytes, content_type: str = "text/html", headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer of a site, under the name of its server."""
    return Response(status, body, content_type, {"Server": SERVER, **(headers or {})})


def phrase(status: int) -> str:
    """Return what HTTP calls a status; an injected fault may have one that HTTP does not know."""
    return HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Error"


def error_page(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Return IIS's error page, titled "404 - File or directory not found." and the like.

    Args:
        message: What the emulator has to tell beside the page's own text.
    """
    title, text = _PAGES.get(status, (f"{phrase(status)}.", "The server does not answer this request."))
    title = f"{status} - {title}"
    content = f"<h1>Server Error</h1>\r\n<h2>{title}</h2>\r\n<h3>{text}</h3>\r\n"
    content += f"<p>{escape(message)}</p>\r\n" if message else ""
    body = f"<!doctype html>\r\n<html><head><title>{title}</title></head><body>\r\n{content}</body></html>\r\n"
    return answer(status, body.encode(), headers=headers)


def unauthorized(challenges: Sequence[str]) -> Response:
    """Return the page of a 401 that offers these ways to log in, one header each."""
    page = error_page(401)
    page.challenges = tuple(challenges)
    return page

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that Tomcat, the web server of Cisco's nodes, gives of its own accord."""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from imp_emulator.pipeline.request import Response


def error_page(status: int, message: str = "", headers: dict[str, str] | None = None) -> Response:
    """Return Tomcat's error page, titled "HTTP Status 401 - Unauthorized" and the like.

    A status that HTTP does not know, like AXL's 599, has the message for its title.
    """
    known = status in HTTPStatus.__members__.values()
    title = f"HTTP Status {status} - {HTTPStatus(status).phrase if known else escape(message)}"
    body = (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><h1>{title}</h1>'
        f"<p><b>Message</b> {escape(message)}</p></body></html>"
    )
    return Response(status, body.encode(), "text/html;charset=utf-8", dict(headers or {}))

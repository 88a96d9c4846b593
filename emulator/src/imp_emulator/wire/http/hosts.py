# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server calls itself in the URLs of its answers."""

from __future__ import annotations

import re

from imp_emulator.pipeline.request import Request

_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")


def base_url(request: Request, default: str, scheme: str = "https") -> str:
    """Return scheme, host and port that a request was sent to, without a slash at the end.

    A listener stands at another address and port than the host that it stands for; a client that follows the URL has
    to come back to it. ``default`` is the host when the request names none that can stand in a URL.
    """
    host = request.headers.get("host", "")
    return f"{scheme}://{host if _HOST.fullmatch(host) else default}"

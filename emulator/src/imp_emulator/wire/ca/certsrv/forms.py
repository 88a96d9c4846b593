# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the forms of web enrollment send, and the text form of what is downloaded."""

from __future__ import annotations

import base64
import textwrap
from urllib.parse import parse_qsl

_FIELDS = 64


def fields(body: bytes) -> dict[str, str]:
    """Decode a form by field name in lower case; one that cannot be decoded is empty."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {name.lower(): value for name, value in pairs}


def attributes(text: str) -> dict[str, str]:
    """Read request attributes, ``Name:Value`` in lines of their own, by name in lower case without white space."""
    found = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip():
            found["".join(name.split()).lower()] = value.strip()
    return found


def number(text: str, default: int) -> int:
    """Read a whole number; ``default`` for anything else, and for one that no database could hold."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else default


def armoured(content: bytes, label: str) -> bytes:
    """Return base 64 with a first and a last line, and line ends as Windows has them."""
    lines = textwrap.wrap(base64.b64encode(content).decode("ascii"), 64)
    return "\r\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode("ascii")

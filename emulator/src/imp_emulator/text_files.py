# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that people hand over, as text: UTF-8 with or without byte order mark, and what Windows writes besides."""

from __future__ import annotations

import codecs
import errno
from pathlib import Path

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LARGEST = 64 * 1024 * 1024
"""So many bytes of a file are read at most; a scenario of 100,000 users has a quarter of them."""
_SAMPLE = 1024
"""So many bytes are looked at to tell the encoding of a text."""


def content(path: Path) -> bytes:
    """Return a file's bytes; raises ``OSError``, also for a device, which may never end, and for too large a file."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError(errno.EFBIG, f"it has more than {LARGEST // 1024 // 1024} MiB")
    return data


def encoding_of(data: bytes) -> tuple[str, int]:
    """Return the encoding that a file says or shows, and the length of its byte order mark.

    Without a mark it is UTF-16 when half of its first letters are of ASCII, so that their other bytes are zero; those
    of another script, which may stand in a comment or a name before them, seldom have a zero on the other side.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    first = data[:_SAMPLE]
    even, odd = first[::2].count(0), first[1::2].count(0)
    more, fewer = max(even, odd), min(even, odd)
    if more < 2 or more * 4 < len(first) or more <= fewer * 4:
        return "utf-8", 0
    return ("utf-16-le", 0) if odd > even else ("utf-16-be", 0)


def decoded(data: bytes) -> str:
    """Return a text without its byte order mark; raises ``UnicodeDecodeError``."""
    encoding, skipped = encoding_of(data)
    return data[skipped:].decode(encoding)

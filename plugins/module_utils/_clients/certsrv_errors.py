# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The errors by which a page of web enrollment says that its CA has no time just now. Pure.

The pages are a client of the CA by themselves, so a page comes with HTTP 200 while the CA is restarted or swamped. The
numbers are those of winerror.h and esent.h, the same in every language.
"""

from __future__ import annotations

import re

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import NotNow

NOT_NOW = {
    0x80094006: "the CA is suspended while its database is restored",
    0x8009400F: "the CA has no database session left",
    0x800706BB: "the CA is too busy",
    0x800706BA: "the CA does not answer its pages",
    0x800706BF: "the CA has not begun with the call",
    0x800706B9: "the pages have no resources for a call",
    0x80010001: "the CA has rejected the call",
    0x8001010A: "the CA asks to call again later",
    0x80080005: "the CA's service is starting",
    0x80070426: "the CA's service has not started",
    0x8007045B: "the CA's server is shutting down",
    0x8007000E: "the CA is out of memory",
    0x800705AA: "the CA's server has no resources left",
    0x800700AA: "what the CA needs is in use",
    0x80070020: "a file of the CA is in use",
    0x80070021: "a file of the CA is locked",
    0xC80003F3: "the CA's database is out of memory",
    0xC800042D: "the CA's database has no room for more transactions",
    0xC800044D: "the CA's database has no session left",
    0xC800044E: "two writers of the CA's database met",
}
"""What the CA has not done, and may do when it is asked again."""
NOBODY_KNOWS = {
    0x800706BE: "the CA's answer to its pages was lost",
    0x800705B4: "the CA has not answered its pages in time",
}
"""What the CA may have done."""

_CODE = re.compile(r"\b0x([8c][0-9a-f]{7})\b", re.IGNORECASE)


def not_now(page: str) -> NotNow | None:
    """Return why the CA cannot answer now, by the first error code that says so; ``None`` for any other page."""
    codes = [int(found, 16) for found in _CODE.findall(page)]
    told = next((code for code in codes if code in NOT_NOW or code in NOBODY_KNOWS), None)
    if told is None:
        return None
    words = {**NOT_NOW, **NOBODY_KNOWS}[told]
    return NotNow(f"that {words} (error 0x{told:08X})", undone=told in NOT_NOW)

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""What a fault of AXL means: not now, somebody else was faster, or a refusal. Pure.

AXL hands on the numbers of its database, Informix. Its own number ``-1`` stands for several things, so the words
count there: *Maximum AXL Memory Allocation Consumed* is Cisco's answer to too many queries at a time (AXL Developer
Guide, Data Throttling). A throttled write is HTTP 503, which the transport knows.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import NotNow, in_words, of_words
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import ApiError, Conflict
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer

NOT_FOUND = ("5007", "5003")
"""``axlcode`` of an object that does not exist: 5007 when it is read, 5003 when it is updated."""
TOO_LARGE = "-1"
"""``axlcode`` of an answer of more than 8 MB; its text suggests how many rows would fit."""
DUPLICATE = ("-239", "-268", "-100")
"""Informix: a key that is taken, by its index, by its constraint, and in its files below both."""
FOREIGN_KEY = "-691"

LOCKED = (
    *("-78", "-107", "-113", "-134", "-143", "-144", "-154"),
    *("-233", "-243", "-244", "-245", "-246", "-250", "-263", "-289", "-291", "-378"),
    *("-458", "-710", "-12204"),
)
"""Informix, of its files: deadlock, locked record, file or key, no more locks, timeout. Of SQL: rows and tables that
cannot be had for another's lock. A transaction that was given up for its length, a table that is being altered."""
SHORT = ("-208", "-211", "-406", "-908", "-25588", "-27001", "-27002", "-79730")
"""No memory, and no connection of AXL to its database, which may be about to start."""
BROKEN_OFF = ("-25580", "-25582", "-79716")
"""The connection of AXL to its database broke, perhaps after a statement."""

_LOCK_WORDS = re.compile(
    r"record (?:is|currently) locked|file is locked|key value (?:is )?locked|deadlock|lock timeout expired"
    r"|no more locks|could not (?:lock row|position within a (?:table|file))|cannot lock table|physical-order read"
    r"|indexed read to get the next row|cannot read record from file for update|long transaction aborted",
    re.IGNORECASE,
)
_SHORT_WORDS = re.compile(
    r"memory allocation (?:consumed|failed)|requests in progress have completed|out of memory|quiescent mode"
    r"|pool (?:is )?exhausted|waiting for (?:an )?idle object|cannot get a connection"
    r"|too many (?:outstanding )?change notifications",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:error(?: code)?|sqlcode|sql state)\W{0,4}(-\d{2,5})\b", re.IGNORECASE)


def not_now(answer: Answer) -> NotNow | None:
    """Return what a fault means that passes by itself; ``None`` for any other fault, and for no fault."""
    fault = soap.fault_of(answer.body)
    if fault is None:
        return None
    code, text, _details = _told(fault)
    numbers = {code, *_NUMBERED.findall(text)}
    if code in NOT_FOUND or numbers & {*DUPLICATE, FOREIGN_KEY}:
        # What a user has called something may read like anything.
        return None
    if numbers & {*LOCKED, *SHORT} or _LOCK_WORDS.search(text) or _SHORT_WORDS.search(text):
        return in_words(text)
    if numbers & {*BROKEN_OFF}:
        return in_words(text, undone=False)
    return of_words(text)


def refusal(fault: soap.SoapFault, status: int) -> ApiError:
    """Return the fault as an error with AXL's own code and words."""
    code, text, details = _told(fault)
    taken = code in DUPLICATE
    # 5007 stands for other refusals too, so the words count as well.
    gone = code in NOT_FOUND and "not found" in text.lower()
    kind = Conflict if taken or gone else ApiError
    return kind(text, status=status, code=code or fault.code or None, details=details)


def _told(fault: soap.SoapFault) -> tuple[str, str, dict[str, Any]]:
    """Return the code, the words and the details of a fault."""
    code = message = ""
    details: dict[str, Any] = {}
    if fault.detail is not None:
        code = soap.text(fault.detail, "axlError", "axlcode").strip()
        message = soap.text(fault.detail, "axlError", "axlmessage").strip()
        details = {"request": soap.text(fault.detail, "axlError", "request").strip()}
    return code, message or fault.message or "AXL refused the request without a reason.", details

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""How Exchange remote PowerShell says that it has no time: faults of WS-Management, error records of cmdlets. Pure.

The numbers of faults are those of wsmerror.h. Exchange's own throttling comes as a fault with words, and tells how long
to wait: so many milliseconds of its load quota, so many seconds of a budget.
"""

from __future__ import annotations

import re

from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import (
    ANY_TIME,
    Asked,
    NotNow,
    in_words,
    of_status,
    of_words,
)

UNKNOWN_SHELL = 2150858843
"""The Windows error of a session that is gone: the server has not taken the cmdlet."""

QUOTAS = {
    0x8033803F: "it is busy with other requests",
    0x803381A5: "the account has too many sessions",
    0x803381A6: "the session has too many operations",
    0x803381A7: "the account has used up its load quota",
    0x803381A8: "the server has used up its load quota",
    0x803381AB: "too many accounts have sessions",
    0x803381E4: "the account has too many sessions in this process",
    0x803381E5: "too many accounts have sessions in this process",
    0x803381E6: "there are too many sessions",
    0x803381E7: "there are too many operations",
    0x803381E8: "the account has too many operations",
    0x803381E9: "the session has too many commands",
    0x803381EA: "it lacks the resources that the quotas need",
}
"""Faults of a server whose quotas are used up (``ERROR_WSMAN_QUOTA_...``): it has not taken what it was asked for."""

_WORDS = re.compile(
    r"exceed(?:ed)? (?:the|your) (?:maximum number|budget)|maximum (?:number )?of (?:\d+ )?(?:concurrent |)?"
    r"(?:shells|connections|operations|users)|load quota|over budget|quota .{0,40}exceeded",
    re.IGNORECASE,
)
_CATEGORY = re.compile(r"\[FailureCategory=\w+-(\w+)\]")
_THROTTLED = re.compile(
    r"OverBudget|Throttl|TooBusy|ServerBusy|ResourceUnhealthy|MaxConcurrency|ConnectionLimit|TooManyConnections"
)
"""In the names of exceptions of a cmdlet that has not begun."""
_PASSING = re.compile(r"Transient|SuitabilityDirectory|ADServerNotSuitable|DCOverloaded|ServerUnavailable|Retryable")
"""In the names of exceptions that pass by themselves, whatever the cmdlet has done until then."""


def failure_name(identifier: str) -> str:
    """Return the name of the exception that an error record is about, by its fully qualified id."""
    match = _CATEGORY.search(identifier)
    return match.group(1) if match else identifier.partition(",")[0]


def of_fault(code: int | None, words: str, asked: Asked = ANY_TIME) -> NotNow | None:
    """Return what a fault or an HTTP status of the web server before it means when it passes by itself."""
    found = _of_code(code, words, asked) or (in_words(words) if _WORDS.search(words) else of_words(words))
    return None if found is None else found.after(asked)


def _of_code(code: int | None, words: str, asked: Asked) -> NotNow | None:
    if code is None:
        return None
    if code == UNKNOWN_SHELL:
        return NotNow("that it has ended the session, as after a restart")
    if code in QUOTAS:
        return NotNow(f"that {QUOTAS[code]} (error 0x{code:X})", in_words(words).asked)
    return of_status(code, asked)


def of_record(identifier: str, words: str) -> NotNow | None:
    """Return what an error record of a cmdlet means when it passes by itself."""
    name = failure_name(identifier)
    if _THROTTLED.search(name) or _WORDS.search(words):
        return in_words(words)
    if _PASSING.search(name):
        return in_words(words, undone=False)
    return of_words(words, undone=False)

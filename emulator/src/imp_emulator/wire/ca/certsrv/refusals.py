# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of web enrollment can be made to answer by an injected fault: that their CA has no time just now.

The numbers and their words are those of winerror.h and esent.h. The page tells them where it tells every other result.
"""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, str] = {
    "0x80094006": "Certificate service has been suspended for a database restore operation.",
    "0x8009400f": "An attempt was made to open a CA database session, but there are already too many active sessions.",
    "0x800706ba": "The RPC server is unavailable.",
    "0x800706bb": "The RPC server is too busy to complete this operation.",
    "0x800706be": "The remote procedure call failed.",
    "0x800706bf": "The remote procedure call failed and did not execute.",
    "0x8001010a": "The message filter indicated that the application is busy.",
    "0x80010001": "Call was rejected by callee.",
    "0x80080005": "Server execution failed",
    "0x8007000e": "Not enough memory resources are available to complete this operation.",
    "0x8007045b": "A system shutdown is in progress.",
    "0xc800044d": "The database has no session left.",
}
"""The words of each, by its number."""

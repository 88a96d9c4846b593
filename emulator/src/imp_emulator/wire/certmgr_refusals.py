# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the certificate management can be made to answer by an injected fault.

That it answers 503 is in Cisco's description; 429, and the words where another change is under way, are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, tuple[int, str]] = {
    "429": (429, "Too Many Requests"),
    "503": (503, "Service Unavailable"),
    "busy": (500, "Another certificate operation is in progress. Please try again later."),
}
"""HTTP status and words of each."""

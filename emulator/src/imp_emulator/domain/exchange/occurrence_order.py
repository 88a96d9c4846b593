# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The occurrences of a series stay in their order: a client of Exchange moves none up to or past another one.

Calendar files and the control plane may do it, because other calendars hold such series.
"""

from __future__ import annotations

from datetime import datetime

from imp_emulator.domain.exchange import calendars
from imp_emulator.domain.exchange.calendars import CalendarItem
from imp_emulator.errors import InvalidValue
from imp_emulator.world.context import Context


def check(context: Context, occurrence: CalendarItem, start: datetime, end: datetime) -> None:
    """Refuse other times of an occurrence with which it would meet another one of its series, or be on its other side.

    Args:
        context: The environment.
        occurrence: The occurrence as it is; whatever is no occurrence may be moved anywhere.
        start: When it is to start.
        end: When it is to end.

    Raises:
        InvalidValue: It would (``occurrence-crosses``).
    """
    if occurrence.original_start is None or (start, end) == (occurrence.start, occurrence.end):
        return
    # The first one in the way ends the search: between two times centuries apart there may be very many.
    ref, before, behind = occurrence.ref, min(occurrence.start, start), max(occurrence.end, end, start)
    for other in calendars.series_view(context, ref, before, behind):
        if other.ref != ref:
            text = "An occurrence cannot be moved up to another one of its series, or past it."
            raise InvalidValue("occurrence-crosses", text, "start")

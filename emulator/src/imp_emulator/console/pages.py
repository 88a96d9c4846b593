# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that there are: where each is found, what it shows, and in which order they are offered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imp_emulator.console.look import Look
from imp_emulator.console.views import (
    authorities,
    bulk,
    clusters,
    faults,
    gateways,
    journal,
    mailboxes,
    parameters,
    rehearse,
    state,
    trust,
    users,
)

View = Callable[[Look], Awaitable[Mapping[str, Any]]]
"""Makes what a template needs; raises ``errors.NotFound`` when there is no such thing."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console.

    Attributes:
        name: Of its template and of its words: ``page.<name>`` is its title.
        path: Below ``/console``, with Starlette's parameters.
        view: What makes its values.
        menu: Whether the menu offers it; one about a single thing is reached from its list.
    """

    name: str
    path: str
    view: View
    menu: bool = True


PAGES = (
    Page("clusters", "/", clusters.view),
    Page("gateways", "/gateways", gateways.view),
    Page("trust", "/trust", trust.view),
    Page("parameters", "/parameters", parameters.view),
    Page("users", "/users", users.view),
    Page("user", "/users/{cluster}/{userid:path}", users.one, menu=False),
    Page("mailboxes", "/mailboxes", mailboxes.view),
    Page("mailbox", "/mailboxes/{address:path}", mailboxes.one, menu=False),
    Page("bulk", "/bulk", bulk.view),
    Page("authorities", "/authorities", authorities.view),
    Page("journal", "/journal", journal.view),
    Page("rehearse", "/rehearse", rehearse.view),
    Page("faults", "/faults", faults.view),
    Page("state", "/state", state.view),
)

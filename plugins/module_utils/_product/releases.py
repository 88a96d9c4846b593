# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Which releases the collection works with, and why; the one place that says so. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

Release = tuple[int, int]
Update = tuple[int, int, int]
"""A release and the number of its service update, 0 for none."""

SCHEMAS: tuple[Release, ...] = ((11, 5), (12, 5), (14, 0), (15, 0))
"""The schema versions of AXL that the collection speaks; a cluster accepts its own and older ones."""


@dataclass(frozen=True)
class Need:
    """The oldest release that will do, and what it has that older ones do not."""

    oldest: Release
    reason: str


AXL = Need(SCHEMAS[0], "older ones have no AXL schema that the collection speaks")
IM_AND_PRESENCE = Need((11, 5), "older ones work in another way")
CERTIFICATE_MANAGEMENT = Need((14, 0), "older ones have no certificate management interface for trust certificates")
NEWEST_KNOWN: Release = SCHEMAS[-1]
"""Nobody has tried the collection with a newer release."""


def release_of(version: str) -> Release | None:
    """Return the release of a full version: (14, 0) of ``14.0.1.13900-155``; ``None`` for no version at all."""
    found = re.match(r"(\d+)\.(\d+)", version.strip())
    return None if found is None else (int(found[1]), int(found[2]))


def written(release: Release) -> str:
    """Return a release as people write it."""
    return "{}.{}".format(*release)


def update_of(version: str) -> Update | None:
    """Return the release with its service update: (15, 0, 4) of ``15.0.1.14900-37``; ``None`` for no full version.

    The fourth number of a version is 10000 for the release itself and a thousand more for each service update.
    """
    found = re.match(r"(\d+)\.(\d+)\.\d+\.(\d+)", version.strip())
    return None if found is None else (int(found[1]), int(found[2]), max(int(found[3]) // 1000 - 10, 0))


def written_update(update: Update) -> str:
    """Return a release with its service update as people write it: ``15SU4``, ``12.5(1)SU2``."""
    major, minor, number = update
    return f"{major}SU{number}" if minor == 0 else f"{major}.{minor}(1)SU{number}"


def problem(version: str, need: Need) -> str | None:
    """Return what is wrong with a version: ``too-old``, ``too-new`` or ``no-version``; ``None`` when it will do."""
    release = release_of(version)
    if release is None:
        return "no-version"
    if release < need.oldest:
        return "too-old"
    return "too-new" if release > NEWEST_KNOWN else None

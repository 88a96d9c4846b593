# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Server Recovery Manager says of a node of a presence redundancy group, in the words of Cisco's guide.

The numbers of the states are their places in the guide's table, which agrees with the three that queries of the
product's database were published with (2 idle, 3 normal, 4 backup). All other numbers are this project's.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How a node is. Behind those of the guide's table stand the ones that it names elsewhere."""

    UNKNOWN = "Unknown"
    INITIALIZING = "Initializing"
    IDLE = "Idle"
    NORMAL = "Normal"
    BACKUP = "Running in Backup Mode"
    TAKING_OVER = "Taking Over"
    FAILING_OVER = "Failing Over"
    FAILED_OVER = "Failed Over"
    SERVICES_DOWN = "Failed Over with Critical Services Not Running"
    FALLING_BACK = "Falling Back"
    TAKING_BACK = "Taking Back"
    FAILED_MODE = "Running in Failed Mode"
    FAILED = "Failed"
    BACKUP_ACTIVATED = "Backup Activated"
    AFFECTED = "Failover Affected Services"

    @property
    def number(self) -> int:
        """Its number in AXL and in the database."""
        return tuple(State).index(self)


class Reason(StrEnum):
    """Why a node is in its state."""

    NORMAL = "Normal"
    ADMIN_REQUEST = "On Admin Request"
    SERVICE_DOWN = "Critical Service Down"
    INITIALIZATION = "Initialization"
    AUTOMATIC_FALLBACK = "Automatic Fallback"
    DATABASE_FAILURE = "Database Failure"
    START_FAILED = "Start of Critical Services Failed"
    PEER_DOWN = "Peer Down"
    PEER_DOWN_AT_START = "Peer Down During Initialization"
    RECOVER_SERVICE = "Auto Recover Critical Service Down"
    RECOVER_DATABASE = "Auto Recover Database Failure"
    UNKNOWN = "Unknown"

    @property
    def number(self) -> int:
        """Its number in AXL."""
        return tuple(Reason).index(self)

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of the schema that a request may be written in, and the build that the server says it is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from imp_emulator.wire.exchange.ews.messages import EwsError


class Version(IntEnum):
    """A version of the schema; the later the greater."""

    EXCHANGE2007 = 1
    EXCHANGE2007_SP1 = 2
    EXCHANGE2010 = 3
    EXCHANGE2010_SP1 = 4
    EXCHANGE2010_SP2 = 5
    EXCHANGE2013 = 6
    EXCHANGE2013_SP1 = 7
    EXCHANGE2016 = 8

    @property
    def label(self) -> str:
        """Its name in messages, for example ``Exchange2013_SP1``."""
        return f"Exchange{self.name.removeprefix('EXCHANGE')}"


_BY_NAME: Mapping[str, Version] = {version.label: version for version in Version}

BUILD: Mapping[str, str] = {
    "MajorVersion": "15",
    "MinorVersion": "2",
    "MajorBuildNumber": "1544",
    "MinorBuildNumber": "4",
    "Version": "V2017_07_11",
}
"""The attributes of ServerVersionInfo: a build of Exchange Server 2019, whose newest schema version is Exchange2016."""

_INTRODUCED: Mapping[str, Version] = {
    "ConvertId": Version.EXCHANGE2007_SP1,
    "GetServerTimeZones": Version.EXCHANGE2010,
    "GetUserConfiguration": Version.EXCHANGE2010,
    "GetStreamingEvents": Version.EXCHANGE2010_SP1,
}
"""Operations that the first version does not have."""


def version_of(name: str | None) -> Version:
    """Return the version that a request names; one that names none is written in the oldest.

    Raises:
        EwsError: There is no such version.
    """
    if name is None:
        return Version.EXCHANGE2007
    if name not in _BY_NAME:
        raise EwsError("ErrorInvalidServerVersion")
    return _BY_NAME[name]


def check_operation(operation: str, version: Version) -> None:
    """Refuse an operation that a version of the schema does not have.

    Raises:
        EwsError: It does not.
    """
    if version < _INTRODUCED.get(operation, Version.EXCHANGE2007):
        raise EwsError("ErrorIncorrectSchemaVersion")

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The statements of SQL that the collection sends through AXL, and what their rows stand for. Pure.

They are in the dialect of Unified CM's database. A statement with ``{condition}`` reads the users for whom it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

COUNT_USERS = "select count(*) from enduser"
COUNT_SOME_USERS = "select count(*) from enduser where ({condition})"
INCLUDED = "enablecalendarpresence = 't'"
"""The users whose presence includes meeting information."""
WITHOUT_MAIL = "mailid is null or mailid = ''"
"""The users without a mail address."""
NAMELESS = f"{INCLUDED} and ({WITHOUT_MAIL})"
"""Those whose presence includes meeting information, and who have none."""
SELECT_USERS = (
    "select skip {skip} first {first} userid, islocaluser, enablecups, enablecalendarpresence from enduser"
    " where ({condition}) order by userid"
)
SELECT_ORIGINS = (
    "select skip {skip} first {first} userid, mailid, fkdirectorypluginconfig from enduser"
    " where ({condition}) order by userid"
)
GROUPS = "select name from dirgroup order by name"
_MEMBERS = (
    "pkid in (select m.fkenduser from enduserdirgroupmap as m, dirgroup as g"
    " where m.fkdirgroup = g.pkid and g.name = {name})"
)
_NAMED_AT_ONCE = 200
"""So many user ids stand in one condition."""

USER_COLUMNS = {
    "home_cluster": "islocaluser",
    "im_and_presence": "enablecups",
    "meeting_information": "enablecalendarpresence",
}
"""A user's options and their columns in the cluster's database."""


@dataclass(frozen=True)
class Origin:
    """Where a user comes from; ``directory`` is the UUID of the LDAP directory, empty for a local user."""

    userid: str
    mail: str
    directory: str


@dataclass(frozen=True)
class LdapDirectory:
    """An LDAP directory with the options that its feature group template gives to users.

    ``uuid`` is in lower case without braces, ``template`` the template's name. Without one ``options`` are empty.
    """

    uuid: str
    name: str
    template: str
    options: Mapping[str, bool]


def quoted(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def from_directory(uuid: str) -> str:
    """Return the SQL condition for the users of an LDAP directory whose presence includes meeting information."""
    return f"{INCLUDED} and fkdirectorypluginconfig = {quoted(uuid)}"


def members(group: str) -> str:
    """Return the SQL condition for the users of an access control group, by its very name."""
    return _MEMBERS.format(name=quoted(group))


def named(userids: Sequence[str]) -> Iterator[str]:
    """Yield SQL conditions that together hold for the users with these ids, some of them each."""
    for start in range(0, len(userids), _NAMED_AT_ONCE):
        yield f"userid in ({', '.join(map(quoted, userids[start : start + _NAMED_AT_ONCE]))})"

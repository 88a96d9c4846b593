# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Where users come from: the LDAP directory that may undo a change of their options, and their mail addresses.

A synchronisation of a directory gives its users the options of a feature group template. Exchange finds the calendar
of a user by the mail address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ucops.imp.plugins.module_utils._clients.axl import Axl
from ansible_collections.ucops.imp.plugins.module_utils._clients.axl_statements import (
    WITHOUT_MAIL,
    LdapDirectory,
    Origin,
    named,
)
from ansible_collections.ucops.imp.plugins.module_utils._core import words
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import unheard
from ansible_collections.ucops.imp.plugins.module_utils._core.words import counted

REMARKABLE = f"{WITHOUT_MAIL} or fkdirectorypluginconfig is not null"
"""The users of whom there is something to say, as an SQL condition."""
ALL_ORIGINS = "userid is not null"
ASKED_BY_NAME = 1000
"""So many users are asked for by their ids; of more, the pages of all users are read."""
TOLD_AT_ONCE = 1000


@dataclass(frozen=True)
class Origins:
    """Where some users come from, by user id, and the LDAP directories by their UUID.

    A user who is missing is a local one with a mail address.
    """

    users: Mapping[str, Origin] = field(default_factory=dict)
    directories: Mapping[str, LdapDirectory] = field(default_factory=dict)

    def directory(self, userid: str) -> LdapDirectory | None:
        """Return the LDAP directory of a user, ``None`` for a local user."""
        origin = self.users.get(userid)
        if origin is None or not origin.directory:
            return None
        # One that was made meanwhile has no name yet.
        return self.directories.get(origin.directory) or LdapDirectory(origin.directory, "", "", {})

    def without_mail(self, userids: Iterable[str]) -> list[str]:
        """Return which of these users have no mail address."""
        return [userid for userid in userids if userid in self.users and not self.users[userid].mail]


def read_origins(
    axl: Axl,
    userids: Sequence[str],
    page_size: int,
    report: Callable[[str], None] = unheard,
    condition: str = REMARKABLE,
) -> Origins:
    """Return where these users come from, those for whom the SQL condition holds."""
    if not userids:
        return Origins()
    if len(userids) <= ASKED_BY_NAME:
        conditions = [f"({condition}) and {them}" for them in named(userids)]
    else:
        conditions = [condition]
    wanted = set(userids)
    found: dict[str, Origin] = {}
    for one in conditions:
        for number, origin in enumerate(axl.origins(one, page_size), start=1):
            if origin.userid in wanted:
                found[origin.userid] = origin
            if number % TOLD_AT_ONCE == 0:
                report(f"{number:,} users looked up in their directories")
    return Origins(found, _directories(axl, found.values()))


def _directories(axl: Axl, people: Iterable[Origin]) -> dict[str, LdapDirectory]:
    if not any(origin.directory for origin in people):
        return {}
    return {directory.uuid: directory for directory in axl.ldap_directories()}


@dataclass(frozen=True)
class Undoing:
    """A directory whose template says otherwise than what is wanted of some users: their ids by the option."""

    directory: LdapDirectory
    users: Mapping[str, Sequence[str]]

    @property
    def userids(self) -> list[str]:
        """The users, each once, in their order."""
        return list(dict.fromkeys(userid for userids in self.users.values() for userid in userids))

    @property
    def sentence(self) -> str:
        """What to warn of."""
        says = words.text({option: self.directory.options[option] for option in self.users})
        who = self.userids
        return (
            f"The LDAP directory {self.directory.name} has the feature group template {self.directory.template}, which "
            f"says: {says}. A synchronisation that applies it undoes the change of {counted(len(who), 'user')}: "
            f"{words.named(who)}. Change the template as well."
        )


def undoing(origins: Origins, changes: Mapping[str, Mapping[str, bool]]) -> list[Undoing]:
    """Return which directories would undo changes; these are the options that change, by user id. Pure."""
    found: dict[str, dict[str, list[str]]] = {}
    for userid, options in changes.items():
        directory = origins.directory(userid)
        if directory is None or not directory.options:
            continue
        for option, wanted in options.items():
            if directory.options[option] != wanted:
                found.setdefault(directory.uuid, {}).setdefault(option, []).append(userid)
    return [Undoing(origins.directories[uuid], users) for uuid, users in found.items()]


def no_mail_sentence(userids: Sequence[str]) -> str:
    """Return what to warn of, of users whose meetings are to be shown though they have no mail address."""
    have, whose = ("has", "its") if len(userids) == 1 else ("have", "their")
    return (
        f"{counted(len(userids), 'user')} {have} no mail address in Unified CM, so {whose} calendar is not found: "
        f"{words.named(userids)}. Set it in the LDAP directory, or in Unified CM for a local user."
    )


def remarks(origins: Origins, changes: Mapping[str, Mapping[str, bool]]) -> dict[str, Any]:
    """Return what is remarkable about the users that change, as a result."""
    undone = {found.directory.uuid: found.userids for found in undoing(origins, changes)}
    synchronised: dict[str, int] = {}
    for userid in changes:
        directory = origins.directory(userid)
        if directory is not None:
            synchronised[directory.uuid] = synchronised.get(directory.uuid, 0) + 1
    return {
        "without_mail": origins.without_mail(changes),
        "ldap_synchronized": [
            {
                "directory": directory.name,
                "feature_group_template": directory.template,
                "users": number,
                "undone": undone.get(uuid, []),
            }
            for uuid, number in synchronised.items()
            if (directory := origins.directories.get(uuid)) is not None
        ],
    }

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LDAP directories: users come from them, and each synchronisation gives these the options of a template.

Cisco's guide says that the settings of a feature group template are applied to all users that are synchronised. The
same guides say elsewhere that users of an earlier synchronisation keep theirs. The emulator does what undoes changes.
Nothing else of a directory is emulated: there is no LDAP server, and nobody comes or goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.store import jobs
from imp_emulator.store.cucm import directories as store
from imp_emulator.store.jobs import Job
from imp_emulator.world.context import Context

AccessGroup = store.AccessGroup
Directory = store.Directory
Key = store.Key
Template = store.Template
OPTIONS = store.OPTIONS

DUE = "ldap-sync-due"
"""The kind of the job that begins a synchronisation that was planned."""
RUN = "ldap-sync"
"""The kind of the job that gives some users what their template says, and is added again for the next ones."""
_SLICE = 100
"""How many users are changed in one transaction: nobody else is served meanwhile."""
_HOUR = 3600.0


def groups(context: Context, cluster: str) -> list[AccessGroup]:
    """Return the access control groups of a cluster, the standard ones first."""
    return store.groups(context.database, cluster)


def group_name(context: Context, cluster: str, name: str) -> str | None:
    """Return the name of a group as the cluster writes it, for one in any letter case; ``None`` for no group."""
    return store.group_name(context.database, cluster, name)


def templates(context: Context, cluster: str) -> list[Template]:
    """Return the feature group templates of a cluster."""
    return store.templates(context.database, cluster)


def template(context: Context, cluster: str, key: Key) -> Template:
    """Return one template; raises ``NotFound``."""
    found = store.template(context.database, cluster, key)
    if found is None:
        raise NotFound("template-not-found", "FeatureGroupTemplate not found", "name")
    return found


def template_of(context: Context, cluster: str, directory: Directory) -> Template | None:
    """Return the template of a directory, or ``None``."""
    if directory.template is None:
        return None
    return store.template(context.database, cluster, Key("pkid", directory.template))


def change_template(context: Context, cluster: str, key: Key, changes: Mapping[str, bool | str]) -> str:
    """Change options or the description of a template and return its UUID; the users get them when they are next due.

    Raises:
        NotFound: There is no such template.
        InvalidValue: Meeting information would be on without what it needs.
    """
    found = template(context, cluster, key)
    after = {option: changes.get(option, getattr(found, option)) for option in OPTIONS}
    if after["meeting_information"] and not (after["home_cluster"] and after["im_and_presence"]):
        text = "meetingInformation needs homeCluster and imAndUcPresenceEnable."
        raise InvalidValue("template-options", text, "meeting_information")
    if changes:
        store.update_template(context.database, cluster, found.pkid, changes)
    return found.pkid


def directories(context: Context, cluster: str) -> list[Directory]:
    """Return the LDAP directories of a cluster."""
    return store.directories(context.database, cluster)


def directory(context: Context, cluster: str, key: Key) -> Directory:
    """Return one LDAP directory; raises ``NotFound``."""
    found = store.directory(context.database, cluster, key)
    if found is None:
        raise NotFound("directory-not-found", "LdapDirectory not found", "name")
    return found


def plan_all(context: Context) -> None:
    """Plan the synchronisations of a new state file."""
    for cluster in context.scenario.clusters:
        for found in store.directories(context.database, cluster.name):
            _plan(context, cluster.name, found)


def synchronise(context: Context, cluster: str, found: Directory) -> None:
    """Begin to synchronise a directory; one that goes on already begins anew."""
    context.jobs.at_once(RUN, _key(cluster, found), [cluster, found.pkid, 0])


def cancel(context: Context, cluster: str, found: Directory) -> None:
    """Break off a synchronisation; who was changed by now stays so."""
    context.jobs.cancel(RUN, _key(cluster, found))


def goes_on(context: Context, cluster: str, found: Directory) -> bool:
    """Tell whether a directory is being synchronised."""
    return jobs.waiting(context.database, RUN, _key(cluster, found)) is not None


def due(context: Context, job: Job) -> None:
    """Begin a synchronisation that was planned, and plan the next one."""
    cluster, pkid = job.payload
    found = store.directory(context.database, cluster, Key("pkid", pkid))
    if found is None:
        return
    at = context.clock.timestamp() + found.every_hours * _HOUR
    store.plan_next(context.database, cluster, pkid, at)
    _plan(context, cluster, directory(context, cluster, Key("pkid", pkid)))
    synchronise(context, cluster, found)


def run(context: Context, job: Job) -> None:
    """Give some users the options of their template."""
    cluster, pkid, after = job.payload
    found = store.directory(context.database, cluster, Key("pkid", pkid))
    wanted = None if found is None else template_of(context, cluster, found)
    if found is None or wanted is None:
        return
    people = store.unlike(context.database, cluster, pkid, wanted, after, _SLICE)
    for _, user in people:
        _apply(context, cluster, user, wanted)
    if len(people) == _SLICE:
        context.jobs.at_once(RUN, job.key, [cluster, pkid, people[-1][0]])


def _apply(context: Context, cluster: str, pkid: str, wanted: Template) -> None:
    options = {option: getattr(wanted, option) for option in OPTIONS}
    try:
        users.update(context, cluster, UserKey("pkid", pkid), options)
    except Forbidden:
        # Without a presence gateway nobody's meetings are included.
        users.update(context, cluster, UserKey("pkid", pkid), {**options, "meeting_information": False})


def _plan(context: Context, cluster: str, found: Directory) -> None:
    if found.next_at is not None:
        context.jobs.add(DUE, _key(cluster, found), found.next_at, [cluster, found.pkid])


def _key(cluster: str, found: Directory) -> str:
    return f"{cluster}/{found.pkid}"

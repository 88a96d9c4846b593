# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AXL operations about access control groups, LDAP directories and feature group templates.

Directories and groups are those of the scenario, so they are read here. Of a template its options can be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from imp_emulator.domain.cucm import directories
from imp_emulator.domain.cucm.directories import AccessGroup, Directory, Key, Template
from imp_emulator.letter_case import like
from imp_emulator.wire.axl import faults
from imp_emulator.wire.axl.answers import (
    Tag,
    braces,
    empty,
    fixed,
    flag,
    joined,
    render,
    selected,
    tag_type,
    text,
)
from imp_emulator.wire.axl.faults import AxlFault
from imp_emulator.wire.axl.protocol import AxlOperation, AxlRequest
from imp_emulator.wire.axl.schema import element, nested, one_of, sequence
from imp_emulator.wire.axl.user_operations import paged
from imp_emulator.wire.http.soap import text as escape

_T = TypeVar("_T")
_UNITS = (("HOUR", 1), ("DAY", 24), ("WEEK", 168))


class _Shown(NamedTuple):
    """A directory with its template, for answers."""

    directory: Directory
    template: Template | None

    @property
    def pkid(self) -> str:
        return self.directory.pkid

    @property
    def name(self) -> str:
        return self.directory.name


def _schedule(directory: Directory) -> tuple[int, str]:
    """Return a period as the product writes it: a number of the largest unit that fits."""
    if not directory.every_hours:
        return 0, "DAY"
    unit, hours = next((u, h) for u, h in reversed(_UNITS) if directory.every_hours % h == 0)
    return directory.every_hours // hours, unit


def _next(shown: _Shown) -> str | None:
    at = shown.directory.next_at
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _template_name(shown: _Shown) -> str | None:
    found = shown.template
    if found is None:
        return None
    return f'<featureGroupTemplate uuid="{braces(found.pkid)}">{escape(found.name)}</featureGroupTemplate>'


_SCHEDULE = (
    Tag("name", text("name")),
    Tag("ldapDn", empty),
    Tag("userSearchBase", empty),
    Tag("repeatable", lambda shown: "true" if shown.directory.every_hours else "false"),
    Tag("intervalValue", lambda shown: str(_schedule(shown.directory)[0])),
    Tag("scheduleUnit", lambda shown: _schedule(shown.directory)[1]),
    Tag("nextExecTime", _next),
)
_LIST_TAGS = (*_SCHEDULE, Tag("accessControlGroupInfo", empty))
_GET_TAGS = (
    *_SCHEDULE[:2],
    Tag("ldapPassword", empty),
    *_SCHEDULE[2:],
    Tag("servers", empty),
    *(
        Tag(name, empty)
        for name in (
            *("middleName", "phoneNumber", "mailId", "userId", "managerId", "firstName", "lastName", "department"),
            "ldapFilter",
        )
    ),
    Tag("synchronize", fixed("true")),
    *(Tag(name, empty) for name in ("ldapFilterForGroups", "directoryUri", "accessControlGroupInfo")),
    Tag("featureGroupTemplate", _template_name),
    Tag("applyMask", fixed("false")),
    Tag("mask", empty),
    Tag("applyPoolList", fixed("false")),
    Tag("addDns", empty),
)
_TEMPLATE_TAGS = (
    Tag("name", text("name")),
    Tag("description", text("description")),
    Tag("homeCluster", flag("home_cluster")),
    Tag("imAndUcPresenceEnable", flag("im_and_presence")),
    Tag("serviceProfile", empty),
    Tag("enableUserToHostConferenceNow", fixed("false")),
    Tag("allowCTIControl", fixed("true")),
    Tag("enableEMCC", fixed("false")),
    Tag("enableMobility", fixed("false")),
    Tag("enableMobileVoiceAccess", fixed("false")),
    Tag("maxDeskPickupWait", fixed("10000")),
    Tag("remoteDestinationLimit", fixed("4")),
    *(Tag(name, empty) for name in ("BLFPresenceGp", "subscribeCallingSearch", "userLocale", "userProfile")),
    Tag("meetingInformation", flag("meeting_information")),
)
_GROUP_TAGS = (Tag("name", text("name")),)

_OPTIONS = {
    "homeCluster": "home_cluster",
    "imAndUcPresenceEnable": "im_and_presence",
    "meetingInformation": "meeting_information",
    "description": "description",
}
_KEY = one_of("name:string100", "uuid:uuid")
_SYNC_KEY = one_of("name", "uuid:uuid")
_UPDATE_TEMPLATE = sequence(
    _KEY,
    "newName?",
    "description?",
    "homeCluster:boolean?",
    "imAndUcPresenceEnable:boolean?",
    "serviceProfile:fk?~",
    *(
        f"{name}:boolean?"
        for name in (
            *("enableUserToHostConferenceNow", "allowCTIControl", "enableEMCC", "enableMobility"),
            "enableMobileVoiceAccess",
        )
    ),
    "maxDeskPickupWait:integer?",
    "remoteDestinationLimit:integer?",
    "BLFPresenceGp:fk?",
    "subscribeCallingSearch:fk?~",
    "userLocale?~",
    "userProfile:fk?~",
    "meetingInformation:boolean?",
    attributes=("sequence",),
)


def _listing(tags: Sequence[Tag], *criteria: str) -> Any:
    return sequence(
        nested("searchCriteria", *(f"{name}?" for name in criteria)),
        element("returnedTags", tag_type(tags).decode),
        "skip:unsigned?",
        "first:unsigned?",
        attributes=("sequence",),
    )


def _getting(tags: Sequence[Tag]) -> Any:
    return sequence(_KEY, element("returnedTags?", tag_type(tags).decode), attributes=("sequence",))


def _list(
    request: AxlRequest, name: str, tags: Sequence[Tag], found: Sequence[Any], tells: Callable[[Any, str], str]
) -> str:
    """Answer those that match the criteria; ``%`` stands for any text."""
    criteria = request.values["searchCriteria"]
    if not criteria:
        raise faults.no_criteria()
    chosen = [item for item in found if all(like(pattern, tells(item, tag)) for tag, pattern in criteria.items())]
    wanted = selected(tags, request.version, request.values["returnedTags"])
    return joined(
        [render(name, item.pkid, wanted, item) for item in paged(request.values, chosen)], lambda: len(chosen)
    )


def _get(request: AxlRequest, name: str, tags: Sequence[Tag], item: Any) -> str:
    wanted = selected(tags, request.version, request.values.get("returnedTags"))
    return render(name, item.pkid, wanted, item)


def _key(request: AxlRequest) -> Key:
    name = request.values.get("name")
    return Key("pkid", request.values["uuid"]) if name is None else Key("name", name)


def _directory(request: AxlRequest) -> Directory:
    return directories.directory(request.context, request.cluster, _key(request))


def _shown(request: AxlRequest, found: Directory) -> _Shown:
    return _Shown(found, directories.template_of(request.context, request.cluster, found))


def list_directories(request: AxlRequest) -> str:
    """Answer the LDAP directories that match the criteria."""
    found = [_shown(request, one) for one in directories.directories(request.context, request.cluster)]
    # The distinguished names are empty.
    return _list(request, "ldapDirectory", _LIST_TAGS, found, lambda one, tag: one.name if tag == "name" else "")


def get_directory(request: AxlRequest) -> str:
    """Answer one LDAP directory."""
    return _get(request, "ldapDirectory", _GET_TAGS, _shown(request, _directory(request)))


def synchronise(request: AxlRequest) -> str:
    """Begin a synchronisation, or break it off."""
    found = _directory(request)
    begin_or_end = directories.synchronise if request.values["sync"] else directories.cancel
    begin_or_end(request.context, request.cluster, found)
    return "true"


def status(request: AxlRequest) -> str:
    """Tell whether a directory is being synchronised."""
    return "true" if directories.goes_on(request.context, request.cluster, _directory(request)) else "false"


def list_templates(request: AxlRequest) -> str:
    """Answer the feature group templates that match the criteria."""
    found = directories.templates(request.context, request.cluster)
    return _list(request, "featureGroupTemplate", _TEMPLATE_TAGS, found, lambda one, tag: str(getattr(one, tag)))


def get_template(request: AxlRequest) -> str:
    """Answer one feature group template."""
    found = directories.template(request.context, request.cluster, _key(request))
    return _get(request, "featureGroupTemplate", _TEMPLATE_TAGS, found)


def update_template(request: AxlRequest) -> str:
    """Change the options of a template that the emulator keeps; what it does not keep, it refuses."""
    values = {name: value for name, value in request.values.items() if name not in ("name", "uuid")}
    unknown = next((name for name in values if name not in _OPTIONS), None)
    if unknown is not None:
        raise AxlFault(faults.ITEM_NOT_VALID, f"Item not valid: {unknown} is not emulated; leave it out.")
    changes = {_OPTIONS[name]: value for name, value in values.items()}
    return braces(directories.change_template(request.context, request.cluster, _key(request), changes))


def list_groups(request: AxlRequest) -> str:
    """Answer the access control groups that match the criteria."""
    found: list[AccessGroup] = directories.groups(request.context, request.cluster)
    return _list(request, "userGroup", _GROUP_TAGS, found, lambda one, _tag: str(one.name))


OPERATIONS: dict[str, AxlOperation] = {
    "listLdapDirectory": AxlOperation(
        _listing(_LIST_TAGS, "name", "ldapDn", "userSearchBase"), list_directories, "LdapDirectory"
    ),
    "getLdapDirectory": AxlOperation(_getting(_GET_TAGS), get_directory, "LdapDirectory"),
    "doLdapSync": AxlOperation(
        sequence(_SYNC_KEY, "sync:boolean", attributes=("sequence",)), synchronise, "LdapDirectory", write=True
    ),
    "getLdapSyncStatus": AxlOperation(sequence(_SYNC_KEY, attributes=("sequence",)), status, "LdapDirectory"),
    "listFeatureGroupTemplate": AxlOperation(
        _listing(_TEMPLATE_TAGS, "name", "description"), list_templates, "FeatureGroupTemplate"
    ),
    "getFeatureGroupTemplate": AxlOperation(_getting(_TEMPLATE_TAGS), get_template, "FeatureGroupTemplate"),
    "updateFeatureGroupTemplate": AxlOperation(_UPDATE_TEMPLATE, update_template, "FeatureGroupTemplate", write=True),
    "listUserGroup": AxlOperation(_listing(_GROUP_TAGS, "name"), list_groups, "UserGroup"),
}

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages about users: element names, order, types and releases, and how each element is filled.

Order and types were checked against the schemas that public client packages carry (11.5, 12.5) and those in public
repositories (14.0, 15.0).
"""

from __future__ import annotations

from imp_emulator.catalogue.access_groups import GROUPS
from imp_emulator.domain.cucm.users import User
from imp_emulator.wire.axl.answers import Tag, braces, empty, fixed, flag, tag_type, text
from imp_emulator.wire.axl.schema import Choice, Element, element, nested, one_of, sequence
from imp_emulator.wire.http.soap import text as escape

PRESENCE_GROUP = "Standard Presence group"
"""The one presence group of a new cluster, with its well-known identifier."""

PRESENCE_GROUP_ID = "ad243d17-98b4-4118-8feb-5ff2e1b781ac"


def _access_groups(user: User) -> str:
    groups = (
        f"<userGroup><name>{escape(group)}</name><userRoles>"
        + "".join(f"<userRole>{role}</userRole>" for role in GROUPS.get(group, ()))
        + "</userRoles></userGroup>"
        for group in user.access_groups.splitlines()
    )
    return f"<associatedGroups>{''.join(groups)}</associatedGroups>"


def _ldap_directory(user: User) -> str | None:
    if user.ldap_directory is None:
        return None
    pkid, _, name = user.ldap_directory.partition(" ")
    return f'<ldapDirectoryName uuid="{braces(pkid)}">{escape(name)}</ldapDirectoryName>'


def _presence_group(_user: object) -> str:
    return f'<presenceGroupName uuid="{braces(PRESENCE_GROUP_ID)}">{PRESENCE_GROUP}</presenceGroupName>'


_EXTENSION = ("sortOrder:integer?~", "pattern:fk", "routePartition?", "linePrimaryUri?~", "partition:fk?~")
_LINE_APPEARANCE = (
    "laapAssociate:fk?",
    *(f"laap{name}:string128?" for name in ("ProductType", "DeviceName", "Directory", "Partition", "Description")),
)


def _extensions(name: str) -> Element:
    return nested(f"{name}?", nested("extension*", *_EXTENSION))


def _headsets(name: str) -> Element:
    return nested(f"{name}? >=12.5", "headset:string50*")


_AFTER_NAME: tuple[str | Element, ...] = (
    "password?",
    "pin?",
    "mailid?",
    "department?",
    "manager?",
    "userLocale?~",
    nested("associatedDevices?", "device:string50*"),
    nested("primaryExtension?", "pattern:string255", "routePartitionName:string50?"),
    "associatedPc?",
    nested("associatedGroups?", nested("userGroup*", "name:string100", nested("userRoles?", "userRole:string100*"))),
    "enableCti:boolean?",
    "digestCredentials?~",
    nested("phoneProfiles?", "profileName:fk+"),
    "defaultProfile:fk?",
)

_BEFORE_EXTENSIONS: tuple[str | Element, ...] = (
    "subscribeCallingSearchSpaceName:fk?~",
    "enableMobility:boolean?",
    "enableMobileVoiceAccess:boolean?",
    "maxDeskPickupWaitTime:integer?",
    "remoteDestinationLimit:integer?",
    nested(
        "passwordCredentials?",
        "pwdCredPolicyName:fk?",
        "pwdCredUserCantChange:boolean?",
        "pwdCredUserMustChange:boolean?",
        "pwdCredDoesNotExpire:boolean?",
        "pwdCredTimeChanged?",
        "pwdCredTimeAdminLockout?~",
        "pwdCredLockedByAdministrator:boolean?",
        "pwdResetHackCount:boolean?",
    ),
    nested(
        "pinCredentials?",
        "pinCredPolicyName:fk?",
        "pinCredUserCantChange:boolean?",
        "pinCredUserMustChange:boolean?",
        "pinCredDoesNotExpire:boolean?",
        "pinCredTimeChanged:boolean?",
        "pinCredTimeAdminLockout?~",
        "pinCredLockedByAdministrator:boolean?",
        "pinResetHackCount:boolean?",
    ),
    "enableEmcc:boolean?",
    nested("ctiControlledDeviceProfiles?", "profileName:fk+"),
    "patternPrecedence?",
    "numericUserId?",
    "mlppPassword?~",
    nested("customUserFields?", nested("customUserField*", one_of("name?", "value?", optional=True))),
    "homeCluster:boolean?",
    "imAndPresenceEnable:boolean?",
    "serviceProfile:fk?~",
    nested(
        "lineAppearanceAssociationForPresences?",
        nested("lineAppearanceAssociationForPresence*", *_LINE_APPEARANCE),
    ),
    "directoryUri?~",
    "telephoneNumber?",
    "title?",
    "mobileNumber?",
    "homeNumber?",
    "pagerNumber?",
)

_AFTER_EXTENSIONS: tuple[str | Element, ...] = (
    "selfService:string50?~",
    "userProfile:fk?~",
    "calendarPresence:boolean?",
    "ldapDirectoryName:fk?~",
    "userIdentity?",
    "nameDialing?",
    "ipccExtension:fk?~",
    "ipccRoutePartition:fk?~ >=12.5",
    "convertUserAccount:fk?~",
    "accountType? <12.5",
    "authenticationType? <12.5",
    "enableUserToHostConferenceNow:boolean?",
    "attendeesAccessCode?",
    "zeroHop:boolean?",
    "customerName:fk?~ >=12.5",
)

_EXTENSIONS_CHOICE: Choice = one_of(
    (_extensions("removeExtensionsInfo"), _extensions("addExtensionsInfo")),
    (_extensions("extensionsInfo"),),
    optional=True,
)
_HEADSETS_CHOICE: Choice = one_of(
    (_headsets("removeAssociatedHeadsets"), _headsets("addAssociatedHeadsets")),
    (_headsets("associatedHeadsets"),),
    optional=True,
)

ADD_USER = sequence(
    nested(
        "user",
        "firstName?",
        "displayName?",
        "middleName?",
        "lastName",
        "emMaxLoginTime:integer?~ >=12.5",
        "userid",
        *_AFTER_NAME,
        # The schema demands it, but Cisco's own samples leave it out and get a user of the standard group.
        "presenceGroupName:fk?",
        *_BEFORE_EXTENSIONS,
        _extensions("extensionsInfo"),
        *_AFTER_EXTENSIONS,
        _headsets("associatedHeadsets"),
    ),
    attributes=("sequence",),
)

UPDATE_USER = sequence(
    one_of("uuid:uuid", "userid"),
    "firstName?",
    "displayName?",
    "middleName?",
    "lastName?",
    "emMaxLoginTime:integer?~ >=12.5",
    "newUserid?",
    *_AFTER_NAME,
    "presenceGroupName:fk?",
    *_BEFORE_EXTENSIONS,
    _EXTENSIONS_CHOICE,
    *_AFTER_EXTENSIONS,
    _HEADSETS_CHOICE,
    attributes=("sequence",),
)

STORED: dict[str, str] = {
    "firstName": "first_name",
    "displayName": "display_name",
    "middleName": "middle_name",
    "lastName": "last_name",
    "userid": "userid",
    "newUserid": "userid",
    "password": "password",
    "pin": "pin",
    "mailid": "mail",
    "department": "department",
    "manager": "manager",
    "userLocale": "locale",
    "associatedPc": "associated_pc",
    "directoryUri": "directory_uri",
    "telephoneNumber": "telephone",
    "title": "title",
    "mobileNumber": "mobile",
    "homeNumber": "home_phone",
    "pagerNumber": "pager",
    "numericUserId": "numeric_userid",
    "selfService": "self_service",
    "userIdentity": "user_identity",
    "nameDialing": "name_dialing",
    "attendeesAccessCode": "attendees_access_code",
    "patternPrecedence": "pattern_precedence",
    "emMaxLoginTime": "em_max_login_time",
    "maxDeskPickupWaitTime": "max_desk_pickup_wait_time",
    "remoteDestinationLimit": "remote_destination_limit",
    "enableCti": "enable_cti",
    "enableMobility": "enable_mobility",
    "enableMobileVoiceAccess": "enable_mobile_voice_access",
    "enableEmcc": "enable_emcc",
    "enableUserToHostConferenceNow": "enable_host_conference_now",
    "homeCluster": "home_cluster",
    "imAndPresenceEnable": "im_and_presence",
    "calendarPresence": "meeting_information",
}
"""The elements of a request that the emulator keeps, with their fields of a user."""

NUMBERS = frozenset({"emMaxLoginTime", "maxDeskPickupWaitTime", "remoteDestinationLimit"})
"""Those of them that hold a number or nothing."""

REFERENCES: dict[str, str] = {
    "associatedDevices": "fk_enduserdevicemap_fkdevice",
    "primaryExtension": "fk_endusernumplanmap_fknumplan",
    "phoneProfiles": "fk_enduserdevicemap_fkdevice",
    "defaultProfile": "fk_enduserdevicemap_fkdevice",
    "presenceGroupName": "fk_enduser_fkmatrix_presence",
    "subscribeCallingSearchSpaceName": "fk_enduser_fkcallingsearchspace_restrict",
    "ctiControlledDeviceProfiles": "fk_enduserdevicemap_fkdevice",
    "serviceProfile": "fk_enduser_fkucserviceprofile",
    "userProfile": "fk_enduser_fkucuserprofile",
    "ipccExtension": "fk_endusernumplanmap_fknumplan",
    "ipccRoutePartition": "fk_numplan_fkroutepartition",
    "convertUserAccount": "fk_enduser_fkdirectorypluginconfig",
    "customerName": "fk_enduser_fkcustomer",
    "associatedHeadsets": "fk_enduserheadsetmap_fkheadset",
    "addAssociatedHeadsets": "fk_enduserheadsetmap_fkheadset",
    "removeAssociatedHeadsets": "fk_enduserheadsetmap_fkheadset",
}
"""Elements that refer to objects of which an emulated cluster has none: the constraint that a reference breaks."""

ACCESS_GROUPS = "associatedGroups"
"""The element that names access control groups: the standard ones, and those of the scenario."""
NO_SUCH_GROUP = "fk_enduserdirgroupmap_fkdirgroup"
"""The constraint that any other group breaks."""
LDAP_DIRECTORY = "ldapDirectoryName"
"""The element that names the LDAP directory of a user; those of the scenario exist."""
NO_SUCH_DIRECTORY = "fk_enduser_fkdirectorypluginconfig"
"""The constraint that any other directory breaks."""

IGNORED = frozenset({"zeroHop"})
"""Elements that only steer Unity Connection, which is not emulated: both of their values are right."""

_HEAD = (
    Tag("firstName", text("first_name")),
    Tag("displayName", text("display_name")),
    Tag("middleName", text("middle_name")),
    Tag("lastName", text("last_name")),
    Tag("emMaxLoginTime", text("em_max_login_time"), since=12.5),
    Tag("userid", text("userid")),
)
_CONTACT = (
    Tag("directoryUri", text("directory_uri")),
    Tag("telephoneNumber", text("telephone")),
    Tag("title", text("title")),
    Tag("mobileNumber", text("mobile")),
    Tag("homeNumber", text("home_phone")),
    Tag("pagerNumber", text("pager")),
)

USER_TAGS: tuple[Tag, ...] = (
    *_HEAD,
    Tag("password", empty),
    Tag("pin", empty),
    Tag("mailid", text("mail")),
    Tag("department", text("department")),
    Tag("manager", text("manager")),
    Tag("userLocale", text("locale")),
    Tag("associatedDevices", empty),
    Tag("primaryExtension", empty),
    Tag("associatedPc", text("associated_pc")),
    Tag("associatedGroups", _access_groups),
    Tag("enableCti", flag("enable_cti")),
    Tag("digestCredentials", empty),
    Tag("phoneProfiles", empty),
    Tag("defaultProfile", empty),
    Tag("presenceGroupName", _presence_group),
    Tag("subscribeCallingSearchSpaceName", empty),
    Tag("enableMobility", flag("enable_mobility")),
    Tag("enableMobileVoiceAccess", flag("enable_mobile_voice_access")),
    Tag("maxDeskPickupWaitTime", text("max_desk_pickup_wait_time")),
    Tag("remoteDestinationLimit", text("remote_destination_limit")),
    Tag("associatedRemoteDestinationProfiles", empty),
    Tag("passwordCredentials", empty),
    Tag("pinCredentials", empty),
    Tag("associatedTodAccess", empty),
    Tag("status", text("status")),
    Tag("enableEmcc", flag("enable_emcc")),
    Tag("associatedCapfProfiles", empty),
    Tag("ctiControlledDeviceProfiles", empty),
    Tag("patternPrecedence", text("pattern_precedence")),
    Tag("numericUserId", text("numeric_userid")),
    Tag("mlppPassword", empty),
    Tag("customUserFields", empty),
    Tag("homeCluster", flag("home_cluster")),
    Tag("imAndPresenceEnable", flag("im_and_presence")),
    Tag("serviceProfile", empty),
    Tag("lineAppearanceAssociationForPresences", empty),
    *_CONTACT,
    Tag("extensionsInfo", empty),
    Tag("selfService", text("self_service")),
    Tag("userProfile", empty),
    Tag("calendarPresence", flag("meeting_information")),
    Tag("ldapDirectoryName", _ldap_directory),
    Tag("userIdentity", text("user_identity")),
    Tag("nameDialing", text("name_dialing")),
    Tag("ipccExtension", empty),
    Tag("ipccRoutePartition", empty, since=12.5),
    Tag("convertUserAccount", empty),
    Tag("accountType", fixed("Local"), until=12.5),
    Tag("authenticationType", fixed("Local"), until=12.5),
    Tag("enableUserToHostConferenceNow", flag("enable_host_conference_now")),
    Tag("attendeesAccessCode", text("attendees_access_code")),
    Tag("zeroHop", fixed("false")),
    Tag("customerName", empty, since=12.5),
    Tag("associatedHeadsets", empty, since=12.5),
)
"""What getUser returns, in order."""

LIST_TAGS: tuple[Tag, ...] = (
    Tag("firstName", text("first_name")),
    Tag("displayName", text("display_name"), until=12.5),
    Tag("middleName", text("middle_name")),
    Tag("lastName", text("last_name")),
    Tag("emMaxLoginTime", text("em_max_login_time"), since=12.5),
    Tag("userid", text("userid")),
    Tag("mailid", text("mail")),
    Tag("department", text("department")),
    Tag("manager", text("manager")),
    Tag("userLocale", text("locale")),
    Tag("primaryExtension", empty),
    Tag("associatedPc", text("associated_pc")),
    Tag("enableCti", flag("enable_cti")),
    Tag("presenceGroupName", _presence_group, until=12.5),
    Tag("subscribeCallingSearchSpaceName", empty),
    Tag("enableMobility", flag("enable_mobility")),
    Tag("enableMobileVoiceAccess", flag("enable_mobile_voice_access")),
    Tag("maxDeskPickupWaitTime", text("max_desk_pickup_wait_time")),
    Tag("remoteDestinationLimit", text("remote_destination_limit")),
    Tag("status", text("status")),
    Tag("enableEmcc", flag("enable_emcc")),
    Tag("patternPrecedence", text("pattern_precedence")),
    Tag("numericUserId", text("numeric_userid")),
    Tag("mlppPassword", empty),
    Tag("homeCluster", flag("home_cluster")),
    Tag("imAndPresenceEnable", flag("im_and_presence")),
    Tag("serviceProfile", empty),
    *_CONTACT,
    Tag("selfService", text("self_service"), until=12.5),
    Tag("calendarPresence", flag("meeting_information")),
    Tag("ldapDirectoryName", _ldap_directory, until=12.5),
    Tag("userIdentity", text("user_identity")),
    Tag("accountType", fixed("Local"), until=12.5),
    Tag("authenticationType", fixed("Local"), until=12.5),
    Tag("enableUserToHostConferenceNow", flag("enable_host_conference_now"), until=12.5),
    Tag("attendeesAccessCode", text("attendees_access_code"), until=12.5),
    Tag("customerName", empty, since=14.0),
)
"""What listUser can return, in order."""

GET_USER = sequence(
    one_of("userid", "uuid:uuid"),
    element("returnedTags?", tag_type(USER_TAGS).decode),
    attributes=("sequence",),
)

REMOVE_USER = sequence(one_of("userid", "uuid:uuid"), attributes=("sequence",))

LIST_USER = sequence(
    nested(
        "searchCriteria",
        "firstName?",
        "lastName?",
        "userid?",
        "department?",
        "customerName? >=14.0",
    ),
    element("returnedTags", tag_type(LIST_TAGS).decode),
    "skip:unsigned?",
    "first:unsigned?",
    attributes=("sequence",),
)

AUTHENTICATE_USER = sequence("userid", one_of("password", "pin:pin"), attributes=("sequence",))

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL's operations about users: what they answer, and the rules that they keep."""

from __future__ import annotations

import pytest

from imp_emulator.domain.imp import gateways
from imp_emulator.wire.axl.cucm import CucmAxl
from imp_emulator.world.environment import Environment
from tests.support.axl_in_process import InProcess

ENABLE = "<homeCluster>true</homeCluster><imAndPresenceEnable>true</imAndPresenceEnable>"
MEETINGS = "<calendarPresence>true</calendarPresence>"
GROUP = "<presenceGroupName>Standard Presence group</presenceGroupName>"
NOBODY = "{00000000-0000-0000-0000-000000000000}"
NEW = f"<user><lastName>New</lastName><userid>new</userid>{GROUP}</user>"


@pytest.fixture
def axl(emulated: Environment) -> InProcess:
    return InProcess(emulated, CucmAxl, "cucm-pub")


def field(axl: InProcess, name: str, userid: str = "user0001") -> str:
    return axl.ask("getUser", f"<userid>{userid}</userid>").values(f"user/{name}")[0]


def test_get_user_gives_every_field_and_empty_elements_for_unset_ones(axl: InProcess) -> None:
    user = axl.ask("getUser", "<userid>user0001</userid>").returned.find("user")
    assert user.findtext("mailid") == "user0001@example.com"
    assert user.findtext("homeCluster") == "true"
    assert user.findtext("imAndPresenceEnable") == "false"
    assert user.find("telephoneNumber").text is None
    assert len(user) > 60


def test_get_user_by_uuid_finds_the_same_user(axl: InProcess) -> None:
    uuid = axl.ask("getUser", "<userid>user0002</userid>").returned.find("user").get("uuid")
    assert uuid == uuid.upper()
    assert axl.ask("getUser", f"<uuid>{uuid}</uuid>").values("user/userid") == ["user0002"]


def test_get_user_gives_only_the_returned_tags_in_their_own_order(axl: InProcess) -> None:
    tags = "<returnedTags><userid/><homeCluster/></returnedTags>"
    user = axl.ask("getUser", f"<userid>user0001</userid>{tags}").returned.find("user")
    assert [child.tag for child in user] == ["userid", "homeCluster"]


def test_a_missing_user_is_5007_to_read_and_5003_to_update(axl: InProcess) -> None:
    read = axl.ask("getUser", "<userid>nobody</userid>").fault
    assert (read.axlcode, read.message) == (5007, "Item not valid: The specified User was not found")
    assert (read.code, read.request) == ("soapenv:Server", "getUser")
    assert axl.ask("removeUser", "<userid>nobody</userid>").fault.axlcode == 5007
    written = axl.ask("updateUser", f"<userid>nobody</userid>{ENABLE}").fault
    assert (written.axlcode, written.message) == (5003, "User not found")


def test_update_user_answers_the_uuid_and_changes_only_what_it_names(axl: InProcess) -> None:
    uuid = axl.ask("getUser", "<userid>user0001</userid>").returned.find("user").get("uuid")
    assert axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}").returned.text == uuid
    assert field(axl, "imAndPresenceEnable") == "true"
    assert field(axl, "mailid") == "user0001@example.com"
    assert field(axl, "imAndPresenceEnable", "user0002") == "false"


def test_user_ids_are_found_in_any_letter_case_and_can_change(axl: InProcess) -> None:
    axl.ask("updateUser", "<userid>USER0001</userid><newUserid>renamed</newUserid>").done()
    assert field(axl, "userid", "Renamed") == "renamed"
    taken = axl.ask("updateUser", "<userid>renamed</userid><newUserid>user0002</newUserid>").fault
    assert (taken.code, taken.axlcode) == ("soapenv:Client", -239)


def test_meeting_information_needs_im_and_presence(axl: InProcess) -> None:
    fault = axl.ask("updateUser", f"<userid>user0001</userid>{MEETINGS}").fault
    assert fault.axlcode == 5007
    assert "user0001" in fault.message
    assert "Unified CM IM and Presence" in fault.message
    assert field(axl, "calendarPresence") == "false"


def test_meeting_information_needs_a_presence_gateway(axl: InProcess) -> None:
    fault = axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}{MEETINGS}").fault
    assert "presence gateway" in fault.message
    # The refusal leaves nothing behind, also not what would have been allowed alone.
    assert field(axl, "imAndPresenceEnable") == "false"


@pytest.fixture
def gateway(emulated: Environment) -> None:
    with emulated.database.transaction():
        draft = gateways.Draft("mail1.example.com", account="EXAMPLE\\svc", password="long-enough")
        gateways.add(emulated.context, "dc1", draft)


@pytest.mark.usefixtures("gateway")
def test_with_a_gateway_both_options_can_be_set_at_once(axl: InProcess) -> None:
    assert axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}{MEETINGS}").status == 200
    assert field(axl, "calendarPresence") == "true"


@pytest.mark.usefixtures("gateway")
def test_im_and_presence_cannot_go_while_meeting_information_stays(axl: InProcess) -> None:
    axl.ask("updateUser", f"<userid>user0001</userid>{ENABLE}{MEETINGS}").done()
    alone = "<userid>user0001</userid><imAndPresenceEnable>false</imAndPresenceEnable>"
    assert "Include meeting information" in axl.ask("updateUser", alone).fault.message
    assert axl.ask("updateUser", f"{alone}<calendarPresence>false</calendarPresence>").status == 200


def test_add_user_takes_the_defaults_and_remove_user_takes_it_away(axl: InProcess) -> None:
    uuid = axl.ask("addUser", NEW).returned.text
    user = axl.ask("getUser", f"<uuid>{uuid}</uuid>").returned.find("user")
    assert [user.findtext(name) for name in ("userid", "homeCluster", "calendarPresence")] == ["new", "true", "false"]
    assert axl.ask("removeUser", "<userid>new</userid>").returned.text == uuid
    assert axl.ask("getUser", "<userid>new</userid>").fault.axlcode == 5007


@pytest.mark.parametrize(
    "group",
    [
        "",
        "<presenceGroupName/>",
        "<presenceGroupName>Standard Presence group</presenceGroupName>",
        "<presenceGroupName>Standard Presence Group</presenceGroupName>",
        '<presenceGroupName uuid="?">STANDARD PRESENCE GROUP</presenceGroupName>',
        '<presenceGroupName uuid="{AD243D17-98B4-4118-8FEB-5FF2E1B781AC}"/>',
    ],
)
def test_a_new_user_is_of_the_standard_presence_group(axl: InProcess, group: str) -> None:
    axl.ask("addUser", f"<user><lastName>Last</lastName><userid>new</userid>{group}</user>").done()
    (element,) = axl.ask("getUser", "<userid>new</userid>").returned.findall("user/presenceGroupName")
    assert (element.text, element.get("uuid")) == (
        "Standard Presence group",
        "{AD243D17-98B4-4118-8FEB-5FF2E1B781AC}",
    )


def user_groups(*names: str) -> str:
    listed = "".join(f"<userGroup><name>{name}</name></userGroup>" for name in names)
    return f"<associatedGroups>{listed}</associatedGroups>"


def groups_of(axl: InProcess, userid: str) -> dict[str, list[str]]:
    user = axl.ask("getUser", f"<userid>{userid}</userid>").returned
    return {
        group.findtext("name"): [role.text for role in group.iterfind("userRoles/userRole")]
        for group in user.iterfind("user/associatedGroups/userGroup")
    }


END_USERS = {"Standard CCM End Users": ["Standard CCM End Users", "Standard CCMUSER Administration"]}


def test_a_user_is_a_member_of_standard_access_control_groups(axl: InProcess) -> None:
    """As Cisco's samples add one: with the group's roles beside its name, or without."""
    roles = "<userRoles><userRole>Standard CCM End Users</userRole></userRoles>"
    named = user_groups("Standard CCM End Users", "STANDARD cti enabled", "Standard CTI Enabled")
    axl.ask("addUser", NEW.replace(GROUP, named.replace("</name>", f"</name>{roles}", 1) + GROUP)).done()
    assert groups_of(axl, "new") == {**END_USERS, "Standard CTI Enabled": ["Standard CTI Enabled"]}
    axl.ask("updateUser", "<userid>new</userid><title>one</title>").done()
    assert len(groups_of(axl, "new")) == 2
    axl.ask("updateUser", f"<userid>new</userid>{user_groups('Third Party Application Users')}").done()
    assert groups_of(axl, "new") == {"Third Party Application Users": []}
    axl.ask("updateUser", "<userid>new</userid><associatedGroups/>").done()
    assert groups_of(axl, "new") == {}


def test_add_user_refuses_a_user_id_that_is_taken(axl: InProcess) -> None:
    assert axl.ask("addUser", NEW).status == 200
    fault = axl.ask("addUser", NEW.replace(">new<", ">NEW<")).fault
    assert (fault.code, fault.axlcode) == ("soapenv:Client", -239)
    assert "duplicate value in a UNIQUE INDEX column" in fault.message


@pytest.mark.parametrize(
    ("element", "axlcode"),
    [
        ("<associatedDevices><device>SEP001122334455</device></associatedDevices>", -691),
        ("<associatedGroups><userGroup><name>Our own</name></userGroup></associatedGroups>", -691),
        (
            (
                "<associatedGroups><userGroup><name>Standard CCM End Users</name></userGroup><userGroup><name>Standard"
                " CCM End User</name></userGroup></associatedGroups>"
            ),
            -691,
        ),
        ("<presenceGroupName>Other group</presenceGroupName>", -691),
        (f'<presenceGroupName uuid="{NOBODY}">Standard Presence group</presenceGroupName>', -691),
        ("<serviceProfile>Profile</serviceProfile>", -691),
        ("<passwordCredentials><pwdCredUserMustChange>true</pwdCredUserMustChange></passwordCredentials>", 5007),
        ("<digestCredentials>secret</digestCredentials>", 5007),
        ("<remoteDestinationLimit>11</remoteDestinationLimit>", 5007),
        ("<maxDeskPickupWaitTime/>", 5007),
        ("<lastName/>", 5007),
    ],
)
def test_what_cannot_be_kept_is_refused_and_not_forgotten(axl: InProcess, element: str, axlcode: int) -> None:
    assert axl.ask("updateUser", f"<userid>user0001</userid>{element}").fault.axlcode == axlcode


@pytest.mark.parametrize(
    "element",
    [
        "<associatedDevices/>",
        "<associatedGroups/>",
        "<associatedGroups><userGroup><name/></userGroup></associatedGroups>",
        GROUP,
        "<serviceProfile/>",
        "<zeroHop>true</zeroHop>",
        "<customUserFields/>",
    ],
)
def test_what_says_nothing_new_is_accepted(axl: InProcess, element: str) -> None:
    assert axl.ask("updateUser", f"<userid>user0001</userid>{element}").status == 200


def test_passwords_can_be_checked_and_never_read(axl: InProcess) -> None:
    axl.ask("updateUser", "<userid>user0001</userid><password>correct horse</password><pin>12345</pin>").done()
    assert "correct horse" not in axl.ask("getUser", "<userid>user0001</userid>").text
    row = axl.environment.database.one("SELECT password_hash FROM end_user WHERE userid = 'user0001'")
    assert row is not None
    assert "correct" not in row["password_hash"]
    for content, valid in (
        ("<userid>user0001</userid><password>correct horse</password>", "true"),
        ("<userid>user0001</userid><password>wrong</password>", "false"),
        ("<userid>user0001</userid><pin>12345</pin>", "true"),
        ("<userid>user0002</userid><pin>12345</pin>", "false"),
        ("<userid>nobody</userid><pin>12345</pin>", "false"),
    ):
        assert axl.ask("doAuthenticateUser", content).values("userAuthenticated") == [valid]


def test_a_refused_pin_is_not_repeated_in_the_fault(axl: InProcess) -> None:
    fault = axl.ask("doAuthenticateUser", "<userid>user0001</userid><pin>12x</pin>").fault
    assert "12x" not in fault.message


LIST = "<searchCriteria>{}</searchCriteria><returnedTags><userid/></returnedTags>"


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ("<userid>%</userid>", ["user0001", "user0002"]),
        ("<userid>USER0001</userid>", ["user0001"]),
        ("<userid>user%</userid><department>sales</department>", ["user0001"]),
        ("<userid/>", []),
        ("<customerName>somebody</customerName>", []),
        ("<customerName>%</customerName>", ["user0001", "user0002"]),
    ],
)
def test_list_user_searches_with_wildcards(axl: InProcess, criteria: str, found: list[str]) -> None:
    assert axl.ask("listUser", LIST.format(criteria)).values("user/userid") == found


def test_list_user_pages_with_skip_and_first(axl: InProcess) -> None:
    for number in range(3, 8):
        axl.ask("addUser", NEW.replace(">new<", f">user000{number}<")).done()
    everybody = LIST.format("<userid>user%</userid>")
    pages = [
        axl.ask("listUser", f"{everybody}<skip>{skip}</skip><first>3</first>").values("user/userid")
        for skip in (0, 3, 6)
    ]
    assert [userid for page in pages for userid in page] == [f"user000{number}" for number in range(1, 8)]
    # Without "first" there is nothing to skip in.
    assert len(axl.ask("listUser", f"{everybody}<skip>5</skip>").values("user/userid")) == 7


def test_list_user_needs_criteria(axl: InProcess) -> None:
    assert axl.ask("listUser", LIST.format("")).fault.axlcode == 5007


def test_an_answer_over_eight_megabytes_says_how_many_rows_fit(axl: InProcess) -> None:
    with axl.environment.database.transaction():
        axl.environment.database.executemany(
            "INSERT INTO end_user (cluster, pkid, userid, last_name, title) VALUES ('dc1', ?, ?, 'L', ?)",
            ((f"pkid{number}", f"big{number}", "x" * 10_000) for number in range(1_000)),
        )
    tags = "<searchCriteria><userid>big%</userid></searchCriteria><returnedTags><title/></returnedTags>"
    fault = axl.ask("listUser", tags).fault
    assert fault.axlcode == -1
    assert fault.message.startswith(
        "Query request too large. Total rows matched: 1000 rows. Suggestive Row Fetch: less"
    )
    fitting = int(fault.message.split("less than ")[1].split()[0])
    assert axl.ask("listUser", f"{tags}<first>{fitting - 1}</first>").status == 200
    assert axl.ask("listUser", f"{tags}<first>{fitting + 10}</first>").fault.axlcode == -1

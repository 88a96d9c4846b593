# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control groups, LDAP directories and their templates: what AXL tells, and what a synchronisation changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from imp_emulator.domain.cucm import directories
from imp_emulator.domain.cucm.users import PRESENCE_FLAGS
from imp_emulator.scenario import file as scenario_file
from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.writer import generate
from imp_emulator.wire.axl.cucm import CucmAxl
from tests.support import states
from tests.support.axl_in_process import InProcess
from tests.support.states import advance

DAY = 24 * 3600.0
USERS = {
    "generated": {"count": 3, "mail_domain": "example.com", "ldap_directory": "Corporate"},
    "listed": [
        {
            "userid": "local",
            "last_name": "Local",
            "access_control_groups": ["calendar users", "Standard CCM End Users"],
        },
        {"userid": "asked", "last_name": "Asked", "ldap_directory": "Asked"},
        {"userid": "bare", "last_name": "Bare", "ldap_directory": "Bare", "im_and_presence": True},
    ],
}
DIRECTORIES = {
    "access_control_groups": ["Calendar users"],
    "feature_group_templates": [{"name": "Staff", "im_and_presence": True, "meeting_information": True}],
    "ldap_directories": [
        {"name": "Corporate", "feature_group_template": "Staff", "every_hours": 24},
        {"name": "Asked", "feature_group_template": "Staff"},
        {"name": "Bare", "every_hours": 1},
    ],
}
FLAGS = "select userid, enablecups, enablecalendarpresence from enduser"


def scenario(users: object = USERS, *, gateways: bool = True, changes: dict[str, object] | None = None) -> str:
    content = yaml.safe_load(generate(users=0))
    content["clusters"][0].update({**DIRECTORIES, "users": users, **(changes or {})})
    if gateways:
        content["clusters"][0]["presence_gateways"] = ["mail1.example.com"]
    return yaml.safe_dump(content)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return states.seed(tmp_path_factory.mktemp("directories"), scenario_file.read(scenario()))


@pytest.fixture
def axl(seeded: Path, tmp_path: Path) -> Iterator[InProcess]:
    with states.environment(seeded, tmp_path, scenario_file.read(scenario())) as environment:
        yield InProcess(environment, CucmAxl, "cucm-pub")


def flags(axl: InProcess) -> dict[str, str]:
    rows = [[cell.text for cell in row] for row in axl.sql(FLAGS).returned]
    return {userid: presence + meetings for userid, presence, meetings in rows}


def sync(axl: InProcess, name: str, wanted: str = "true") -> None:
    assert axl.ask("doLdapSync", f"<name>{name}</name><sync>{wanted}</sync>").done() == "true"


def goes_on(axl: InProcess, name: str) -> str:
    return axl.ask("getLdapSyncStatus", f"<name>{name}</name>").done()


def test_a_directory_tells_its_period_and_its_template(axl: InProcess) -> None:
    tags = "<returnedTags><name/><intervalValue/><scheduleUnit/></returnedTags>"
    found = axl.ask("listLdapDirectory", f"<searchCriteria><name>%</name></searchCriteria>{tags}")
    assert found.values("ldapDirectory/name") == ["Corporate", "Asked", "Bare"]
    assert found.values("ldapDirectory/intervalValue") == ["1", "0", "1"]
    assert found.values("ldapDirectory/scheduleUnit") == ["DAY", "DAY", "HOUR"]
    (corporate,) = axl.ask("getLdapDirectory", "<name>corporate</name>").returned
    assert corporate.findtext("featureGroupTemplate") == "Staff"
    by_uuid = axl.ask("getFeatureGroupTemplate", f"<uuid>{corporate.find('featureGroupTemplate').get('uuid')}</uuid>")
    assert by_uuid.values("featureGroupTemplate/meetingInformation") == ["true"]
    (bare,) = axl.ask("getLdapDirectory", "<name>Bare</name>").returned
    assert not bare.findtext("featureGroupTemplate")
    assert axl.ask("getLdapDirectory", "<name>none</name>").fault.axlcode == 5007


def test_a_user_tells_the_directory_and_the_groups(axl: InProcess) -> None:
    user = axl.ask("getUser", "<userid>user0001</userid>")
    assert user.values("user/ldapDirectoryName") == ["Corporate"]
    local = axl.ask("getUser", "<userid>local</userid>")
    assert local.values("user/ldapDirectoryName") == [""]
    assert local.values("user/associatedGroups/userGroup/name") == ["Calendar users", "Standard CCM End Users"]
    synchronised = axl.sql("select count(*) from enduser where fkdirectorypluginconfig is not null")
    assert synchronised.values("row/count") == ["5"]


def test_members_are_found_by_their_group_and_change_with_it(axl: InProcess) -> None:
    members = (
        "select u.userid from enduser u, enduserdirgroupmap m, dirgroup g where m.fkenduser = u.pkid"
        " and m.fkdirgroup = g.pkid and g.name = 'Calendar users' order by 1"
    )
    assert axl.sql(members).values("row/userid") == ["local"]
    named = "<associatedGroups><userGroup><name>CALENDAR USERS</name></userGroup></associatedGroups>"
    axl.ask("updateUser", f"<userid>user0002</userid>{named}").done()
    axl.ask("updateUser", "<userid>local</userid><associatedGroups/>").done()
    assert axl.sql(members).values("row/userid") == ["user0002"]
    groups = axl.ask(
        "listUserGroup", "<searchCriteria><name>cal%</name></searchCriteria><returnedTags><name/></returnedTags>"
    )
    assert groups.values("userGroup/name") == ["Calendar users"]


def test_a_user_is_put_into_a_directory_and_made_a_local_one(axl: InProcess) -> None:
    axl.ask("updateUser", "<userid>local</userid><ldapDirectoryName>asked</ldapDirectoryName>").done()
    assert axl.ask("getUser", "<userid>local</userid>").values("user/ldapDirectoryName") == ["Asked"]
    axl.ask("updateUser", "<userid>local</userid><ldapDirectoryName/>").done()
    assert axl.ask("getUser", "<userid>local</userid>").values("user/ldapDirectoryName") == [""]
    unknown = axl.ask("updateUser", "<userid>local</userid><ldapDirectoryName>none</ldapDirectoryName>")
    assert unknown.fault.axlcode == -691


def test_a_synchronisation_gives_what_the_template_says(axl: InProcess) -> None:
    sync(axl, "Asked")
    assert goes_on(axl, "Asked") == "true"
    advance(axl.environment, 0)
    assert goes_on(axl, "Asked") == "false"
    assert flags(axl)["asked"] == "tt"
    assert {flags(axl)[userid] for userid in ("user0001", "local")} == {"ff"}


def test_a_synchronisation_comes_again_after_its_period(axl: InProcess) -> None:
    advance(axl.environment, DAY + 1)
    assert flags(axl)["user0001"] == "tt"
    off = "<imAndPresenceEnable>f</imAndPresenceEnable><calendarPresence>f</calendarPresence>"
    axl.ask("updateUser", f"<userid>user0001</userid>{off}").done()
    advance(axl.environment, DAY / 2)
    assert flags(axl)["user0001"] == "ff"
    advance(axl.environment, DAY)
    assert flags(axl) | {"asked": "tt"} == dict.fromkeys(("user0001", "user0002", "user0003", "asked"), "tt") | {
        "local": "ff",
        # A directory without a template leaves its users alone.
        "bare": "tf",
    }


def test_a_synchronisation_that_is_broken_off_changes_nobody(axl: InProcess) -> None:
    sync(axl, "Asked")
    sync(axl, "Asked", "false")
    assert goes_on(axl, "Asked") == "false"
    advance(axl.environment, 1)
    assert flags(axl)["asked"] == "ff"


def test_a_template_can_be_changed_and_counts_from_the_next_synchronisation_on(axl: InProcess) -> None:
    wanted = "<name>Staff</name><description>d</description><meetingInformation>f</meetingInformation>"
    axl.ask("updateFeatureGroupTemplate", wanted).done()
    sync(axl, "Asked")
    advance(axl.environment, 0)
    assert flags(axl)["asked"] == "tf"
    off = "<name>Staff</name><imAndUcPresenceEnable>f</imAndUcPresenceEnable><meetingInformation>t</meetingInformation>"
    assert axl.ask("updateFeatureGroupTemplate", off).fault.axlcode == 5007
    assert axl.ask("updateFeatureGroupTemplate", "<name>Staff</name><newName>x</newName>").fault.axlcode == 5007


def test_many_users_are_synchronised_in_slices(seeded: Path, tmp_path: Path) -> None:
    many = scenario_file.read(scenario({"generated": {**USERS["generated"], "count": 250}}, gateways=False))  # type: ignore[dict-item]
    with states.environment(states.seed(tmp_path, many), tmp_path, many) as environment:
        axl = InProcess(environment, CucmAxl, "cucm-pub")
        sync(axl, "Corporate")
        advance(environment, 0)
        # Without a presence gateway nobody's meetings are included.
        assert set(flags(axl).values()) == {"tf"}
        assert len(flags(axl)) == 250


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"access_control_groups": ["two\nlines"]}, "access_control_groups[0]"),
        ({"feature_group_templates": [{"name": "x", "meeting_information": True}]}, "templates[0].meeting_information"),
        ({"ldap_directories": [{"name": "x", "feature_group_template": "none"}]}, "[0].feature_group_template"),
        ({"users": {"listed": [{"userid": "a", "last_name": "b", "ldap_directory": "none"}]}}, "ldap_directory of a"),
    ],
)
def test_a_scenario_that_does_not_fit_names_the_place(changes: dict[str, object], place: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        scenario_file.read(scenario(changes=changes))
    assert place in str(refused.value)


def test_a_group_that_nobody_has_made_is_refused_when_users_are_stored(tmp_path: Path) -> None:
    users = {"listed": [{"userid": "a", "last_name": "b", "access_control_groups": ["x"]}]}
    with pytest.raises(ScenarioError, match="access_control_groups of a"):
        states.seed(tmp_path, scenario_file.read(scenario(users)))


def test_the_options_of_a_template_are_those_of_a_user() -> None:
    assert directories.OPTIONS == PRESENCE_FLAGS

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane and the command tell what is shown of users, sign them in, and set presence by hand."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from imp_emulator import cli
from imp_emulator.testing import Control, ControlError
from tests.support.axl import OverTheWire, add_gateway
from tests.support.emulator import Emulator
from tests.support.imp_admin import restart

ENABLED = "<userid>{}</userid><imAndPresenceEnable>t</imAndPresenceEnable>"
STRANGE = "a/b c?#;"


@pytest.fixture(name="control")
def control_fixture(environment: Emulator) -> Control:
    """The control plane of an environment with three users of IM and Presence, one of them with a strange name."""
    axl = OverTheWire(environment)
    new = f"<userid>{STRANGE}</userid><presenceGroupName>Standard Presence group</presenceGroupName>"
    axl.ask("addUser", f"<user><lastName>L</lastName>{new}</user>").done()
    for userid in ("user0001", "user0002", STRANGE):
        axl.ask("updateUser", ENABLED.format(userid)).done()
    return environment.control


def refused(control: Control, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = control.request(method, path, body)
    return answer.status_code, str(answer.json()["detail"])


def test_users_are_listed_page_after_page_and_by_what_is_shown(control: Control) -> None:
    control.sign_in("user0002", "away")
    assert [(user["userid"], user["presence"]) for user in control.presences()] == [
        (STRANGE, "Available"),
        ("user0001", "Available"),
        ("user0002", "Away"),
    ]
    assert [user["userid"] for user in control.presences(presence="Away", cluster="dc1")] == ["user0002"]
    assert control.presences(userids=[]) == []
    few = control.presences(userids=["user0001", "nobody", *(f"none{number}" for number in range(150))])
    assert few == [
        {
            "cluster": "dc1",
            "userid": "user0001",
            "node": "imp-pub",
            "presence": "Available",
            "activity": "",
            "message": "",
            "icon": "green",
            "since": None,
        }
    ]
    first = control.request("GET", "/presence", params={"limit": 2}).json()
    assert ([user["userid"] for user in first["users"]], first["next"]) == ([STRANGE, "user0001"], "dc1/user0001")
    second = control.request("GET", "/presence", params={"limit": 2, "after": first["next"]}).json()
    assert ([user["userid"] for user in second["users"]], second["next"]) == (["user0002"], None)


def test_what_decides_is_told_and_what_was_set_is_given_back(control: Control) -> None:
    now = datetime.fromisoformat(control.clock(frozen=True)["now"])
    until = now + timedelta(hours=2)
    shown = control.set_manual(STRANGE, "BUSY", override=True, activity="meeting", note="Planning", until=until)
    assert [shown[name] for name in ("presence", "activity", "message", "icon", "rule")] == [
        "Busy",
        "In a meeting",
        "Planning",
        "red",
        "override_meeting",
    ]
    assert shown["since"] == now.isoformat()
    assert shown["manual"] == {
        "presence": "BUSY",
        "override": True,
        "until": until.isoformat(),
        "activity": "meeting",
        "note": "Planning",
    }
    assert (shown["sign_in"], shown["on_the_phone"], shown["calendar"]) == ("available", False, None)
    assert control.set_phone(STRANGE, on=True)["rule"] == "override_meeting"
    assert control.release_manual(STRANGE)["activity"] == "On the phone"
    assert control.set_phone(STRANGE, on=False)["presence"] == "Available"
    assert control.sign_in(STRANGE, "offline") == control.presence(STRANGE)
    assert control.presence(STRANGE)["icon"] == "grey"


def test_a_manual_presence_ends_by_itself_and_not_before(control: Control) -> None:
    until = datetime.fromisoformat(control.clock(frozen=True)["now"]) + timedelta(hours=2)
    control.set_manual("user0001", "AWAY", until=until, override=True)
    control.advance(2 * 3600 - 1)
    assert control.presence("user0001")["presence"] == "Away"
    control.advance(1)
    assert (control.presence("user0001")["presence"], control.presence("user0001")["manual"]) == ("Available", None)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/presence/dc1/user0003", None, 404, "No IM and Presence node serves a user user0003."),
        ("GET", "/presence/DC1/user0001", None, 404, "there is no cluster 'DC1'"),
        ("GET", "/presence?cluster=dc9", None, 404, "there is no cluster 'dc9'"),
        ("GET", "/presence?after=dc9/x", None, 404, "there is no cluster 'dc9'"),
        ("GET", "/presence?presence=Gone", None, 422, "presence must be one of Available, Busy"),
        ("PUT", "/presence/dc1/user0001/sign-in", {"state": "gone"}, 422, "'offline', 'available'"),
        ("PUT", "/presence/dc1/nobody/sign-in", {"state": "away"}, 404, "No IM and Presence node"),
        ("PUT", "/presence/dc1/user0001/phone", {}, 422, "Field required"),
        ("PUT", "/presence/dc1/user0001/manual", {"presence": "GONE"}, 422, "'AVAILABLE', 'BUSY'"),
        (
            "PUT",
            "/presence/dc1/user0001/manual",
            {"presence": "AWAY", "until": "2000-01-01T00:00:00Z"},
            422,
            "until must be later than the time of the virtual clock.",
        ),
        (
            "PUT",
            "/presence/dc1/user0001/manual",
            {"presence": "AWAY", "until": "9999-12-31T23:59:59-12:00"},
            422,
            "less than 9999",
        ),
    ],
)
def test_what_is_refused(control: Control, method: str, path: str, body: Any, status: int, said: str) -> None:
    code, text = refused(control, method, path, body)
    assert (code, said in text) == (status, True), text


def test_the_command(environment: Emulator, control: Control) -> None:
    ready = ("--ready-file", str(environment.ready_file))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli.app, ["presence", *arguments, *ready])
        assert done.exit_code == 0, done.output
        return done.output

    assert run("sign-in", "user0002", "offline") == "dc1\tuser0002\tOffline\t-\n"
    control.set_manual("user0001", "BUSY", override=True, activity="on-the-phone", note="Do ring twice")
    assert run("list").splitlines()[1:] == [
        "dc1\tuser0001\tBusy\tOn the phone\tDo ring twice",
        "dc1\tuser0002\tOffline\t-",
    ]
    assert run("list", "--presence", "Offline") == "dc1\tuser0002\tOffline\t-\n"
    assert json.loads(run("show", "user0001", "--cluster", "dc1")) == control.presence("user0001")
    assert CliRunner().invoke(cli.app, ["presence", "sign-in", "user0001", "gone", *ready]).exit_code == 2
    command = ["imp-emulator", "presence", "show", "nobody", *ready]
    nobody = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert nobody.stderr.endswith("404 No IM and Presence node serves a user nobody.\n")


def test_why_nobody_is_in_a_meeting_and_what_the_node_complains_of(environment: Emulator, control: Control) -> None:
    assert control.notifications() == []
    add_gateway(environment)
    included = "<userid>user0001</userid><calendarPresence>t</calendarPresence>"
    OverTheWire(environment).ask("updateUser", included).done()
    restart(environment, "imp-pub", "Cisco Presence Engine")
    control.advance(0)
    complaint = control.notifications("dc1")
    assert [(one["cluster"], one["node"], one["severity"]) for one in complaint] == [("dc1", "imp-pub", "Error")]
    assert control.notifications() == complaint
    # The trust store of the node is empty.
    unmet = next(one for one in control.presence("user0001")["why"] if one["met"] is False)
    assert (unmet["name"], bool(unmet["detail"]), bool(unmet["remedy"])) == ("trust", True, True)
    assert control.presence("user0002")["why"][0]["met"] is False
    with pytest.raises(ControlError, match="404 there is no cluster 'dc9'"):
        control.notifications("dc9")


def test_a_reset_forgets_what_was_set(environment: Emulator, control: Control) -> None:
    control.set_manual("user0001", "AWAY", override=True)
    control.reset()
    assert control.presences() == []
    with pytest.raises(ControlError, match="404"):
        control.presence("user0001")

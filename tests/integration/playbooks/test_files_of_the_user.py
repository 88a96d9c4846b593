# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that variables name by a relative path: in the folder of one's own playbook, else in the working directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._formats import bat_file

from tests.support.axl import add_gateway
from tests.support.certificates import issue
from tests.support.connections import connection, nodes
from tests.support.emulator import Emulator
from tests.support.modules import run_module
from tests.support.playbooks import play
from tests.support.tarball import build, install

ROOT_FILE = "files/root.pem"
WANTED: dict[str, Any] = {
    "calendar_integration_parts": ["trust", "calendar_users"],
    "trust_certificates": [{"path": ROOT_FILE}],
    "calendar_users_csv_path": "./users.csv",
    "calendar_users_query": "{{ omit }}",
    "calendar_users_diff_path": "changes.txt",
}


def files(folder: Path, name: str, *userids: str) -> None:
    """Write the certificate of an authority of this name, and a file with these users."""
    (folder / "files").mkdir(parents=True)
    (folder / ROOT_FILE).write_text(issue(name, ca=True).pem)
    users = [{"userid": userid, "im_and_presence": True, "meeting_information": True} for userid in userids]
    (folder / "users.csv").write_text(bat_file.write(users))


def trusted(environment: Emulator) -> set[str]:
    options = {**connection(environment, "platform"), "nodes": nodes(environment, 443, "imp-pub")}
    return {one["subject"] for one in run_module("trust_certificates_info", options)["certificates"] if not one["own"]}


def enabled(environment: Emulator) -> list[str]:
    options = {**connection(environment, "cucm"), "enabled_only": True}
    return [user["userid"] for user in run_module("calendar_users_info", options)["users"]]


@pytest.fixture(name="start")
def start_fixture(environment: Emulator, tmp_path: Path) -> Path:
    """The folder of a user who starts playbooks there; a gateway is there, and users may be enabled."""
    add_gateway(environment)
    start = tmp_path / "start"
    files(start, "In the working directory", "user0001")
    return start


def test_an_installed_playbook_reads_what_lies_where_it_is_started(
    environment: Emulator, start: Path, tmp_path: Path
) -> None:
    install(build(tmp_path / "built"), tmp_path / "installed")
    place = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "installed"), "PWD": str(tmp_path)}

    played = play(environment.ready_file, start, "ucops.imp.site", variables=WANTED, environment=place)

    assert played.status == 0, played.output
    assert trusted(environment) == {"CN=In the working directory"}
    assert enabled(environment) == ["user0001"]
    changes = (start / "changes.txt").read_text()
    assert changes == "user user0001: im_and_presence no -> yes, meeting_information no -> yes\n"
    (start / ROOT_FILE).unlink()
    missing = play(environment.ready_file, start, "ucops.imp.trust", variables=WANTED, environment=place)
    assert missing.status == 2
    assert f"certificates[0]: {start}/{ROOT_FILE}: No such file or directory" in missing.output


@pytest.mark.parametrize(
    ("beside_the_playbook", "subject", "userid"),
    [(True, "CN=Beside the playbook", "user0002"), (False, "CN=In the working directory", "user0001")],
)
def test_a_playbook_of_ones_own_reads_what_lies_beside_it_first(
    environment: Emulator, start: Path, tmp_path: Path, beside_the_playbook: bool, subject: str, userid: str
) -> None:
    mine = tmp_path / "mine"
    if beside_the_playbook:
        files(mine, "Beside the playbook", "user0002")
    else:
        mine.mkdir()
    defaults = {f"group/ucops.imp.{kind}": f"{{{{ ucops_imp_{kind} }}}}" for kind in ("cucm", "platform")}
    roles = {"hosts": "imp_publisher", "gather_facts": False, "module_defaults": defaults}
    book = [{**roles, "roles": ["ucops.imp.trust", "ucops.imp.calendar_users"]}]
    (mine / "book.yml").write_text(json.dumps(book))

    played = play(environment.ready_file, start, str(mine / "book.yml"), variables=WANTED)

    assert played.status == 0, played.output
    assert trusted(environment) == {subject}
    assert enabled(environment) == [userid]


def test_what_is_nowhere_is_told_as_the_user_has_written_it(environment: Emulator, start: Path, tmp_path: Path) -> None:
    (start / ROOT_FILE).unlink()
    defaults = {"group/ucops.imp.platform": "{{ ucops_imp_platform }}"}
    roles = {"hosts": "imp_publisher", "gather_facts": False, "module_defaults": defaults, "roles": ["ucops.imp.trust"]}
    (tmp_path / "book.yml").write_text(json.dumps([roles]))

    played = play(environment.ready_file, start, str(tmp_path / "book.yml"), variables=WANTED)

    assert played.status == 2
    assert f"certificates[0]: {ROOT_FILE}: No such file or directory" in played.output

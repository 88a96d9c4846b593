# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority's root on the Exchange servers (C6a): the warning, and the plays of ``docs/certificates.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.emulator import Emulator
from tests.support.pages import blocks
from tests.support.playbooks import Played, play, settings

CERTIFICATES = "ucops.imp.certificates"
SERVERS = ["mail1.example.com", "mail2.example.com"]
STANDALONE = "ca.example.com"
REHEARSAL = "Have the emulated Exchange servers trust the emulated authority"
REMEDY = "Have the Exchange servers trust the authority"

STUB = """
import json
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={specification!r})
with open({log!r}, "a") as log:
    log.write(json.dumps([{name!r}, module.params]) + "\\n")
module.exit_json(changed=True)
"""
"""Stands in for a module of ansible.windows, whose options it knows and nobody else's."""

WINDOWS = {
    "win_copy": ["backup", "content", "decrypt", "dest", "force", "local_follow", "remote_src", "src"],
    "win_certificate_store": [
        *("file_type", "key_exportable", "key_storage", "password", "path", "state", "store_location"),
        *("store_name", "store_type", "thumbprint"),
    ],
}
"""The options of the modules, as the documentation of ansible.windows lists them."""


@pytest.fixture(name="environment")
def environment_fixture(certificates_environment: Emulator) -> Emulator:
    return certificates_environment


def documented(title: str, folder: Path) -> str:
    """Write a play of the page to a file and return its path."""
    (printed,) = [block for block in blocks("docs/certificates.md") if f"- name: {title}\n" in block.text]
    file = folder / "documented.yml"
    file.write_text(printed.text, encoding="utf-8")
    return str(file)


def certificates(environment: Emulator, folder: Path) -> str:
    """Run the playbook on the Exchange servers; returns what it printed, in one line."""
    played = play(environment.ready_file, folder, CERTIFICATES, "--limit", "exchange")
    assert played.status == 0, played.output
    return " ".join(played.output.split())


def test_the_warning_and_the_rehearsal_of_the_remedy(environment: Emulator, tmp_path: Path) -> None:
    # On each server once: when the certificate is bound, and as long as the root is missing.
    for _ in range(2):
        output = certificates(environment, tmp_path)
        assert output.count("its status is Untrusted") == len(SERVERS)
        assert output.count("Install the root of the authority that issued it") == len(SERVERS)

    installed = play(
        environment.ready_file,
        tmp_path,
        documented(REHEARSAL, tmp_path),
    )
    assert installed.status == 0, installed.output

    last = environment.control.last_journal_id()
    assert "does not find the certificate" not in certificates(environment, tmp_path)
    assert environment.journal(writes=True, after=last) == []


def windows(environment: Emulator, folder: Path) -> tuple[Played, list[tuple[str, dict[str, Any]]]]:
    """Run the play for Windows with stand-ins for its modules; returns what each of them was asked for."""
    modules = folder / "collections" / "ansible_collections" / "ansible" / "windows" / "plugins" / "modules"
    modules.mkdir(parents=True)
    log = folder / "windows.jsonl"
    for name, options in WINDOWS.items():
        specification = {option: {"type": "str"} for option in options}
        text = STUB.format(specification=specification, log=str(log), name=name)
        (modules / f"{name}.py").write_text(text, encoding="utf-8")
    machines = folder / "windows.yml"
    machines.write_text(json.dumps({"exchange_windows": {"hosts": dict.fromkeys(SERVERS)}}), encoding="utf-8")
    path = settings(environment.ready_file)["ANSIBLE_COLLECTIONS_PATH"]
    played = play(
        environment.ready_file,
        folder,
        documented(REMEDY, folder),
        *("-i", str(machines)),
        environment={"ANSIBLE_COLLECTIONS_PATH": f"{path}:{folder / 'collections'}"},
    )
    return played, [tuple(json.loads(line)) for line in log.read_text().splitlines()]


def test_the_play_for_windows_installs_every_root(environment: Emulator, tmp_path: Path) -> None:
    environment.control.ca_renew(STANDALONE)
    played, calls = windows(environment, tmp_path)
    assert played.status == 0, played.output
    copied = {asked["dest"]: asked["content"] for name, asked in calls if name == "win_copy"}
    stored = [asked for name, asked in calls if name == "win_certificate_store"]
    assert len(copied) == 2
    assert sorted(asked["path"] for asked in stored) == sorted(len(SERVERS) * list(copied))
    places = {(asked["store_location"], asked["store_name"], asked["state"]) for asked in stored}
    assert places == {("LocalMachine", "Root", "present")}
    # What it copies is what makes the servers trust the authority.
    for pem in copied.values():
        for server in SERVERS:
            environment.control.add_exchange_roots(server, pem)
    assert "does not find the certificate" not in certificates(environment, tmp_path)


def test_no_other_play_of_the_page_goes_untested() -> None:
    plays = [yaml.safe_load(block.text) for block in blocks("docs/certificates.md") if block.is_play]
    titles = [one["name"] for (one,) in plays]
    assert sorted(titles) == sorted([REHEARSAL, REMEDY])

# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a running emulator as a file, of the control plane and of the command; without secrets."""

from __future__ import annotations

import json

import httpx
from typer.testing import CliRunner

from imp_emulator import cli
from imp_emulator.testing import JournalForm
from tests.support.axl import OverTheWire
from tests.support.emulator import Emulator


def test_the_command_prints_what_the_control_plane_gives(environment: Emulator) -> None:
    axl = OverTheWire(environment)
    axl.ask("getUser", "<userid>user0001</userid>").done()
    axl.ask("updateUser", "<userid>user0001</userid><lastName>L</lastName>").done()
    secret = environment.account("application")[1]
    # Somebody has pasted a password into the wrong place.
    httpx.get(f"{environment.url('cucm-pub', 8443)}/nowhere/{secret}", verify=environment.tls, trust_env=False)

    def printed(*arguments: str) -> str:
        done = CliRunner().invoke(cli.app, ["journal", "--ready-file", str(environment.ready_file), *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout

    har = printed()
    assert har.encode() == environment.control.export_journal()
    urls = [one["request"]["url"] for one in json.loads(har)["log"]["entries"]]
    node = environment.ready["clusters"]["dc1"]["nodes"]["cucm-pub"]["fqdn"]
    assert urls == [f"https://{node}:8443/axl/", f"https://{node}:8443/axl/", f"https://{node}:8443/nowhere/***"]
    plain = json.loads(printed("--format", "json", "--writes", "--node", "cucm-pub"))
    assert [one["operation"] for one in plain["entries"]] == ["updateUser"]
    found = json.loads(environment.control.export_journal(JournalForm.JSON, writes=True, node="cucm-pub"))
    assert found["entries"] == plain["entries"]
    for text in (har, printed("--format", "json")):
        assert secret not in text
        assert environment.ready["control"]["token"] not in text
    assert json.loads(printed("--cluster", "nowhere"))["log"]["entries"] == []
    assert CliRunner().invoke(cli.app, ["journal", "--ready-file", "x", "--format", "xml"]).exit_code == 2

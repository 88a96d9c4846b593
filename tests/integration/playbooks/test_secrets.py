# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows in what ansible-playbook prints or keeps, at the highest verbosity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.odd_arguments import MARK
from tests.support.playbooks import play

ACCOUNT = {"account": r"EXAMPLE\svc", "account_password": "{{ gateway_password }}"}
SECRETS = {"direct_password": f"1{MARK}77aa", "gateway_password": f"2{MARK}'88\"bb", "pem": f"3{MARK}cc"}
TASKS: list[dict[str, Any]] = [
    {"ucops.imp.presence_gateways": {"gateways": ["mail1.example.com"], **ACCOUNT}, "register": "r"},
    {"ansible.builtin.debug": {"var": "r"}},
    {"ucops.imp.presence_gateways": {"gateways": {"mail1.example.com": 443}, **ACCOUNT}},
    {"ucops.imp.presence_gateways": {"gateways": [{"name": "mail1.example.com", "prot": [1]}], **ACCOUNT}},
    {"ucops.imp.presence_gateways": {"gateways": [], "account": "a@b", "acount_password": "{{ gateway_password }}"}},
    {"ucops.imp.presence_gateways": {"gateways": [], "account": "a@b", "account_password": ["{{ gateway_password }}"]}},
    {"ucops.imp.presence_gateways": {"gateways": [], **ACCOUNT, "update_password": "{{ gateway_password }}"}},
    {"ucops.imp.services": {"services": ["Cisco Presence Engine"], "state": "started", "nodes": ["imp1"]}},
    {"ucops.imp.services": {"services": {"a": {"b": 1}}, "state": "started", "nodes": 7}},
    {"ucops.imp.trust_certificates": {"certificates": ["{{ pem }}"], "hostname": "a", "password": "{{ pem }}"}},
    {"ucops.imp.services_info": {"services": ["a"], "nodes": [["imp1"]]}, "async": 60, "poll": 1, "register": "r"},
    {"ansible.builtin.debug": {"var": "r"}},
]


def test_no_secret_shows_on_the_terminal_nor_in_the_file_of_a_job(tmp_path: Path) -> None:
    """The secrets come from variables: ansible-core itself quotes the lines of a play that a failed task stands in."""
    defaults = {"hostname": "127.0.0.1", "port": 1, "username": "axladmin", "password": "{{ direct_password }}"}
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "ignore_errors": True,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "module_defaults": {"group/ucops.imp.imp": defaults},
        "tasks": TASKS,
    }
    (tmp_path / "book.yml").write_text(json.dumps([book]))
    (tmp_path / "secrets.json").write_text(json.dumps(SECRETS))
    (tmp_path / "hosts").write_text("localhost\n")
    jobs = tmp_path / "jobs"
    done = play(
        tmp_path / "none",
        tmp_path,
        str(tmp_path / "book.yml"),
        "-vvvv",
        "--extra-vars",
        f"@{tmp_path / 'secrets.json'}",
        inventory=tmp_path / "hosts",
        # From core 2.21 on, the arguments are in a result only where they are asked for.
        environment={"ANSIBLE_ASYNC_DIR": str(jobs), "ANSIBLE_INJECT_INVOCATION": "true"},
    )
    assert done.status == 0, done.output
    assert done.output.count("FAILED! =>") == sum("ansible.builtin.debug" not in task for task in TASKS), done.output
    assert done.output.count('"module_args"') >= 10
    assert "Traceback" not in done.output
    assert MARK not in done.output
    assert "gateways[0]: it is no dictionary" in done.output
    assert not any(MARK in path.read_text() for path in jobs.rglob("*") if path.is_file())

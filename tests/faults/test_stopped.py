# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run on a terminal: what it shows of tasks that take long, what stays as it is, and how Ctrl-C ends it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.emulator import Emulator
from tests.support.kill import family_of, wait_until_gone
from tests.support.playbooks import command, settings
from tests.support.terminal import CTRL_C, OnATerminal

SLOW = 0.25  # seconds
LATE = 5  # seconds: a terminal shows something after three
PLAYBOOK = """
- hosts: imp_publisher
  gather_facts: false
  module_defaults: &connection
    group/ucops.imp.cucm: "{{ lookup('ucops.imp.options', 'settings', 'ucops_imp_cucm').ucops_imp_cucm }}"
  tasks:
    - name: In a loop, until it is so, with an environment of its own, for another host
      ucops.imp.calendar_users:
        users: [{userid: "{{ item }}", meeting_information: false}]
      check_mode: true
      delegate_to: imp-sub.dc1
      environment: {UCOPS_CUCM_TIMEOUT: "29"}
      register: looped
      until: looped is changed
      loop: [user0001, user0002]
    - name: In the background
      ucops.imp.calendar_users_info:
        users: [user0001]
      async: 60
      poll: 1
      register: background
    - name: With a secret, and slow
      ucops.imp.calendar_users_info:
        query: {department: sales}
      no_log: true
    - ansible.builtin.assert:
        that:
          - looped.results | map(attribute='changes') | map('first') | map(attribute='id') == ['user0001', 'user0002']
          - looped.results | map(attribute='invocation.module_args.timeout') | unique == [29]
          - background.users[0].userid == 'user0001'

- hosts: imp_nodes
  strategy: free
  gather_facts: false
  module_defaults: *connection
  tasks:
    - name: Two hosts at once
      ucops.imp.calendar_users:
        csv_path: "{{ inventory_hostname }}.csv"
        meeting_information: false
        concurrency: 2
"""


def updates(environment: Emulator) -> int:
    return len(environment.journal(operation="updateUser"))


def test_what_somebody_sees_who_waits_and_then_presses_ctrl_c(environment: Emulator, tmp_path: Path) -> None:
    environment.control.fault("delay", effect={"seconds": SLOW}, operation="updateUser")
    environment.control.fault("delay", effect={"seconds": LATE}, operation="listUser", times=1)
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    for host, first in (("imp-pub.dc1", 1), ("imp-sub.dc1", 501)):
        users = (f"user{number:04d}" for number in range(first, first + 500))
        (tmp_path / f"{host}.csv").write_text("\n".join(users))
    telling = re.compile(r"^\[(imp-\w+\.dc1)\] calendar_users: (\d+) of 500 users", re.MULTILINE)

    with OnATerminal(command("play.yml"), tmp_path, settings(environment.ready_file)) as run:
        run.read_until(lambda shown: {host for host, _done in telling.findall(shown)} == {"imp-pub.dc1", "imp-sub.dc1"})
        family = family_of(run.process.pid)
        run.type(CTRL_C)
        shown = run.read_to_the_end()
        status = run.process.wait()
    wait_until_gone(family)
    made = updates(environment)

    assert status == 99, "ansible's own status"
    assert "Traceback" not in shown
    assert "] calendar_users_info:" not in shown, "nothing is shown of a task with no_log, nor of one in the background"
    told = re.findall(r"^\[imp-\w+\.dc1\] calendar_users: Stopped\. (\d+) of 500 users done\. ", shown, re.MULTILINE)
    assert len(told) == 2
    assert sum(map(int, told)) == made, "what was told is what was done"
    assert made < 1000

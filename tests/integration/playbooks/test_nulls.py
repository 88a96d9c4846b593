# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Null is as good as left out, and an empty text is a sentence, as a user of playbooks meets them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.support.emulator import Emulator
from tests.support.playbooks import play

NULLS = """\
- hosts: imp_publisher
  gather_facts: false
  module_defaults:
    group/ucops.imp.cucm: "{{ ucops_imp_cucm | combine({'timeout': none}) }}"
    group/ucops.imp.platform: "{{ ucops_imp_platform }}"
  tasks:
    - {name: query, ucops.imp.calendar_users: {query: null}, check_mode: true, ignore_errors: true}
    - {name: users, ucops.imp.calendar_users: {users: null}, check_mode: true, ignore_errors: true}
    - {name: path, ucops.imp.trust_certificates: {certificates: [{path: ""}]}, check_mode: true, ignore_errors: true}
    - name: items
      ucops.imp.calendar_users: {users: [null, {userid: user0001, im_and_presence: null}], query: null, csv_path: null}
      check_mode: true
    - name: YAML
      ucops.imp.service_parameters:
        parameters: [{service: Cisco Presence Engine, name: ExchangeQueue, value: yes}]
      check_mode: "{{ item }}"
      loop: [true, false]
      ignore_errors: true
"""


def test_null_and_empty_options_of_modules(environment: Emulator, tmp_path: Path) -> None:
    book = tmp_path / "nulls.yml"
    book.write_text(NULLS)

    played = play(environment.ready_file, tmp_path, str(book))

    assert played.status == 0, played.output
    told = re.sub(r"\s+", " ", played.output)
    assert set(re.findall(r"TASK \[(\w+)\] \*+ [^*]*one of the following is required: users", told)) == {
        "query",
        "users",
    }
    assert "certificates[0].path: it is an empty text. Give a value, or leave the option out." in told
    said = "parameters[0].value: it is a truth value (YAML takes yes, no, on and off for one)."
    assert re.findall(r"failed: \[[^]]*\] \(item=(\w+)\)", told) == ["True", "False"]
    assert said in told
    assert environment.journal(writes=True) == []


def test_an_administrator_that_is_null_leaves_the_request_to_the_authority(
    environment: Emulator, tmp_path: Path
) -> None:
    nulls = {"exchange_certificate_administrator": None, "exchange_certificate_template": None}
    due: dict[str, Any] = {"exchange_certificate_renew_before_days": 36_525, "exchange_certificate_wait_timeout": 0}

    played = play(environment.ready_file, tmp_path, "ucops.imp.certificates", variables={**nulls, **due})

    assert "NoneType" not in played.output
    assert "was not issued within 0 s" in played.output

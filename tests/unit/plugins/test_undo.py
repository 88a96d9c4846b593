# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What puts things back, worked out of backups and results; and which folder is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.lookup.undo import LookupModule
from ansible_collections.ucops.imp.plugins.module_utils._module.backups import Backups, Entry
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.folders import run_name
from ansible_collections.ucops.imp.plugins.plugin_utils._rollback.undo import entries_of, undo
from ansible_collections.ucops.imp.plugins.plugin_utils._settings.variables import COLLECTION, Host

EWS, ONLINE = "Exchange -- EWS Server", "Office 365 Server"
MAIL = "mail1.example.com"


def entry(kind: str, name: str, action: str = "update", before: Any = None, **fields: tuple[Any, Any]) -> Entry:
    items = [{"name": key, "before": old, "after": new, "secret": False} for key, (old, new) in fields.items()]
    found = {"kind": kind, "id": name, "action": action, "fields": items}
    return found if before is None else {**found, "before": before}


def secret(name: str) -> dict[str, Any]:
    return {"name": name, "before": "(differs)", "after": "(as given)", "secret": True}


def test_of_several_changes_of_one_object_the_first_counts() -> None:
    found = undo(
        [
            entry("calendaring_parameter", "exchange_queue", value=(2200, 100)),
            entry("presence_gateway", MAIL, "create", type=(None, EWS)),
            entry("calendaring_parameter", "exchange_queue", value=(100, 300)),
            entry("presence_gateway", MAIL, description=("", "new")),
        ]
    )
    assert found.parameters == {"exchange_queue": 2200}
    assert (found.new_gateways, found.gateways) == ([{"name": MAIL, "type": "exchange_ews"}], [])
    assert found.back == ["presence gateways: 1", "calendaring parameters: 1"]
    assert found.cannot == []


def test_fields_that_different_tasks_have_changed_are_put_back_together() -> None:
    found = undo(
        [
            entry("presence_gateway", MAIL, port=(443, 444), before={"name": MAIL, "port": 443, "description": "old"}),
            entry("presence_gateway", MAIL, description=("old", "new")),
        ]
    )
    assert found.gateways == [{"name": MAIL, "type": "exchange_ews", "port": 443, "description": "old"}]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"meeting_information": (False, True)}, (True, False)),
        ({"im_and_presence": (False, True)}, (False, False)),
        ({"im_and_presence": (True, False)}, (True, False)),
        ({"im_and_presence": (False, True), "meeting_information": (False, True)}, (False, False)),
    ],
)
def test_a_result_says_all_of_a_user(fields: dict[str, Any], wanted: tuple[bool, bool]) -> None:
    found = undo(entries_of({"changes": [entry("calendar_user", "anna", **fields)], "current": {"selected": 1}}))
    assert [(one["userid"], one["im_and_presence"], one["meeting_information"]) for one in found.users] == [
        ("anna", *wanted)
    ]


def test_what_was_kept_of_a_user_counts() -> None:
    kept = {"im_and_presence": True, "meeting_information": True}
    (found,) = undo([entry("calendar_user", "anna", before=kept, meeting_information=(True, False))]).users
    assert found == {"userid": "anna", **kept}


def test_a_home_cluster_comes_back_where_the_run_has_changed_it() -> None:
    """The module sets the other options as well, so it cannot be put back while these are not known."""
    kept = {"home_cluster": True, "im_and_presence": False, "meeting_information": False}
    changed: dict[str, Any] = {"home_cluster": (True, False)}
    (found,) = undo([entry("calendar_user", "anna", before=kept, **changed)]).users
    assert found == {"userid": "anna", **kept}
    (found,) = undo([entry("calendar_user", "anna", meeting_information=(True, False), **changed)]).users
    assert found == {"userid": "anna", "home_cluster": True, "im_and_presence": True, "meeting_information": True}
    told = undo(entries_of({"changes": [entry("calendar_user", name, **changed) for name in ("anna", "ben")]}))
    assert told.users == []
    assert len(told.cannot) == 1
    assert told.cannot[0].startswith("The home cluster of anna, ben: calendar_users sets the other options")


@pytest.mark.parametrize("value", ["7 minutes", 0, 1441, None])
def test_a_value_that_no_option_takes_is_told(value: Any) -> None:
    found = undo([entry("calendaring_parameter", "ews_status_frequency", value=(value, 60))])
    assert found.parameters == {}
    assert found.cannot[0].startswith(f"ews_status_frequency: it was {value!r}, which no option")


def test_names_and_paths_of_parameters_come_back_as_they_were_called() -> None:
    place = {"service": "Cisco Presence Engine", "node": "EnterpriseWideData"}
    found = undo(
        [
            entry("calendaring_parameter", "exchange_queue", before={**place, "name": "OwnName"}, value=(2200, 100)),
            entry(
                "calendaring_parameter", "exchange_threads", before={**place, "name": "ExchangeThreads"}, value=(60, 9)
            ),
            entry("service_parameter", "EnterpriseWideData/Enterprise Wide/EnableIPV6", value=("F", "T")),
        ]
    )
    assert found.parameter_names == {"exchange_queue": "OwnName"}
    assert found.service_parameters == [
        {"node": "EnterpriseWideData", "service": "Enterprise Wide", "name": "EnableIPV6", "value": "F"}
    ]


def certificate(name: str, action: str, subject: str, content: str | None = None) -> Entry:
    side = (None, subject) if action == "create" else (subject, None)
    kept = None if content is None else {"store": "cup-trust", "content": content}
    return entry("trust_certificate", name, action, kept, store=("cup-trust", "cup-trust"), subject=side)


def test_a_certificate_that_gave_way_comes_back_after_the_other_is_gone() -> None:
    found = undo(
        [
            certificate("imp1:aa", "delete", "CN=Old", "PEM aa"),
            certificate("imp1:bb", "delete", "CN=Same", "PEM bb"),
            certificate("imp1:cc", "create", "CN=Same"),
            {**certificate("imp2:dd", "replace", "CN=Other", "PEM dd"), "fields": [], "service_token": "cupx"},
            certificate("imp2:ee", "delete", "CN=Lost"),
            certificate("imp3:aa", "delete", "CN=Old", "PEM aa"),
            certificate("imp3:bb", "delete", "CN=Same", "PEM bb"),
            certificate("imp3:cc", "create", "CN=Same"),
        ]
    )
    common = {"nodes": ["imp1", "imp3"], "store": "cup-trust", "service_token": None}
    assert found.trust_first == [{**common, "state": "present", "certificates": [{"content": "PEM aa"}]}]
    assert found.trust_last == [
        {**common, "state": "absent", "certificates": [{"fingerprint": "cc"}]},
        {**common, "state": "present", "certificates": [{"content": "PEM bb"}]},
        {
            "nodes": ["imp2"],
            "store": "cup-trust",
            "service_token": "cupx",
            "state": "present",
            "certificates": [{"content": "PEM dd"}],
        },
    ]
    assert found.cannot[0].startswith("imp2: the certificate CN=Lost (ee) was deleted from cup-trust. Upload it again")


def test_gateways_of_office_365_come_back_as_far_as_their_secrets_are_still_there() -> None:
    online = {"name": "Outlook.example.com", "type": "office_365", "port": 443, "client_id": "1", "tenant_id": "2"}
    changed = entry(
        "presence_gateway", "outlook.example.com", port=(443, 444), before={**online, "proxy_username": "u"}
    )
    assert undo([changed]).gateways == [online]
    for gone in (
        entry("presence_gateway", "outlook.example.com", "delete", online),
        entry("presence_gateway", "outlook.example.com", before=online, client_id=("1", "9")),
        entry("presence_gateway", "outlook.example.com", "delete", type=(ONLINE, None)),
    ):
        found = undo([gone])
        assert found.gateways == []
        assert "needs its client_secret again" in found.cannot[0]
    secrets = {**changed, "fields": [secret("client_secret")]}
    assert "its secrets were changed" in undo([secrets]).cannot[0]


def test_a_kind_of_gateway_that_the_module_does_not_know_is_told() -> None:
    (said, *_order) = undo([entry("presence_gateway", MAIL, "delete", {"type": "Lync"})]).cannot
    assert "knows no gateways of the kind Lync" in said


def test_the_account_comes_back_with_a_password_only() -> None:
    changes = [{**entry("gateway_credentials", "shared", account=("old@example.com", "new@example.com"))}]
    changes[0]["fields"].append(secret("password"))
    found = undo(entries_of({"changes": changes, "current": {"account": "new@example.com", "gateways": []}}))
    assert (found.account, found.account_changed) == ("old@example.com", True)
    assert "which was old@example.com" in found.cannot[0]
    alone = undo([{**changes[0], "fields": [secret("password")], "before": {"account": "same@example.com"}}])
    assert (alone.account, alone.account_changed) == ("same@example.com", True)
    deleted = undo([entry("presence_gateway", MAIL, "delete", {"type": "exchange_ews", "account": "a@example.com"})])
    assert (deleted.account, deleted.account_changed) == ("a@example.com", False)
    assert "restore_account_password" in deleted.cannot[0]


def test_a_gateway_of_a_result_has_what_was_not_changed_from_its_state() -> None:
    current = {
        "account": "a",
        "gateways": [{"name": "Mail1.example.com", "type": "exchange_ews", "port": 444, "description": "new"}],
    }
    found = undo(
        entries_of(
            {
                "results": [
                    {"changes": [entry("presence_gateway", MAIL, description=("old", "new"))], "current": current},
                    {"skipped": True},
                ]
            }
        )
    )
    assert found.gateways == [{"name": "Mail1.example.com", "type": "exchange_ews", "port": 444, "description": "old"}]


def test_the_certificate_that_iis_used_is_bound_again_where_the_module_can() -> None:
    used = {"thumbprint": "AA", "subject": "CN=x", "names": ["10.0.0.1:1", MAIL], "pem": "PEM"}
    found = undo([entry("certificate_services", "BB", before={"in_use": used, "usable": True}, services=([], ["IIS"]))])
    assert found.exchange_certificates == [
        {"common_name": MAIL, "certificate": "PEM", "services": ["IIS"], "renew_before_days": 0}
    ]
    for kept in ({"in_use": used, "usable": False}, {"in_use": {**used, "names": []}, "usable": True}):
        other = undo([entry("certificate_services", "BB", before=kept)])
        assert other.exchange_certificates == []
        assert other.cannot[0].startswith("IIS used the certificate AA (CN=x), which the module cannot bind.")
    assert undo([entry("certificate_services", "AA", before={"in_use": used, "usable": True})]).back == []


def test_what_nothing_puts_back_is_told() -> None:
    told = undo(
        [
            entry("service", "imp1:Cisco Presence Engine", "restart"),
            entry("service", "imp2:Cisco Presence Engine", "restart"),
            entry("service", "imp1:Cisco SIP Proxy", "stop"),
            entry("high_availability", "group", "switch_off"),
            entry("user_presence", "anna", "create"),
            entry("certificate_request", "7", "issue"),
            entry("certificate", "CC", "delete"),
            entry("novelty", "x", "create"),
            entry("calendar_user", "an********", meeting_information=(False, True)),
        ]
    )
    left = "Services are left as they are; see ucops.imp.services."
    assert told.back == []
    assert told.cannot == [
        "calendar user an(hidden): a part of it is also a password, so it was not written down.",
        "Was restarted, which nobody can undo: imp1: Cisco Presence Engine, imp2: Cisco Presence Engine.",
        f"Was stopped, which nobody can undo: imp1: Cisco SIP Proxy. {left}",
        "Presence that was set by hand is over when its time ends, and is not set again: anna.",
        "The certificate request 7 was changed. It stays so.",
        "The certificate CC was deleted, with its private key. It stays so.",
        "novelty x: create. Nothing puts this back.",
    ]


def test_rights_for_mailboxes() -> None:
    found = undo(
        [
            entry("role_assignment", "presence@example.com", "create"),
            entry("role_assignment", "Impersonation-1", "delete", {"account": "old@example.com"}),
        ]
    )
    assert found.impersonation == [
        {"account": "presence@example.com", "state": "absent"},
        {"account": "old@example.com", "name": "Impersonation-1", "state": "present"},
    ]


# --- folders


def kept(folder: Path, name: str) -> None:
    options = {"backup": True, "backup_options": {"dir_path": str(folder)}}
    change = entry("calendaring_parameter", name, value=(60, 9))
    Backups(options, "calendaring_parameters", "cucm1", set()).keep([change])


def looked_up(*terms: Any, host: str = "imp1", **variables: Any) -> dict[str, Any]:
    return LookupModule().run(list(terms), variables={"inventory_hostname": host, **variables})[0]


def test_the_folder_of_a_run_has_one_for_each_host(tmp_path: Path) -> None:
    kept(tmp_path / "run" / "imp1", "exchange_threads")
    kept(tmp_path / "run" / "imp1", "ews_status_frequency")
    assert list(looked_up(str(tmp_path / "run"))["parameters"]) == ["exchange_threads", "ews_status_frequency"]
    assert looked_up(str(tmp_path / "run" / "imp1")) == looked_up(str(tmp_path / "run"))
    assert looked_up(str(tmp_path / "run"), host="other")["back"] == []
    result = {"changes": [entry("calendaring_parameter", "exchange_threads", value=(1, 60))]}
    assert looked_up(result, str(tmp_path / "run"))["parameters"]["exchange_threads"] == 1


def test_the_folder_of_one_host_is_no_other_hosts(tmp_path: Path) -> None:
    kept(tmp_path / "imp1", "exchange_threads")
    kept(tmp_path / "own", "exchange_threads")
    several = {"groups": {"all": ["imp1", "imp2"]}, "ansible_play_hosts_all": ["imp1", "imp2"]}
    assert looked_up(str(tmp_path / "imp1"), host="imp1", **several)["back"] == ["calendaring parameters: 1"]
    assert looked_up(str(tmp_path / "imp1"), host="imp2", **several)["back"] == []
    with pytest.raises(AnsibleError, match=r"own: it does not say of which host its backups are\. Name that one with"):
        looked_up(str(tmp_path / "own"), host="imp2", **several)
    alone = looked_up(str(tmp_path / "own"), host="imp2", **{**several, "ansible_play_hosts_all": ["imp2"]})
    assert alone["back"] == ["calendaring parameters: 1"]


def test_a_folder_of_nobody_is_not_taken_by_the_only_cluster_and_the_only_exchange_server(tmp_path: Path) -> None:
    """Each is alone in its play of the playbook."""
    kept(tmp_path / "own", "exchange_threads")
    groups = {"all": ["imp1", "mail1"], "imp_publisher": ["imp1"], "exchange": ["mail1"]}
    for host in ("imp1", "mail1"):
        with pytest.raises(AnsibleError, match="Name that one with --limit"):
            looked_up(str(tmp_path / "own"), host=host, groups=groups, ansible_play_hosts_all=[host])
    named: dict[str, Any] = {"groups": groups, "ansible_play_hosts_all": ["imp1"], "ansible_limit": "imp1"}
    assert looked_up(str(tmp_path / "own"), **named)["back"] == ["calendaring parameters: 1"]


@pytest.mark.parametrize(
    ("host", "cluster", "services"), [("imp1", "dc1", ["A", "C"]), ("imp2", "dc2", ["B", "C"]), ("mail1", "dc1", [])]
)
def test_a_cluster_loads_what_its_own_exchange_servers_show(host: str, cluster: str, services: list[str]) -> None:
    def server(service: str, **more: str) -> dict[str, Any]:
        return {"restore_exchange_result": {"results": [{"restart_required": [service]}]}, **more}

    hostvars = {"mail1": server("A", ucops_imp_cluster="dc1"), "mail2": server("B", ucops_imp_cluster="dc2")}
    hostvars |= {"mail3": server("C"), "mail4": {}}
    loader = DataLoader()
    variables: dict[str, Any] = {
        "inventory_hostname": host,
        "ucops_imp_cluster": cluster,
        "groups": {"imp_publisher": ["imp1", "imp2"], "exchange": list(hostvars)},
        "hostvars": hostvars,
    }
    known = Host(variables, Templar(loader=loader, variables=variables), loader)
    role = known.with_variables(known.file(COLLECTION / "roles" / "restore" / "vars" / "main.yml"))
    assert sorted(role.value(role.variables["restore_exchange_restarts"])) == services


def test_a_folder_without_backups_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match="cannot be read: No such file or directory"):
        looked_up(str(tmp_path / "none"))
    (tmp_path / "imp2").mkdir()
    with pytest.raises(AnsibleError, match="it has no backups"):
        looked_up(str(tmp_path))
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(AnsibleError, match=r"notes\.json is no backup"):
        looked_up(str(tmp_path))


@pytest.mark.parametrize(
    "result",
    [
        {"changes": "many"},
        {"changes": [{"kind": "service"}]},
        {"changes": [entry("certificate_services", "BB", before={"in_use": "AA"})]},
        {"changes": [entry("presence_gateway", MAIL, port=(1, 2))], "current": {"gateways": [7]}},
    ],
)
def test_what_is_no_result_is_refused(result: dict[str, Any]) -> None:
    with pytest.raises(AnsibleError, match="what is to be put back is damaged"):
        looked_up(result)
    assert looked_up({"changed": False, "msg": "nothing of ours"})["back"] == []


def test_a_certificate_in_two_stores_of_a_node_is_two() -> None:
    one = certificate("imp1:aa", "create", "CN=New")
    other = entry("trust_certificate", "imp1:aa", "create", store=(None, "tomcat-trust"), subject=(None, "CN=New"))
    assert [call["store"] for call in undo([one, other]).trust_last] == ["cup-trust", "tomcat-trust"]


def test_nodes_are_reached_as_the_list_says_and_else_by_their_name() -> None:
    results = [{"changes": [certificate(f"{node}:aa", "create", "CN=New") for node in ("imp1", "imp2")]}]
    lookup = LookupModule().run(results, variables={}, nodes=[{"name": "imp2", "port": 8444}, {}])
    assert lookup[0]["trust_last"][0]["nodes"] == [{"name": "imp1"}, {"name": "imp2", "port": 8444}]


def test_all_processes_of_a_run_name_one_folder_and_the_next_run_another(tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    assert run_name(tmp_path) == run_name(tmp_path)
    assert run_name(tmp_path / "next") >= run_name(tmp_path)
    assert len(list(tmp_path.glob("*"))) == 2

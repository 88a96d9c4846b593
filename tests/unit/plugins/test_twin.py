# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on a twin: whatever names a real server or holds a real secret is replaced, in every module there is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ucops.imp.plugins.lookup import backup_folder, options, setting_problems
from ansible_collections.ucops.imp.plugins.module_utils._core.options import Arguments, connection_options
from ansible_collections.ucops.imp.plugins.module_utils._module.validation import job_of
from ansible_collections.ucops.imp.plugins.module_utils._product.endpoints import CUCM, ENDPOINT_KINDS, EXCHANGE, IMP
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.arguments import STAND_IN, in_the_twin
from ansible_collections.ucops.imp.plugins.plugin_utils._twin.ready import TWIN, NotReady, chosen, read

from tests.support import twins
from tests.support.plugin_files import MODULES

SECRET = "canary-51c8"
HOSTS = {"exchange": "mail1.example.com", "ca": "ca.example.com"}
CONNECTION = {"hostname": "imp1.example.com", "username": "svc-real", "password": SECRET, "ca_path": "/real/ca.pem"}
CERTIFICATES = {"content", "path"}
"""Hidden by modules because somebody may give a key by mistake. What belongs there is no secret."""
LOADER = DataLoader()
HOST: dict[str, Any] = {
    "ansible_connection": "local",
    "ansible_run_tags": ["all"],
    "inventory_hostname": "imp1.example.com",
    "inventory_dir": "/real",
    "playbook_dir": "/none",
    "ucops_imp_cluster": "hq",
    "ucops_imp_cucm": {**CONNECTION, "hostname": "cucm1.example.com"},
    "ucops_imp_publisher": CONNECTION,
    "ucops_imp_platform": CONNECTION,
}


def jobs() -> Iterator[tuple[str, Arguments]]:
    for name in MODULES:
        main = getattr(import_module(f"ansible_collections.ucops.imp.plugins.modules.{name}"), "main", None)
        if main is not None:
            yield name, job_of(main).arguments


def sample(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for each option that names a server, holds a secret, or has such options."""
    found: dict[str, Any] = {}
    for name, option in spec.items():
        inner = option.get("options")
        if inner:
            value = sample(name if name in ENDPOINT_KINDS else kind, inner)
            found[name] = [value] if option["type"] == "list" else value
        elif name.endswith("hostname"):
            found[name] = "mail1.example.com" if name.startswith("probe") else HOSTS.get(kind, "imp1.example.com")
        elif name == "name":
            found[name] = "imp1" if kind not in HOSTS and "hostname" in spec else "mail1.example.com"
        elif option.get("no_log") and name not in CERTIFICATES:
            found[name] = SECRET
        elif name.endswith(("username", "ca_path", "pending_restarts_path")):
            found[name] = f"/real/{name}"
    return found


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, f"{place}.{key}")
    else:
        yield place, value


@pytest.fixture
def ready_file(tmp_path: Path) -> Path:
    return twins.write(tmp_path)


def test_no_module_is_given_a_real_server_or_secret(ready_file: Path) -> None:
    told = dict(jobs())
    assert {"services", "preflight_info", "exchange_certificate", "adcs_request", "presence"} <= told.keys()
    for module, arguments in told.items():
        given = sample(arguments.kind.name, arguments.spec)
        found, problems = in_the_twin(read(ready_file), module, arguments, given, {})
        assert problems == [], module
        assert found.keys() >= given.keys()
        for place, value in leaves(found):
            assert SECRET not in str(value), (module, place)
            assert not str(value).startswith("/real/") or "proxy_username" in place, (module, place)
            assert value == "127.0.0.1" or not place.endswith("hostname"), (module, place)
        # What is the twin's already stays as it is.
        assert in_the_twin(read(ready_file), module, arguments, found, {}) == (found, []), module


def test_each_server_is_found_by_its_names_and_has_the_account_for_it(ready_file: Path) -> None:
    ready = read(ready_file)

    def there(kind: Any, hostname: str, module: str = "cluster_info", **more: Any) -> tuple[Any, ...]:
        given = {**CONNECTION, "hostname": hostname, **more}
        found, problems = in_the_twin(ready, module, Arguments(kind), given, {})
        assert problems == []
        assert (found["hostname"], found["ca_path"], found["validate_certs"]) == ("127.0.0.1", "/twin/ca.pem", True)
        return found["port"], found["username"], found["password"]

    application = (1200, "application", "twin-application")
    for name in ("imp1", "imp1.example.com", "IMP1.Example.COM", "192.0.2.12"):
        assert there(IMP, name) == application
    # A port that somebody has put in between is none of the product.
    assert there(IMP, "imp1", port="18443") == application
    assert there(ENDPOINT_KINDS["platform"], "imp1") == (1201, "os", "twin-os")
    assert there(ENDPOINT_KINDS["pws"], "imp1") == (1202, "application", "twin-application")
    assert there(CUCM, "cucm1", username="READONLY")[1:] == ("readonly", "twin-readonly")
    # Remote PowerShell, wherever it is on the real server: at the port whose certificate stays.
    assert there(EXCHANGE, "owa.example.com", port=443)[0] == 2101
    assert there(ENDPOINT_KINDS["ca"], "ca.example.com")[:2] == (3100, "requester")
    assert there(ENDPOINT_KINDS["ca"], "ca.example.com", "adcs_request")[:2] == (3100, "caadmin")


def test_a_server_that_the_twin_has_not_is_told_and_stays_unasked(tmp_path: Path) -> None:
    one = twins.cluster(11, ("cucm1", "cucm", "publisher"), ("imp1", "imp", "publisher"))
    other = twins.cluster(14, ("cucm1", "cucm", "publisher"), ("10.0.0.9", "imp", "publisher"))
    other["nodes"]["cucm1"]["fqdn"] = "cucm1.other.example"
    ready = read(twins.write(tmp_path, one=one, other=other))

    def told(kind: Any, given: dict[str, Any], environment: dict[str, str] | None = None) -> list[str]:
        return in_the_twin(ready, "cluster_info", Arguments(kind), given, environment or {})[1]

    (unknown,) = told(IMP, {"hostname": "imp9.example.com"})
    assert unknown == (
        f"hostname: the twin {ready.path} has no node called imp9.example.com. It has cucm1.example.com, "
        "imp1.example.com, cucm1.other.example, 10.0.0.9."
    )
    (several,) = told(CUCM, {"hostname": "cucm1.third.example"})
    assert "has several servers called cucm1.third.example" in several
    assert told(CUCM, {"hostname": "cucm1.other.example"}) == []
    assert told(IMP, {"hostname": "10.0.0.9"}) == []
    # The module would take it from there.
    assert told(IMP, {}) == ["hostname: it is needed, to find the server in the twin."]
    assert "imp9" in told(IMP, {}, {"UCOPS_IMP_HOSTNAME": "imp9"})[0]
    (port,) = told(IMP, {"hostname": "imp1", "port": "https"})
    assert port == "hostname: it has a port that is no number."


def test_a_server_without_the_account_or_the_port_is_told(tmp_path: Path) -> None:
    path = twins.write(tmp_path)
    content = json.loads(path.read_text())
    del content["certification_authorities"]["ca.example.com"]["requester"]
    del content["exchange"]["mail1.example.com"]["ports"]["5986"]
    path.write_text(json.dumps(content))
    for kind, hostname, said in (
        (ENDPOINT_KINDS["ca"], "ca.example.com", "hostname: ca.example.com of the twin has no account for this."),
        (EXCHANGE, "mail1.example.com", "hostname: mail1.example.com of the twin has no port 5986."),
    ):
        assert in_the_twin(read(path), "cluster_info", Arguments(kind), {"hostname": hostname}, {})[1] == [said]


@pytest.mark.parametrize("nodes", [["imp1"], "imp1", 7, [{"name": "imp9"}], '[{"name": "imp9"}]'])
def test_odd_and_unknown_nodes_are_refused(ready_file: Path, nodes: Any) -> None:
    arguments = dict(jobs())["services"]
    _found, problems = in_the_twin(read(ready_file), "services", arguments, {**CONNECTION, "nodes": nodes}, {})
    assert len(problems) == 1
    assert problems[0].startswith("nodes")


def test_dictionaries_as_text_are_replaced_too(ready_file: Path) -> None:
    arguments = dict(jobs())["services"]
    nodes = ['{"name": "imp2", "hostname": "imp2.example.com"}', "name=imp1"]
    cucm = json.dumps({**CONNECTION, "hostname": "cucm1"})
    found, problems = in_the_twin(
        read(ready_file), "services", arguments, {**CONNECTION, "nodes": nodes, "cucm": cucm}, {}
    )
    assert problems == []
    assert found["nodes"] == [
        {"name": "imp2", "hostname": "127.0.0.1", "port": 1300},
        {"name": "imp1", "hostname": "127.0.0.1", "port": 1200},
    ]
    assert (found["cucm"]["hostname"], found["cucm"]["password"]) == ("127.0.0.1", "twin-application")


def test_secrets_of_gateways_are_those_of_the_twin(tmp_path: Path) -> None:
    own = twins.content()["clusters"]["hq"]
    own["gateways_account"] = {"username": "EXAMPLE\\svc", "password": "twin-own"}
    own["gateway_secrets"] = {"outlook.office365.com": {"client_secret": "twin-gateway"}}
    ready = read(twins.write(tmp_path, hq=own))
    online = {"type": "office_365", "client_secret": SECRET, "proxy_password": SECRET}
    gateways = [
        {"name": "mail1.example.com"},
        {"name": "outlook.office365.com", **online, "client_id": "1-2"},
        {"name": "other.office365.com", **online, "client_id": "1-2"},
    ]
    given = {**CONNECTION, "gateways": gateways, "account": "EXAMPLE\\svc", "account_password": SECRET}

    found, problems = in_the_twin(ready, "presence_gateways", dict(jobs())["presence_gateways"], given, {})

    assert problems == []
    assert found["account_password"] == "twin-own"
    assert found["gateways"][0] == gateways[0]
    assert [one["client_secret"] for one in found["gateways"][1:]] == ["twin-gateway", "twin-application"]
    assert [one["proxy_password"] for one in found["gateways"][1:]] == [STAND_IN, STAND_IN]


def test_a_gateway_is_probed_at_the_twins_server(ready_file: Path) -> None:
    arguments = dict(jobs())["preflight_info"]
    gateways: list[dict[str, Any]] = [
        {"name": "mail1.example.com"},
        {"name": "outlook.office365.com", "type": "office_365"},
        {"name": "mail3.example.com"},
        {"name": "mail2.example.com", "port": 444},
    ]
    given = {**CONNECTION, "hostname": "cucm1", "imp": CONNECTION, "gateways": gateways}
    found, problems = in_the_twin(read(ready_file), "preflight_info", arguments, given, {})
    assert found["gateways"][0] == {"name": "mail1.example.com", "probe_hostname": "127.0.0.1", "probe_port": 2100}
    assert found["gateways"][1] == gateways[1]
    # As on a cluster where somebody has left a gateway that is no more.
    assert found["gateways"][2] == {"name": "mail3.example.com", "probe_hostname": "127.0.0.1", "probe_port": 1}
    assert found["gateways"][3] == {**gateways[3], "probe_hostname": "127.0.0.1", "probe_port": 1}
    assert problems == []
    (odd,) = in_the_twin(
        read(ready_file), "preflight_info", arguments, {**given, "gateways": [{"name": "a.b", "port": "x"}]}, {}
    )[1]
    assert odd == "gateways[0]: it has a port that is no number."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "there is no file"),
        ("{", "is no ready file"),
        ('{"format": 2}', "is no ready file"),
        ('{"format": 1, "clusters": []}', "is no ready file"),
        (json.dumps(twins.content()).replace("127.0.0.1", "192.0.2.99"), "servers that are not on this machine"),
        (json.dumps(twins.content()).replace("127.0.0.1", "imp1.example.com"), "is no ready file"),
    ],
)
def test_a_ready_file_that_cannot_be_used(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "ready.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(NotReady, match=reason):
        read(path)


def test_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = twins.write(tmp_path)
    assert chosen(None) is chosen("") is None
    monkeypatch.chdir(tmp_path)
    ready = chosen("ready.json")
    assert ready is not None
    assert ready is chosen(str(path))
    assert SECRET not in repr(ready)
    assert "twin-" not in repr(ready)
    path.write_text(json.dumps({**twins.content(), "note": "another"}))
    again = chosen("ready.json")
    assert again is not None
    assert again.note == "another"
    for odd in (["ready.json"], 7, "\0", "x" * 5000):
        with pytest.raises(NotReady):
            chosen(odd)


def looked_up(module: Any, *terms: str, **variables: Any) -> Any:
    host = {**HOST, **variables}
    lookup = module.LookupModule(loader=LOADER, templar=Templar(loader=LOADER, variables=host))
    return lookup.run(list(terms), variables=host)


def test_what_a_run_keeps_of_an_environment_is_the_twins(ready_file: Path) -> None:
    folder, twin = ready_file.parent, {TWIN: str(ready_file)}
    (trust,) = looked_up(options, "trust", **twin)
    assert trust["trust_pending_restarts_path"] == str(folder / "pending-restarts" / "hq.json")
    (exchange,) = looked_up(options, "exchange_certificate", ansible_check_mode=False, **twin)
    assert exchange["exchange_certificate_directory"] == str(folder / "certificates")
    (settings,) = looked_up(options, "settings", ucops_imp_pending_restarts_path="/real/all.json", **twin)
    assert settings["ucops_imp_pending_restarts_path"] == str(folder / "pending-restarts" / "all.json")
    backed_up = {"ucops_imp_backup": True, "ucops_imp_backup_path": "/real/backups"}
    (kept,) = looked_up(backup_folder, **backed_up, **twin)
    assert Path(kept).is_relative_to(folder / "backups")
    (real,) = looked_up(backup_folder, **backed_up)
    assert Path(real).is_relative_to("/real/backups")
    with pytest.raises(AnsibleError, match="ucops_imp_twin: there is no file"):
        looked_up(options, "trust", ucops_imp_twin="/none/ready.json")


def test_settings_are_looked_at_with_the_servers_of_the_twin(ready_file: Path) -> None:
    (folder,) = {ready_file.parent}
    twin = {TWIN: str(ready_file)}
    (folder / "ca.pem").write_text("")
    content = twins.content()
    content["ca_file"] = str(folder / "ca.pem")
    ready_file.write_text(json.dumps(content))
    parts = ("trust", "presence_engine", "calendaring")

    assert looked_up(setting_problems, *parts, **twin) == []
    (node,) = looked_up(setting_problems, *parts, **twin, trust_nodes=[{"name": "imp1"}, {"name": "imp7"}])
    known = "cucm1.example.com, imp1.example.com, imp2.example.com"
    assert node == f"trust_nodes[1]: the twin {ready_file} has no node called imp7. It has {known}."
    unknown = {**CONNECTION, "hostname": "imp7.example.com"}
    (told,) = looked_up(setting_problems, *parts, **twin, ucops_imp_publisher=unknown, ucops_imp_platform=unknown)
    variables, _colon, said = told.partition(": ")
    assert sorted(variables.split(", ")) == ["ucops_imp_platform.hostname", "ucops_imp_publisher.hostname"]
    assert said == f"the twin {ready_file} has no node called imp7.example.com. It has {known}."
    (away,) = looked_up(setting_problems, *parts, **twin, ansible_connection="ssh")
    assert away.startswith("ucops_imp_twin: the emulator listens on this machine alone")
    (missing,) = looked_up(setting_problems, *parts, ucops_imp_twin="/none/ready.json")
    assert missing.startswith("ucops_imp_twin: there is no file /none/ready.json. Start the emulator")
    # The same settings without the twin, for comparison: the real authority's file is not here.
    assert any("/real/ca.pem" in said for said in looked_up(setting_problems, *parts))


def test_a_connection_is_complete(ready_file: Path) -> None:
    """Whatever a connection has an option for is the twin's, or has nothing to do with the server."""
    found, _problems = in_the_twin(read(ready_file), "cluster_info", Arguments(CUCM), {"hostname": "cucm1"}, {})
    assert connection_options(CUCM).keys() - found.keys() == {"timeout", "retries"}

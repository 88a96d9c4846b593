# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process: start, ready file, restart with the same state, wait, stop, and what it says when it cannot serve."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from imp_emulator.client.control import Control
from imp_emulator.client.launch import COMMAND
from tests.support.emulator import Emulator
from tests.support.project_files import ROOT

StartEmulator = Callable[..., Emulator]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command and return its outcome."""
    command = [*COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def serve(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``serve`` where it is expected to refuse."""
    state, ready_file = folder / "state.sqlite3", folder / "ready.json"
    return run("serve", "--state", str(state), "--ready-file", str(ready_file), *arguments)


def every_port(ready: dict[str, Any]) -> list[tuple[str, int]]:
    nodes = [node for cluster in ready["clusters"].values() for node in cluster["nodes"].values()]
    places = [*nodes, *ready["exchange"].values(), *ready["certification_authorities"].values()]
    return [(place["address"], port) for place in places for port in place["ports"].values()]


def test_the_page_for_role_authors_has_every_key_of_the_ready_file(emulator: Emulator) -> None:
    page = (ROOT / "docs" / "testing-roles.md").read_text(encoding="utf-8")
    assert sorted(key for key in emulator.ready if f"| `{key}" not in page and f", `{key}`" not in page) == [
        "format",
        "pid",
    ]


def test_the_ready_file_tells_everything_and_is_private(emulator: Emulator) -> None:
    ready = emulator.ready
    assert ready["format"] == 1
    assert ready["pid"] == emulator.process.pid
    assert stat.S_IMODE(emulator.ready_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(emulator.state.stat().st_mode) == 0o600
    cluster = ready["clusters"]["dc1"]
    assert cluster["version"] == "14.0.1.13900-155"
    assert {label: account["username"] for label, account in cluster["accounts"].items()} == {
        "application": "axladmin",
        "os": "osadmin",
        "readonly": "noaxl",
    }
    assert {name: sorted(node["ports"]) for name, node in cluster["nodes"].items()} == {
        "cucm-pub": ["443", "8443"],
        "imp-pub": ["443", "8082", "8083", "8443"],
        "imp-sub": ["443", "8082", "8083", "8443"],
    }
    assert cluster["nodes"]["imp-sub"]["fqdn"] == "imp-sub.dc1.example.com"
    assert (cluster["nodes"]["imp-sub"]["role"], cluster["nodes"]["imp-sub"]["usage"]) == ("imp", "subscriber")
    server = ready["exchange"]["mail1.example.com"]
    assert (server["ipv4"], server["ipv6"]) == ("192.0.2.21", "2001:db8::21")
    assert server["ews_url"] == f"https://{server['address']}:{server['ports']['443']}/EWS/Exchange.asmx"
    assert ready["exchange_account"]["username"] == "EXAMPLE\\svc-imp"
    assert len(every_port(ready)) == len(set(every_port(ready))) == 16
    assert ready["exchange_admin"]["username"] == "EXAMPLE\\exadmin"
    authorities = ready["certification_authorities"]
    assert {host: known["kind"] for host, known in authorities.items()} == {
        "ca.example.com": "standalone",
        "eca.example.com": "enterprise",
    }
    assert authorities["ca.example.com"]["account"]["username"] == "EXAMPLE\\caadmin"


def test_the_published_certificates_are_chain_root_and_leaf(emulator: Emulator) -> None:
    server = emulator.ready["exchange"]["mail1.example.com"]
    chain, root, leaf = (
        Path(server[name]).read_text(encoding="ascii") for name in ("chain_file", "root_file", "leaf_file")
    )
    assert chain.count("BEGIN CERTIFICATE") == 2
    assert chain.endswith(root)
    assert leaf.count("BEGIN CERTIFICATE") == 1
    assert leaf not in chain
    assert "PRIVATE KEY" not in chain + root + leaf + Path(emulator.ca_file).read_text(encoding="ascii")


def test_every_node_is_reached_over_verified_tls(emulator: Emulator) -> None:
    for name, node in emulator.ready["clusters"]["dc1"]["nodes"].items():
        for port in (real for product, real in node["ports"].items() if product != "8082"):
            for host in (node["fqdn"], name, "localhost", "127.0.0.1"):
                with (
                    socket.create_connection((node["address"], port), timeout=10) as plain,
                    emulator.tls.wrap_socket(plain, server_hostname=host) as connection,
                ):
                    assert connection.version() in ("TLSv1.2", "TLSv1.3")


def test_an_exchange_server_sends_leaf_and_intermediate(emulator: Emulator) -> None:
    server = emulator.ready["exchange"]["mail2.example.com"]
    context = ssl.create_default_context(cafile=server["root_file"])
    for name in ("mail2.example.com", server["ipv4"], server["ipv6"]):
        with (
            socket.create_connection((server["address"], server["ports"]["443"]), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as connection,
        ):
            assert connection.getpeercert()
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl.create_default_context())
    )
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        opener.open(f"https://{server['address']}:{server['ports']['443']}/")


def test_an_exchange_server_asks_for_its_account(environment: Emulator) -> None:
    server = environment.ready["exchange"]["mail1.example.com"]
    account = environment.ready["exchange_account"]
    context = ssl.create_default_context(cafile=server["root_file"])
    context.check_hostname = False
    base = f"https://{server['address']}:{server['ports']['443']}"
    with httpx.Client(base_url=base, verify=context, trust_env=False) as client:
        refused = client.post("/EWS/Exchange.asmx")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Negotiate, NTLM, Basic realm="mail1.example.com"'
        assert refused.headers["server"] == "Microsoft-IIS/10.0"
        assert "401 - Unauthorized: Access is denied due to invalid credentials." in refused.text
        credentials = (account["username"], account["password"])
        found = client.post("/EWS/Services.wsdl", auth=credentials)
        assert (found.status_code, "404 - File or directory not found." in found.text) == (404, True)
        found = client.get("/")
        assert (found.status_code, found.headers["server"]) == (404, "Microsoft-IIS/10.0")
        assert "404 - File or directory not found." in found.text
        assert "413 - " in client.post("/", content=b"x" * (8 * 1024 * 1024 + 1)).text
    # What no protocol owns is the listener's own answer.
    asked = [(entry["protocol"], entry["status"]) for entry in environment.journal(node="mail1.example.com")]
    assert asked == [("ews", 401), ("ews", 404), ("", 404), ("", 413)]


def test_the_listeners_bind_to_the_loopback_interface_only(emulator: Emulator) -> None:
    # 127.0.0.2 reaches whatever is bound to all addresses and nothing that is bound to 127.0.0.1.
    others = {"127.0.0.2"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing; it only chooses the address that would be sent from
        others.add(probe.getsockname()[0])
    control = int(emulator.ready["control"]["url"].rsplit(":", 1)[1])
    for port in [*(port for _, port in every_port(emulator.ready)), control]:
        for address in others:
            with pytest.raises(OSError):  # noqa: PT011 - refused, unreachable or timed out, by platform
                socket.create_connection((address, port), timeout=2)


def assert_same_ports(one: Emulator, other: Emulator) -> None:
    """The ports are those of before; one may have been taken in between by whatever else runs on the machine."""
    assert len(set(every_port(one.ready)) & set(every_port(other.ready))) >= len(every_port(one.ready)) - 1


def test_a_restart_goes_on_with_ca_passwords_ports_and_data(start_emulator: StartEmulator) -> None:
    first = start_emulator()
    first.control.snapshot("before")
    ca = Path(first.ca_file).read_text(encoding="ascii")
    first.stop()
    assert not first.ready_file.exists()
    second = start_emulator()
    assert Path(second.ca_file).read_text(encoding="ascii") == ca
    unchanged = ("exchange_account", "ca_file")
    assert {name: second.ready[name] for name in unchanged} == {name: first.ready[name] for name in unchanged}
    assert second.ready["clusters"]["dc1"]["accounts"] == first.ready["clusters"]["dc1"]["accounts"]
    assert_same_ports(first, second)
    assert second.ready["control"]["token"] != first.ready["control"]["token"]
    assert second.control.snapshots() == ["before", "initial"]
    second.control.reset()
    second.stop()
    third = start_emulator()
    assert_same_ports(second, third)
    third.stop()
    with socket.create_server(("127.0.0.1", third.port("imp-pub", 443))):
        fourth = start_emulator()
        assert fourth.port("imp-pub", 443) != third.port("imp-pub", 443), "a taken port is replaced by another"


def test_two_emulators_live_side_by_side(start_emulator: StartEmulator) -> None:
    first, second = start_emulator(folder="first"), start_emulator(folder="second")
    assert not set(every_port(first.ready)) & set(every_port(second.ready))
    assert first.account() != second.account()


def test_a_scenario_without_the_admin_api_is_printed() -> None:
    printed = run("scenario", "--users", "2", "--no-admin-api")
    assert [cluster["admin_api"] for cluster in yaml.safe_load(printed.stdout)["clusters"]] == [False]
    assert "admin_api" not in run("scenario", "--users", "2").stdout
    with_gateways = yaml.safe_load(run("scenario", "--users", "2", "--no-admin-api", "--gateways").stdout)
    assert with_gateways["clusters"][0]["presence_gateways"] == ["mail1.example.com", "mail2.example.com"]


def test_several_clusters_of_a_generated_scenario(start_emulator: StartEmulator, tmp_path: Path) -> None:
    printed = run("scenario", "--users", "2", "--clusters", "2")
    assert printed.returncode == 0
    (tmp_path / "two.yml").write_text(printed.stdout, encoding="utf-8")
    running = start_emulator("--scenario", str(tmp_path / "two.yml"))
    assert sorted(running.ready["clusters"]) == ["dc1", "dc2"]
    assert running.account(cluster="dc1") != running.account(cluster="dc2")
    context = ssl.create_default_context(cafile=running.ca_file)
    with (
        socket.create_connection(("127.0.0.1", running.port("imp-pub", cluster="dc2")), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="imp-pub.dc2.example.com") as connection,
    ):
        assert connection.getpeercert()


def test_wait_and_stop(start_emulator: StartEmulator) -> None:
    running = start_emulator()
    assert run("wait", "--ready-file", str(running.ready_file), "--timeout", "10").returncode == 0
    stopped = run("stop", "--ready-file", str(running.ready_file))
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, "The emulator has stopped.\n", "")
    assert running.process.poll() == 0, "stop has waited until the process was gone"
    assert not running.ready_file.exists()
    again = run("stop", "--ready-file", str(running.ready_file))
    assert again.returncode == 0
    assert "nothing runs" in again.stderr
    late = run("wait", "--ready-file", str(running.ready_file), "--timeout", "0.2")
    assert late.returncode == 1
    assert "nothing answers" in late.stderr


def test_start_serves_in_the_background_with_all_options_of_serve(tmp_path: Path) -> None:
    files = ("--state", str(tmp_path / "new" / "state.db"), "--ready-file", str(tmp_path / "ready.json"))
    started = run("start", *files, "--scenario", "certificates", "--journal-limit", "7")
    assert (started.returncode, started.stderr) == (0, "")
    try:
        ready = json.loads((tmp_path / "ready.json").read_text(encoding="utf-8"))
        assert Control(**ready["control"]).about()["pid"] == ready["pid"]
        told_where_it_listens(started.stdout, ready)
        assert started.stdout.splitlines()[-1] == f"To stop it:    imp-emulator stop --ready-file {files[-1]}"
        twice_is_refused(tmp_path, files, ready)
    finally:
        assert run("stop", *files[2:]).returncode == 0
    assert not is_process(ready["pid"])


def told_where_it_listens(text: str, ready: dict[str, Any]) -> None:
    for place, port in every_port(ready):
        assert f": {port}" in text
        assert place in text.splitlines()[0]
    assert f"Control plane: {ready['control']['url']}\n" in text
    link = f"{ready['control']['url']}/?token={ready['control']['token']}"
    assert f"Console:       {link}\n" in text
    assert max(map(len, text.partition("Control")[0].splitlines())) <= 80, "a table for every terminal"


def twice_is_refused(folder: Path, files: tuple[str, ...], ready: dict[str, Any]) -> None:
    """A second one with this state file, or this ready file, is told how to stop the first, which keeps its files."""
    stop = f"another emulator, process {ready['pid']}; stop it first: imp-emulator stop --ready-file {files[-1]}"
    other = ("--state", str(folder / "other.db"))
    refused(run("start", *files), f"state.db is in use by {stop}")
    for command in ("start", "serve"):
        refused(run(command, *other, *files[2:]), f"ready.json is the ready file of {stop}")
    assert json.loads((folder / "ready.json").read_text(encoding="utf-8")) == ready


def is_process(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent to ask does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] not in ("", "Z")


def test_stop_ends_an_emulator_that_hangs_and_says_so(start_emulator: StartEmulator) -> None:
    running = start_emulator()
    running.process.send_signal(signal.SIGSTOP)
    stopped = run("stop", "--ready-file", str(running.ready_file), "--timeout", "0.1")
    assert running.process.poll() == -signal.SIGKILL
    assert (stopped.returncode, stopped.stdout) == (0, "The emulator has stopped.\n")
    assert "did not end within 0.1 seconds and was killed" in stopped.stderr
    assert not running.ready_file.exists()


def test_start_says_what_keeps_it_from_serving(tmp_path: Path) -> None:
    files = ("--state", str(tmp_path / "state.db"), "--ready-file", str(tmp_path / "ready.json"))
    refused(run("start", *files, "--scenario", "no-such-scenario"), "cannot be read: No such file or directory")
    refused(run("start", *files, "--no-such-option"), "No such option: --no-such-option")
    refused(run("start", *files, "--timeout", "0"), "was not ready after 0 seconds")


def test_the_ready_file_of_a_killed_emulator_is_not_believed(start_emulator: StartEmulator) -> None:
    running = start_emulator()
    running.kill()
    assert running.ready_file.exists()
    assert run("wait", "--ready-file", str(running.ready_file), "--timeout", "0.2").returncode == 1
    assert "nothing runs" in run("stop", "--ready-file", str(running.ready_file)).stderr
    assert not running.ready_file.exists()


def test_what_the_command_line_and_the_environment_give(start_emulator: StartEmulator, tmp_path: Path) -> None:
    """A fixed control port, a password from the environment, a host that others can reach, which is warned about."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scenario = yaml.safe_load(run("scenario", "--users", "0").stdout)
    scenario["clusters"][0]["accounts"] = {"application": {"password_env": "AXL_PASSWORD"}}
    (tmp_path / "scenario.yml").write_text(yaml.safe_dump(scenario), encoding="utf-8")
    running = start_emulator(
        *("--scenario", str(tmp_path / "scenario.yml"), "--control-port", str(port), "--host", "0.0.0.0"),
        environment=os.environ | {"AXL_PASSWORD": "given-from-outside"},
    )
    assert running.ready["control"]["url"] == f"http://127.0.0.1:{port}"
    assert running.account() == ("axladmin", "given-from-outside")
    assert "warning: 0.0.0.0 can be reached from other machines" in running.stderr
    assert running.ready["clusters"]["dc1"]["nodes"]["imp-pub"]["address"] == "127.0.0.1"
    assert running.control.about()["pid"] == running.process.pid


def refused(outcome: subprocess.CompletedProcess[str], message: str) -> None:
    assert outcome.returncode == 2, outcome.stderr
    assert message in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_wrong_scenario_is_refused_in_one_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("format: 1\nclusters: [{name: dc1, version: x}]\n", encoding="utf-8")
    refused(serve(tmp_path, "--scenario", str(wrong)), "clusters[0].version: must be a version like")
    refused(serve(tmp_path, "--scenario", "no-such-scenario"), "cannot be read: No such file or directory")


def test_what_stands_in_the_way_is_said_in_one_sentence(tmp_path: Path, start_emulator: StartEmulator) -> None:
    running = start_emulator(folder="busy")
    refused(serve(tmp_path / "busy"), "is in use by another emulator")
    assert json.loads(running.ready_file.read_text(encoding="utf-8")) == running.ready
    refused(serve(tmp_path, "--host", "nowhere"), "is not an IP address")
    refused(serve(tmp_path, "--host", "192.0.2.77"), "192.0.2.77")
    control = running.ready["control"]["url"].rsplit(":", 1)[1]
    refused(serve(tmp_path, "--control-port", control), f"Address already in use: 127.0.0.1, port {control}")
    (tmp_path / "text").write_text("no database\n" * 200, encoding="utf-8")
    refused(run("serve", "--state", str(tmp_path / "text"), "--ready-file", str(tmp_path / "r")), "not a database")
    running.stop()
    scenario = tmp_path / "other.yml"
    scenario.write_text(run("scenario", "--users", "1").stdout, encoding="utf-8")
    refused(serve(tmp_path / "busy", "--scenario", str(scenario)), "made from another scenario")


def test_the_version_is_told() -> None:
    outcome = run("version")
    assert outcome.returncode == 0
    assert outcome.stdout.strip().count(".") == 2

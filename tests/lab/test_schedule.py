"""Timers on a real systemd: a lab server with sopctl on it takes over the jobs of a site, and loses every trace."""

import json
import shlex
import site
import subprocess
from pathlib import Path

import pytest

import sopctl
from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, Tier

pytestmark = pytest.mark.lab

SITE = "/srv/-pusat 'data' 100% \"$HOME\" %h\\"
UNITS = (
    "find /etc/systemd /var/lib/systemd/timers /run/systemd -name 'sopctl-*'; systemctl list-units --all 'sopctl-*' -q"
)
LARGE = (
    "ansible*",
    "typst",
    "mypy*",
    "*mypyc*",
    "ruff*",
    "pip",
    "setuptools",
    "black*",
    "netmiko",
    "ntc_templates",
)


def put_sopctl_on(server: LabServer) -> None:
    """Copy this sopctl and the libraries that its checks need; the server's own Python runs them."""
    packages = Path(next(path for path in site.getsitepackages() if path.endswith("site-packages")))
    package = Path(sopctl.__file__).parent
    skip = [f"--exclude=./{name}" for name in LARGE]
    here = (
        ["tar", "-C", str(packages), *skip, "--exclude=__pycache__", "-cf", "-", "."],
        [
            "tar",
            "-C",
            str(package.parent),
            "--exclude=__pycache__",
            "-cf",
            "-",
            "sopctl",
            "playbooks",
            "inventory",
            "ansible.cfg",
        ],
    )
    login = ["ssh", "-F", "none", "-i", server.key_file, "-p", str(server.port), "-oStrictHostKeyChecking=no"]
    login += ["-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-l", server.user, server.address]
    for pack in here:
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as tar:
            unpack = "sudo mkdir -p /opt/sopctl && sudo tar -C /opt/sopctl -xf - --no-same-owner"
            subprocess.run([*login, unpack], stdin=tar.stdout, check=True, timeout=120)
    servers.run(
        server, "echo /opt/sopctl >/usr/local/lib/python3.11/dist-packages/sopctl.pth; useradd --create-home petugas"
    )
    as_petugas(server, f"/usr/bin/python3 -m sopctl init {shlex.quote(SITE)}")


def as_petugas(server: LabServer, command: str) -> str:
    """Run a command on the server as the user with few rights who owns the site."""
    servers.run(server, f"mkdir -p {shlex.quote(SITE)} && chown petugas {shlex.quote(SITE)}")
    return servers.run(server, f"cd / && runuser -u petugas -- {command}", timeout=60)


def on(server: LabServer, *words: str) -> str:
    """Run sopctl as root on the server, for its site."""
    line = shlex.join(["/usr/bin/python3", "-m", "sopctl", "--site", SITE, *words])
    return servers.run(server, line, timeout=60)


def test_timers_run_the_jobs_and_leave_nothing(pristine: LabServer, lab: servers.LabStatus) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.fail("timers need the tier that boots systemd")
    put_sopctl_on(pristine)
    assert servers.run(pristine, UNITS) == ""
    stamped = "signing: {tsa: 'http://127.0.0.1:9/', stamp_journal: true}"  # nobody answers there
    servers.run(pristine, f"printf '%s\\n' {shlex.quote(stamped)} >>{shlex.quote(SITE)}/sopctl.yml")

    changed = json.loads(on(pristine, "schedule", "install", "--json"))["changed"]
    assert len(changed) == 10
    assert json.loads(on(pristine, "schedule", "install", "--json"))["changed"] == []
    timers = {each["name"]: each for each in json.loads(on(pristine, "schedule", "show", "--json"))["timers"]}
    assert set(timers) == {"check", "daily", "inventory", "drift", "stamp"}
    assert all(each["enabled"] and each["next_run"] and each["last_run"] is None for each in timers.values())
    assert all(each["next_run"].endswith("+07:00") for each in timers.values()), "the office's, not UTC"

    for name in ("check", "inventory", "daily", "drift"):
        unit = next(unit for unit in changed if unit.endswith(f"-{name}.service"))
        servers.run(pristine, f"systemctl start {unit} || journalctl -u {unit} >&2", timeout=120)
        owner = servers.run(pristine, f"systemctl show -P User {unit}").strip()
        assert owner == "petugas", "the site's owner, who has few rights"
    timers = {each["name"]: each for each in json.loads(on(pristine, "schedule", "show", "--json"))["timers"]}
    ended = {name: (each["result"], each["exit_code"]) for name, each in timers.items() if name != "stamp"}
    assert set(ended.values()) == {("success", 0)}
    stamp = next(unit for unit in changed if unit.endswith("-stamp.service"))
    servers.run(pristine, f"systemctl start {stamp} || true", timeout=120)
    timers = {each["name"]: each for each in json.loads(on(pristine, "schedule", "show", "--json"))["timers"]}
    assert (timers["stamp"]["result"], timers["stamp"]["exit_code"]) == ("exit-code", 6), "what fails is shown"
    assert "timestamp authority gave no answer" in servers.run(pristine, f"journalctl -u {stamp}")
    assert all(each["last_run"] for each in timers.values())
    shown = on(pristine, "schedule", "show")
    assert (shown.count("yes"), shown.count("exit 6")) == (4, 1)

    daily = next(unit for unit in changed if unit.endswith("-daily.timer"))
    servers.run(pristine, f"sed -i s/07:30/08:30/ /etc/systemd/system/{daily}")
    assert json.loads(on(pristine, "schedule", "install", "--json"))["changed"] == [daily], "set right again"
    on(pristine, "schedule", "remove")
    assert servers.run(pristine, UNITS) == "", "nothing stays behind"


def test_the_page_as_a_service_of_an_account_without_keys(pristine: LabServer, lab: servers.LabStatus) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.fail("a service needs the tier that boots systemd")
    put_sopctl_on(pristine)
    servers.run(pristine, "groupadd --system penitipan; groupadd --system proksi; useradd --system --gid proksi proksi")
    settings = 'page: {url: "https://titipan.example.org"}\nsite: {group: penitipan}'
    servers.run(pristine, f"printf '%s\\n' {shlex.quote(settings)} >>{shlex.quote(SITE)}/sopctl.yml")
    repair = f"/usr/bin/python3 -m sopctl --site {shlex.quote(SITE)} doctor --repair >/dev/null 2>&1"
    servers.run(pristine, f"cd / && {repair} || true", timeout=60)
    changed = json.loads(on(pristine, "schedule", "install", "--page", "--json"))["changed"]
    assert len(changed) == 9
    unit = next(each for each in changed if each.endswith("-page.service"))
    assert json.loads(on(pristine, "schedule", "show", "--json"))["page"] == "active", servers.run(
        pristine, f"journalctl -u {unit} | tail -20"
    )
    servers.run(pristine, "usermod --append --groups sopctl-page proksi")
    ask = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(30); s.connect(sys.argv[1]);"
        "s.sendall(b'GET /sehat HTTP/1.1\\r\\nHost: titipan.example.org\\r\\nConnection: close\\r\\n\\r\\n');"
        "print(s.recv(9999).decode())"
    )
    socket = f"/run/{unit.removesuffix('.service')}/page.sock"
    wait = f"for i in $(seq 300); do test -S {socket} && break; sleep 0.1; done; "
    for user, expected in (("proksi", "200 OK"), ("nobody", "PermissionError")):
        said = servers.run(
            pristine, f"{wait}runuser -u {user} -- python3 -c {shlex.quote(ask)} {socket} 2>&1 || true", timeout=60
        )
        assert expected in said
    process = servers.run(pristine, f"systemctl show -P MainPID {unit}").strip()
    keys = f"{shlex.quote(SITE)}/keys"
    for inside in (
        f"runuser -u sopctl-page -- ls {keys}",
        f"nsenter -t {process} -m -- ls -A {keys}/ | grep .",
        f"nsenter -t {process} -m -- touch {shlex.quote(SITE)}/sopctl.yml",
        f"nsenter -t {process} -m -- touch /etc/x",
        f"nsenter -t {process} -n -- ip route get 198.18.0.1",
    ):
        assert servers.run(pristine, f"{inside} >/dev/null 2>&1 && echo done || echo refused").strip() == "refused", (
            inside
        )
    invited = json.loads(
        as_petugas(pristine, f"/usr/bin/python3 -m sopctl --site {shlex.quote(SITE)} account invite kadis --json")
    )
    assert invited["link"].startswith("https://titipan.example.org/undangan/")
    on(pristine, "schedule", "remove")
    assert servers.run(pristine, UNITS) == "", "nothing stays behind"
    servers.run(pristine, f"test ! -e {socket}")

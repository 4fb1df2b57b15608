"""The broker's configuration: nats-server, with JetStream, mutual TLS, and what each certificate's name may do.

A network's worker may take its own network's jobs, say how far it is, hand in its own answers and say that it is alive.
Replies come to an inbox of its own, which no other network can listen to. It cannot ask JetStream for anything else.
Sources: docs.nats.io "Authorization", "TLS Authentication" (verify_and_map), "JetStream wire API Reference".
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from typing import NamedTuple

from sopctl.model.access.shards import MOST_BYTES

JOBS, RESULTS, WORKERS = "JOBS", "RESULTS", "WORKERS"


class Lane(NamedTuple):
    """The streams of one kind of work, and the first words of what is in them: checks and facts have one each, so that
    a run of one never touches what is under way for the other. `most`: bytes of a message with answers, of which
    `kept` of each network wait at most."""

    jobs: str
    results: str
    job: str
    result: str
    most: int
    kept: int


CHECKS = Lane(JOBS, RESULTS, "jobs", "results", MOST_BYTES, 2000)
FACTS = Lane("ASKED", "FACTS", "asked", "facts", 7 * MOST_BYTES, 200)
LANES = (CHECKS, FACTS)
CONTROLLER = "controller"
"""The name of the controller: of its certificate, of its consumer of answers."""


def user_of(network: str) -> str:
    """The name on the certificate of a network's workers."""
    return f"worker-{network}"


def inbox_of(name: str) -> str:
    """Where the replies to that certificate's owner go."""
    return f"_INBOX-{name}"


def server_configuration(networks: Iterable[str], *, listen: str, folder: str, store: str, synchronous: bool) -> str:
    """The text of nats-server.conf. `listen`: its address and port; `folder` holds the broker's certificates on its
    machine, `store` its queues. `synchronous`: does this nats-server know `sync_interval` (from 2.10 on)?"""
    people = [_controller(), *map(_worker, networks)]
    always = "\n  sync_interval: always" if synchronous else ""
    users = "\n".join(people)
    return f"""\
# Written by sopctl engine setup, which rewrites it; what is to stay belongs into sopctl.yml.
server_name: sopctl
listen: "{listen}"
max_payload: 1MB
max_connections: 1000
write_deadline: "10s"
tls {{
  cert_file: "{folder}/server.pem"
  key_file: "{folder}/server.key"
  ca_file: "{folder}/authority.pem"
  verify_and_map: true
  timeout: 10
}}
jetstream {{
  store_dir: "{store}"
  max_memory_store: 64MB
  max_file_store: 4GB{always}
}}
accounts {{
  SOPCTL {{
    jetstream: enabled
    users: [
{users}
    ]
  }}
  SYS {{}}
}}
system_account: SYS
"""


def knows_synchronous() -> bool:
    """Does the nats-server of this machine know `sync_interval`? Debian 12's does not; one that is not here may not."""
    program = shutil.which("nats-server") or shutil.which("/usr/sbin/nats-server")
    if program is None:
        return False
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    found = re.search(r"v(\d{1,4})\.(\d{1,4})\.", said)
    return found is not None and (int(found[1]), int(found[2])) >= (2, 10)


def _controller() -> str:
    streams = [stream for lane in LANES for stream in (lane.jobs, lane.results)]
    api = [f"$JS.API.STREAM.*.{stream}" for stream in (*streams, WORKERS)]
    api += [
        f"$JS.API.CONSUMER.{verb}.{stream}.>"
        for verb in ("DURABLE.CREATE", "CREATE", "INFO", "DELETE")
        for stream in streams
    ]
    api += [f"$JS.API.CONSUMER.CREATE.{stream}" for stream in streams]
    api += ["$JS.API.INFO", f"$JS.API.STREAM.MSG.GET.{WORKERS}"]
    for lane in LANES:
        api += [f"$JS.API.CONSUMER.MSG.NEXT.{lane.results}.{CONTROLLER}", f"$JS.ACK.{lane.results}.{CONTROLLER}.>"]
    return _user(CONTROLLER, [*(f"{lane.job}.*" for lane in LANES), *api])


def _worker(network: str) -> str:
    may = [f"workers.{network}"]
    for lane in LANES:
        may += [f"{lane.result}.{network}", f"$JS.API.CONSUMER.MSG.NEXT.{lane.jobs}.{network}"]
        may += [f"$JS.ACK.{lane.jobs}.{network}.>"]
    return _user(user_of(network), may)


def _user(name: str, publish: list[str]) -> str:
    may = ", ".join(f'"{each}"' for each in publish)
    return f"""\
      {{ user: "CN={name}", permissions: {{
          publish: {{ allow: [{may}] }}
          subscribe: {{ allow: ["{inbox_of(name)}.>"] }} }} }}"""

"""A site at each stage of a deposit's way, made once by the real commands."""

import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

from sopctl.workflow.setup import init
from tests.faults.server import Server

RACK = "name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 20000\n"
STEPS = {
    "request": ["request", "{folder}/request.yml"],
    "dispose": ["dispose", "{id}", "--by", "kadis", "--instruction", "x"],
    "disposed": ["dispose", "{id}", "--by", "kabid", "--instruction", "x"],
    "reserved": ["reserve", "{id}"],
    "notified": ["notify", "{id}", "--via", "phone"],
    "received": ["receive", "{id}"],
    "inspected": ["inspect", "{id}", "--serial", "SN-0001", "--all-ok"],
    "handed": ["handover", "{id}"],
    "placed": ["place", "{id}"],
}
"""Which command leads to each stage, in order."""

BESIDE = {
    "held": ("disposed", "hold {id} --by staf --reason menunggu"),
    "visited": ("placed", "visit in --who Tamu --purpose rapat --identity KTP --escort staf --nothing --by staf"),
    "planned": (
        "placed",
        "maintenance plan --rack A1 --from {tomorrow}T08:00 --until {tomorrow}T10:00 --reason UPS --by staf",
    ),
    "sanitised": (
        "placed",
        "sanitise {id} --disk S1 --method purge --tool nvme --result ok --done-by staf --unlisted rusak --by staf",
    ),
}
"""Stages beside the way: from which one, and the command that leads there."""

ID = "PS-2026-0001"
OTHERS = 4
"""So many more letters there are, of other servers."""


def make(root: Path, server: Server) -> None:
    """Make `root/STAGE` for each stage, and the inputs of the commands in `root/inputs`."""
    inputs = root / "inputs"
    inputs.mkdir(parents=True)
    (inputs / "request.yml").write_text(init.EXAMPLE_REQUEST)
    for number in range(OTHERS):
        (inputs / f"other{number}.yml").write_text(_other(number))
    (inputs / "list.csv").write_text(
        "unit,name,brand_model,height_units,address,contact,rack,rack_unit\n"
        + "".join(f"Dinas C,lama{n}.example.org,R200,2,192.0.2.{20 + n},Admin,A1,{20 + 2 * n}\n" for n in range(3))
    )
    (inputs / "adopt.yml").write_text(
        "unit: Dinas C\ncontacts:\n  administrative: {name: A}\n  technical: {name: B}\n"
        "server: {name: lama9.example.org, brand_model: X, height_units: 1}\naccess: {address: 192.0.2.99}\n"
    )
    site = root / "empty"
    init.init(site)
    (site / "racks" / "A1.yml").write_text(RACK)
    for stage, words in STEPS.items():
        shutil.copytree(site, root / stage)
        site = root / stage
        ended = server.run(site, filled(words, inputs))
        assert ended.code == 0, (words, ended.err)
    for stage, (before, line) in BESIDE.items():
        shutil.copytree(root / before, root / stage)
        ended = server.run(root / stage, filled(line.split(), inputs))
        assert ended.code == 0, (line, ended.err)
    (inputs / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", inputs / "key"], check=True)
    record = root / "disposed" / "deposits" / ID / "deposit.yml"
    (inputs / "edit.yml").write_text(record.read_text().replace("Contoh R200", "Contoh R300"))


def _other(number: int) -> str:
    """A letter about another server than the example's."""
    text = init.EXAMPLE_REQUEST
    changes = {
        "090/1/2026": f"090/{number + 2}/2026",
        "192.0.2.10": f"192.0.2.{number + 40}",
        "SN-0001": f"SN-1{number:03}",
        "web1.example.org": f"lain{number}.example.org",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def filled(words: list[str], inputs: Path) -> list[str]:
    """Words of a table with their places filled."""
    tomorrow = date.today() + timedelta(days=1)
    return [word.format(id=ID, folder=inputs, tomorrow=tomorrow) for word in words]

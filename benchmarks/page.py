"""The page over many dossiers: CPU and memory of each page, and many readers and writers at once.

    python -m benchmarks.page [COUNT [SECONDS]]

Makes a site of COUNT dossiers (10,000) in a temporary folder, runs `sopctl serve` on a Unix socket, and asks as a proxy
would. CPU is the server's own process time, so that a busy machine does not change it; waiting times are a clock's, and
mean something on a quiet machine alone. A reader looks at a page every two seconds, a writer puts a dossier on hold or
resumes it every two seconds, for SECONDS (20).
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from benchmarks.lists import make
from benchmarks.needs import given, numbers
from sopctl.cli import terminal
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from sopctl.workflow.steps import acts, letters

HOST = "titipan.example.org"
PASSWORD = "kuda baterai staples benar"  # noqa: S105 (of a throwaway site)
READERS, WRITERS, THINK = 50, 5, 2.0
TICKS = os.sysconf("SC_CLK_TCK")
PAGES = (
    "/",
    "/berkas",
    "/berkas?cari=s77",
    "/berkas/{id}",
    "/berkas/{id}/alur",
    "/berkas/{id}/alur/gambar.svg",
    "/berkas/{id}/ketersediaan",
    "/berkas/{id}/tunda",
    "/antrean",
    "/rak",
    "/rak/A1",
    "/inventaris",
    "/periksa",
)
BOUNDED = (("300", "3"),)
"""The command lines of `make bench`."""


class Person:
    """Someone at a browser, with a session."""

    def __init__(self, path: Path, number: int) -> None:
        self._path, self._number, self._asked, self._cookie = path, number, 0, ""

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, float]:
        """Status, page and seconds of one request."""
        connection = HTTPConnection(HOST, timeout=300)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self._path))
        self._asked += 1  # as if by another address now and then: what is bounded for one is not what is measured
        address = f"198.{18 + self._number % 2}.{self._number // 2}.{self._asked // 100 % 250}"
        headers = {"X-Forwarded-For": address, "Cookie": self._cookie}
        body = urlencode(fields) if fields is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begin = time.perf_counter()
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        took = time.perf_counter() - begin
        for cookie in answer.headers.get_all("set-cookie") or ():
            self._cookie = cookie.partition(";")[0]
        connection.close()
        return answer.status, text, took

    def send(self, path: str, **typed: str) -> tuple[int, str, float]:
        """Look at a form, and send it."""
        _, page, _ = self.ask(path)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        return self.ask(path, {**hidden, **typed})

    def log_in(self, name: str) -> "Person":
        status, page, _ = self.send("/masuk", name=name, password=PASSWORD)
        assert status == 303, page[-600:]
        return self


def cpu(pid: int) -> float:
    """The seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid: int) -> int:
    """MB of memory that a process has now."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1000


def each_page(person: Person, pid: int, deposits: list[str], times: int) -> None:
    for page in PAGES:
        paths = [page.format(id=random.choice(deposits)) for _ in range(times)]  # noqa: S311
        for path in paths:
            person.ask(path)
        begin = cpu(pid)
        for path in paths:
            status, text, _ = person.ask(path)
            assert status in (200, 409), (path, text[-300:])
        print(f"{page:32} {1000 * (cpu(pid) - begin) / times:6.1f} ms of CPU, {resident(pid)} MB resident")


def after_a_write(person: Person, pid: int, site: Site, deposit: str, times: int) -> None:
    """The board, when another process has just recorded something, and that the list shows it at once."""
    zone = ZoneInfo(site.settings.time_zone)
    deciding = terminal.desk(site, user="root").deciding
    used = 0.0
    for number in range(times):
        desk = Desk(Site(site.root), deciding, lambda: datetime.now(zone)).decided_by("staf")
        if number % 2:
            acts.resume(desk, deposit)
        else:
            acts.hold(desk, deposit, reason="x")
        begin = cpu(pid)
        person.ask("/")
        used += cpu(pid) - begin
        _, text, _ = person.ask(f"/berkas?keadaan=held&cari={deposit}")
        assert (f'href="/berkas/{deposit}"' in text) is (number % 2 == 0), "what was recorded is seen"
    print(f"{'/ after a write elsewhere':32} {1000 * used / times:6.1f} ms of CPU")


def together(
    people: list[Person], kadis: Person, pid: int, deposits: tuple[list[str], list[str]], seconds: float
) -> None:
    """`deposits`: those that are read, and those that are written to."""
    waited: list[float] = []
    wrong: list[str] = []
    until = time.monotonic() + seconds

    def read(person: Person) -> None:
        dice = random.Random()  # noqa: S311
        while time.monotonic() < until:
            time.sleep(dice.uniform(0, 2 * THINK))
            path = dice.choice(PAGES[:-1]).format(id=dice.choice(deposits[0]))
            note(path, *person.ask(path))

    def write(deposit: str) -> None:
        held = False
        while time.monotonic() < until:
            time.sleep(THINK)
            path, typed = ("lanjut", {"note": "x"}) if held else ("tunda", {"reason": "x"})
            note(path, *kadis.send(f"/berkas/{deposit}/{path}", **typed))
            held = not held

    def note(path: str, status: int, text: str, took: float) -> None:
        waited.append(took)
        if status not in (200, 303) and not (status == 409 and 'class="problem"' in text and "sekarang" in text):
            said = re.search(r"class=\"problem\"[^>]*>(.*?)<", text, re.DOTALL)
            wrong.append(f"{status} {path}: {said[1] if said else text[-80:]}")

    begin = cpu(pid)
    threads = [threading.Thread(target=read, args=[person]) for person in people]
    threads += [threading.Thread(target=write, args=[deposit]) for deposit in deposits[1]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waited.sort()
    p95 = waited[int(len(waited) * 0.95)] * 1000
    print(f"{READERS} readers and {WRITERS} writers: {len(waited)} answers, {len(wrong)} wrong {wrong[:3]}")
    print(f"  {1000 * (cpu(pid) - begin) / len(waited):.1f} ms of CPU each, {resident(pid)} MB resident")
    print(f"  half within {waited[len(waited) // 2] * 1000:.0f} ms, 95 of 100 within {p95:.0f} ms, by the clock")


def filed(site: Site, count: int) -> list[str]:
    """Requests that came in as requests do, to write to: the others were made without a journal."""
    zone = ZoneInfo(site.settings.time_zone)
    desk = Desk(site, terminal.desk(site, user="root").deciding, lambda: datetime.now(zone)).knowing("satu server uji")
    record, found = site.root / "permohonan.yml", []
    for number in range(count):
        text = EXAMPLE_REQUEST.replace("SN-0001", f"SN-W{number}").replace("web1.example", f"w{number}.example")
        today = f"{desk.now():%Y-%m-%d}"
        record.write_text(re.sub(r"date: \d{4}-\d\d-\d\d", f"date: {today}", text, count=1))
        found.append(letters.request(desk, record).id)
    return found


def main() -> None:
    count, seconds = numbers(given(__doc__), 10_000, 20)
    with tempfile.TemporaryDirectory() as folder:
        root, path = Path(folder) / "site", Path(folder) / "page.sock"
        site = make(root, count, in_racks=True)
        settings = root / "sopctl.yml"
        settings.write_text(settings.read_text() + f'\npage: {{url: "http://{HOST}"}}\n')
        site, now = Site(root), datetime.now(ZoneInfo("Asia/Jakarta"))
        accounts.accept(site, accounts.invite(site, "kadis", now).secret, PASSWORD, now)
        written = filed(site, WRITERS)
        command = [sys.executable, "-m", "sopctl", "--site", str(root), "serve", "--unix", str(path)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not path.exists():
                time.sleep(0.1)
            kadis = Person(path, 0).log_in("kadis")
            open_steps = [f"PS-2026-{number:05}" for number in range(1, count + 1)]
            begin = time.perf_counter()
            kadis.ask("/")
            print(f"{count} dossiers; the first board, without an index: {time.perf_counter() - begin:.1f} s")
            each_page(kadis, server.pid, open_steps, 40)
            after_a_write(kadis, server.pid, site, written[0], 10)
            people = [Person(path, number).log_in("kadis") for number in range(1, READERS + 1)]
            together(people, kadis, server.pid, (open_steps, written), seconds)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)


if __name__ == "__main__":
    main()

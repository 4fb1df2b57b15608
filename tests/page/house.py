"""A site with deposits at every step that people act on, and who does what there: each act and each page has a row."""

from collections.abc import Callable
from dataclasses import dataclass

from sopctl.model.availability import Policy, Sight
from sopctl.model.inspection import Inspection
from sopctl.store import dossiers
from sopctl.store.checks import Checks
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import acts, handover, inspecting, letters, notifying, releasing, reservation


@dataclass(frozen=True)
class House:
    """Deposits at the steps that people act on."""

    filed: str
    disposed: str
    of_another: str
    full: str
    brought: str
    faulty: str
    inspected: str
    placed: str
    asked_back: str
    leaving: str
    switched_off: str
    held: str
    link: str
    """Where a contact person says whether it can be reached."""
    invitation: str
    """Where the other unit sets its password."""


def furnish(desk: Desk, site: Site, file_request: Callable[..., str], until_space: Callable[..., str]) -> House:
    """Take deposits of a site with units that far."""
    (desk.site.root / "racks" / "A1.yml").write_text(RACK)
    brought, inspected, placed = until_space(), until_space(), until_space({"height_units: 2": "height_units: 4"})
    faulty, asked_back, leaving, switched_off = (until_space() for _ in range(4))
    ways = {brought: 1, faulty: 1, inspected: 2, placed: 3, asked_back: 4, leaving: 5, switched_off: 6}
    for deposit, steps in ways.items():
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        serial = dossiers.read(desk.site, deposit).summary.serial
        if steps > 1:
            inspecting.inspect(desk, deposit, serial=serial, found=Inspection(accessories=("rel", "kabel daya")))
        if steps > 2:
            handover.handover(desk, deposit)
            reservation.place(desk, deposit)
        if steps > 3:
            letters.ask_back(desk, deposit, letter_number=f"090/9{steps}/2026")
            for _ in range(2):
                letters.dispose(desk, deposit, instruction="x")
        if steps > 4:
            inspecting.inspect(desk, deposit, serial=serial)
        if steps > 5:
            letters.confirm_data_saved(desk, deposit, wipe=False)
            releasing.release(desk, deposit, by_hand="dimatikan")
    inspecting.inspect(desk, faulty, serial="SN-LAIN")
    link = accounts.link(site, placed, desk.now()).removeprefix("https://titipan.example.org")
    now = int(desk.now().timestamp())
    with Checks(desk.site).recording(Policy(1, 1, gap=8 * 3600)) as note:
        for hour in range(-80 * 24, 1, 6):
            note(placed, Sight(now + 3600 * hour, not -400 < hour < -330, "connect-timeout"))
    full = until_space({"height_units: 2": "height_units: 30"})
    notifying.notify(desk, full, via="phone")
    disposed = file_request()
    letters.dispose(desk, disposed, instruction="Mohon ditindaklanjuti oleh bidang")
    filed = file_request()
    another = file_request({"unit: Dinas Contoh": "unit: Dinas Lain"})
    held = file_request()
    acts.hold(desk.decided_by("staf"), held, reason="menunggu surat asli")
    invited = accounts.invite(site, "lain", desk.now())
    return House(
        filed=filed,
        disposed=disposed,
        of_another=another,
        full=full,
        brought=brought,
        faulty=faulty,
        inspected=inspected,
        placed=placed,
        asked_back=asked_back,
        leaving=leaving,
        switched_off=switched_off,
        held=held,
        link=link,
        invitation=f"/undangan/{invited.secret}",
    )


RACK = """name: A1
room: Ruang server
units: 20
depth_mm: 900
power_watts: 4000
weight_kg: 400
blocked: {20: panel kabel}
"""
PAGES = {
    "": "/masuk /masuk?lanjut=/rak /periksa /periksa?nomor=1/0001.9/X/2026 {link} {invitation} /tautan/x /nowhere",
    "kadis": "/ /akun /akun/kode /berkas/{filed}/disposisi /berkas/{filed}/tolak /berkas/{placed}/perpanjang "
    "/berkas/{full}/prioritas /berkas/{brought}/disposisi /berkas/PS-2026-9999",
    "kabid": "/ /berkas/{disposed} /berkas/{disposed}/tunda /berkas/{held}/lanjut /berkas/{faulty}/terima",
    "staf": "/ /berkas?keadaan=all /berkas?cari=nothing /antrean /rak /rak/A1 /inventaris "
    "/berkas/{brought}/pemeriksaan "
    "/berkas/{inspected}/serah-terima /berkas/{placed}/tanda-tangan /berkas/{placed} /berkas/{placed}/alur "
    "/berkas/{placed}/ketersediaan /sop/konfigurasi /berkas/{asked_back}/pencocokan /berkas/{switched_off}/kelengkapan "
    "/berkas/{asked_back}/alur /berkas?giliran=yours&keadaan=all",
    "contoh": "/ /akun /permohonan /berkas/{filed} /berkas/{of_another} /berkas/{placed}/akses /antrean /rak "
    "/berkas/{placed}/minta-kembali /berkas/{leaving}/data-tersimpan /berkas/{filed}/cabut",
    "inspektorat": "/ /berkas/{placed} /inventaris",
}
"""Who looks at what: every page by somebody who may, and some by those who may not. `""`: who has no account."""


INK = {"name": "pindaian.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 tinta"}
"""A paper with ink on it, as a scanner sends it."""
Act = tuple[str, str, str, dict[str, str]]


def acts_of(house: House) -> list[Act]:
    """Who does what where, and what they fill in: every act that the page has for these deposits, in an order that is
    possible."""
    return [
        ("kadis", house.filed, "disposisi", {"instruction": "Mohon <ditindaklanjuti>"}),
        ("kabid", house.filed, "tunda", {"reason": "menunggu surat asli"}),
        ("staf", house.held, "lanjut", {"note": "surat asli datang"}),
        ("kabid", house.disposed, "tolak", {"reason": "di luar kewenangan"}),
        ("kadis", house.placed, "perpanjang", {"until": "2030-01-01", "note": "sesuai surat"}),
        ("kadis", house.full, "prioritas", {"priority": "5", "reason": "layanan publik"}),
        ("staf", house.brought, "pemeriksaan", {"serial": "SN-0001", "accessories": "rel"}),
        ("kabid", house.faulty, "terima", {"note": "nomor seri pada surat keliru"}),
        ("staf", house.inspected, "serah-terima", {"place": "Ruang server", "first-name": "Pengantar"}),
        ("staf", house.placed, "tanda-tangan", {"paper": "", "how": "ink", "ink-first": "Pemilik"}),
        ("staf", house.asked_back, "pencocokan", {"serial": "{serial}", "taken_by": "Pengambil"}),
        ("contoh", house.leaving, "data-tersimpan", {"disks": "keep"}),
        ("staf", house.switched_off, "kelengkapan", {"accessory-0": "yes", "accessory-1": "no", "note": "rel kembali"}),
        ("contoh", house.placed, "akses", {"answer": "no", "note": "port 443 tertutup"}),
        ("contoh", house.placed, "minta-kembali", {"letter_number": "090/99/2026"}),
        ("contoh", house.held, "cabut", {"reason": "tidak jadi"}),
    ]

"""Forms as a data centre would fill them, and a reader of the PDFs made from them."""

import struct
import zlib
from datetime import date
from typing import Any

import pypdfium2
from msgspec import Struct, structs

from sopctl.adapters.documents import (
    ChecklistRow,
    Field,
    HandoverForm,
    HandoverItem,
    InventoryForm,
    Letterhead,
    Paper,
    Party,
    Section,
    Stamp,
    Table,
)
from sopctl.adapters.documents.forms import (
    Bar,
    Chart,
    MonthForm,
    Shape,
    Signer,
    SopArrow,
    SopBlock,
    SopForm,
    SopStep,
    SummaryForm,
)
from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts.parts import Cpu, Disk, Mount, Nic
from sopctl.model.facts.server import Missing, ServerFacts

CM = 72 / 2.54


def png(width: int, height: int, *, colours: int = 2) -> bytes:
    """A PNG image of one colour (ISO/IEC 15948), 8 bits a sample."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = b"\0" + bytes((20, 60, 120)[: 3 if colours == 2 else 1]) * width
    head = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
    )


LOGO = png(200, 240)
BROKEN_LOGO = LOGO.replace(b"IDAT", b"IDAT\xff")
"""Its head says that all is well."""
CHECK = "sopctl document verify PS-2026-0001 3f9a2c1e77"
LETTERHEAD = Letterhead(
    office="Dinas Komunikasi dan Informatika",
    agency="Pemerintah Kabupaten Contoh",
    address="Jalan Contoh Nomor 1, Kode Pos 00000",
    contact="Telepon (0000) 000000 · kominfo@example.org",
)
OFFICER = Party("Petugas Pusat Data", "199003032015031003", "Pranata Komputer", "Dinas Komunikasi")
OWNER = Party("Penanggung Jawab Teknis", "198502022010012002", "Analis Sistem", "Badan Pendapatan Daerah")
HEAD = Party("Kepala Bidang", "198001012005011001", "Kepala Bidang Aplikasi Informatika", "Dinas Komunikasi")
DECLARED = {
    "code": "PS-2026-0001",
    "owner": "Badan Pendapatan Daerah",
    "serial": "CN7792194B0012",
    "condition": "baik",
    "psu": "2 × 750 W",
}
ONE_SUM = (("A1", "5", "320", "9,5"),)
PLACE = {"room": "Ruang Server", "rack": "A1", "units": "U12–U13"}


def stamp(number: str = "027/0012/BA/2026") -> Stamp:
    return Stamp("PS-2026-0001", number, "3f9a2c1e77", date(2026, 11, 23), CHECK)


def facts(disks: int = 2, nics: int = 2) -> ServerFacts:
    return ServerFacts(
        gathered_at="2026-11-23T08:00:00+07:00",
        hostname="pajak01",
        vendor="Contoh",
        product="R740",
        serial="CN7792194B0012",
        os_name="Debian GNU/Linux",
        os_version="12",
        uptime_seconds=3553200,
        cpu=Cpu("Xeon Silver 4214", 2, 12, 2, 48),
        memory_mib=128651,
        disks=tuple(Disk(f"nvme{no}n1", 1920383410176, "MZQL21T9", f"S64G{no:04}", False) for no in range(disks)),
        nics=tuple(
            Nic(f"enp{no}s0", f"b0:26:28:aa:bb:{no:02x}", 10000, (f"198.18.0.{no}/24",), up=True) for no in range(nics)
        ),
        mounts=(Mount("/", "/dev/mapper/vg0-root", "ext4", 98 * 1024**3, 23 * 1024**3),),
        missing={"raid": Missing.NOT_AVAILABLE, "bios_version": Missing.NEEDS_ROOT},
    )


def handover(items: int = 1, *, returning: bool = False) -> HandoverForm:
    item = HandoverItem("Server pajak", "Contoh R740", "CN7792194B0012", 1, "unit", "baik", "2 kabel, rel", "")
    checks = ("Nomor seri", "Tinggi dan kedalaman", "Rel dan kabel", "Catu daya", "Menyala", "Kerusakan", "Disk")
    return HandoverForm(
        LETTERHEAD,
        stamp(),
        returning=returning,
        place="Ruang Server",
        first=OWNER,
        second=OFFICER,
        acknowledged=HEAD,
        items=tuple(structs.replace(item, serial=f"CN{no:05}") for no in range(items)),
        checklist=tuple(ChecklistRow(check, "ok", "") for check in checks),
    )


def inventory(server: ServerFacts | None = None, changes: tuple[str, ...] | None = None) -> InventoryForm:
    sections = sections_of(server or facts(), DECLARED, PLACE)
    return InventoryForm(LETTERHEAD, stamp(), "2026-11", "pajak01", sections, changes, OFFICER)


def paper() -> Paper:
    sections = (
        Section("Server", tuple(Field(f"Butir {n}", f"nilai {n}", "declared") for n in range(12))),
        Table("Kelengkapan", ("No", "Barang"), (("1", "rel"), ("2", "kabel")), "declared"),
    )
    return Paper(
        LETTERHEAD, stamp(), "Catatan", ("Dengan ini",), sections, ("Demikian.",), (Signer("Petugas", OFFICER),)
    )


CONDITIONS = ("Kode", "Server", "Bagian", "Keadaan", "Tingkat")


def summary(servers: int = 40) -> SummaryForm:
    """A month of many servers, five of them changed."""
    columns = ("No", "Kode", "Server", "Pemilik", "Rak", "Sistem", "Memori (GiB)", "Disk (GB)", "Berlaku s.d.")
    rows = tuple(
        (str(n), f"PS-2026-{n:04}", f"web{n}.example.org", "Dinas", "A1 U1–2", "Debian 12", "64", "1,9", "31-12-2027")
        for n in range(1, servers + 1)
    )
    changed = tuple((f"PS-2026-{n:04}", f"web{n}", f"Paket baru: nginx{n}") for n in range(1, min(6, servers + 1)))
    failing = (("PS-2026-0001", "web1", "Disk sda (D1)", "SMART menyatakan FAILED!", "kritis"),)[:servers]
    bars = tuple(Bar(f"Dinas Contoh {n}", n, 0, str(n)) for n in range(4, 0, -1))
    return SummaryForm(
        LETTERHEAD,
        stamp(),
        "2026-11",
        figures=(Field("Server yang didata", str(servers), "gathered"),),
        conditions=Table("Keadaan yang perlu ditangani", CONDITIONS, failing, "gathered"),
        changes=Table("Perubahan sejak bulan lalu", ("Kode", "Server", "Perubahan"), changed, "gathered"),
        charts=(
            Chart("Server per instansi", bars),
            Chart("Kapasitas rak", (Bar("A1", 16, 42, "16/42 U"),)),
            Chart("Perubahan per bulan", (Bar("Oktober 2026", 3, 0, "3"), Bar("November 2026", 5, 0, "5"))),
        ),
        servers=Table("Server", columns, rows, "gathered"),
        sums=(
            Table(
                "Menurut rak", ("Rak", "Jumlah", "Memori (GiB)", "Disk (GB)"), (("A1", "5", "320", "9,5"),), "gathered"
            ),
        ),
        notes=("Masa garansi tidak dicatat.",),
        officer=OFFICER,
        acknowledged=HEAD,
    )


def month(rows: int = 4) -> MonthForm:
    """A month's report whose tables have so many rows each, and one that has none."""
    columns = {
        "Server masuk dan keluar": ("Tanggal", "Kode", "Server", "Pemilik", "Rak", "Arah"),
        "Langkah yang terlambat": ("Kode", "Langkah", "Penanggung jawab", "Batas waktu", "Selesai", "Hari", "Alasan"),
        "Perubahan pada server": ("Kode", "Server", "Uraian"),
    }
    tables = [
        Table(title, names, tuple(tuple(f"{name} {no}" for name in names) for no in range(rows)), "declared")
        for title, names in columns.items()
    ]
    block = (Field("Awal bulan", "1.234", "gathered"), Field("Masuk", "2", "gathered"))
    return MonthForm(
        letterhead=LETTERHEAD,
        stamp=stamp("555/L0001/KOMINFO/2026"),
        month="2026-10",
        opening=("Laporan ini memuat penyelenggaraan penitipan server selama bulan Oktober 2026.",),
        figures=tuple(Section(f"Bagian {number}", block) for number in range(6)),
        tables=(*tables, Table("Daftar tunggu", ("No", "Kode"), (), "declared")),
        notes=("Hari dihitung menurut hari kerja kantor.",),
        officer=OFFICER,
        head=HEAD,
    )


def sop(*, legend: bool = False) -> SopForm:
    """A procedure with every symbol: a decision, a way back, a way that skips a step, and enough rows for two pages."""
    shapes: tuple[Shape, ...] = (
        "terminal",
        "process",
        "decision",
        "process",
        "process",
        "process",
        "process",
        "terminal",
    )
    steps = tuple(
        SopStep(no, f"Kegiatan {no}", no % 2, shape, f"syarat {no}", "1 hari", f"hasil {no}", (f"catatan {no}",))
        for no, shape in enumerate(shapes, start=1)
    )
    arrows = tuple(SopArrow(no, no + 1, "ya" if no == 3 else "") for no in range(1, 8))
    more = (SopArrow(3, 1, "tidak"), SopArrow(3, 8, "batal"), SopArrow(7, 2, "ulang", dashed=True))
    identity = (Field("Nomor SOP", "065/1", "declared"), Field("Nama SOP", "Prosedur Contoh", "declared"))
    blocks = (SopBlock("Dasar hukum", ("UU 25/2009",)), SopBlock("Kualifikasi", ("teknis",)))
    actors = ("Unit Kerja Pemohon", "Pelaksana")
    return SopForm(
        LETTERHEAD,
        stamp(),
        "Prosedur Contoh",
        "Berkas",
        identity,
        blocks,
        actors,
        steps,
        (*arrows, *more),
        ("catatan",),
        legend,
    )


def filled(value: Any, texts: list[str], used: list[str]) -> Any:
    """`value` with its free texts replaced in turn by `texts`, each behind a number of its own; they go to `used`.

    What the form's types or the calendar bound stays: sources, results, the month and the command in the QR code.
    """
    if isinstance(value, str):
        used.append(f"{len(used)}:{texts[len(used) % len(texts)]}")
        return used[-1]
    if isinstance(value, tuple):
        return tuple(filled(item, texts, used) for item in value)
    if isinstance(value, Struct):
        bound = {"month", "result", "source", "check_command", "shape", "state", "language", "key", "sheet"}
        changed = {
            name: filled(item, texts, used)
            for name, item in structs.asdict(value).items()
            if name not in bound and not isinstance(item, date)
        }
        return structs.replace(value, **changed)
    return value


def pages(pdf: bytes) -> list[pypdfium2.PdfTextPage]:
    return [page.get_textpage() for page in pypdfium2.PdfDocument(pdf)]


def text(pdf: bytes) -> str:
    """The text layer, without white space: where lines break in a cell is the layout's affair."""
    return squeezed(" ".join(page.get_text_range() for page in pages(pdf)))


def squeezed(value: str) -> str:
    # PDFium reports a hyphen at a line's end as U+FFFE or U+0002.
    return "".join(value.replace("\ufffe", "-").replace("\x02", "-").split())

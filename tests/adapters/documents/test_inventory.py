"""What the inventory form says about a server, and where each value is from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.adapters.documents import Field, Section, Table
from sopctl.adapters.documents.inventory import DECLARED, sections_of
from sopctl.errors import InvalidRecord
from sopctl.model.facts.parts import Cpu, Disk, Mount, Nic
from sopctl.model.facts.server import Missing, ServerFacts
from tests.adapters.documents import samples

BARE = ServerFacts(gathered_at="2026-11-23T08:00:00+07:00", hostname="x")


def fields(sections: tuple[Section | Table, ...]) -> dict[str, Field]:
    return {field.label: field for part in sections if isinstance(part, Section) for field in part.fields}


def table(sections: tuple[Section | Table, ...], title: str) -> Table:
    return next(part for part in sections if isinstance(part, Table) and part.title == title)


def test_each_value_says_where_it_is_from() -> None:
    found = fields(sections_of(samples.facts(), samples.DECLARED, samples.PLACE))
    assert found["Nomor seri"] == Field("Nomor seri", "CN7792194B0012", "gathered")
    assert found["Merk/tipe"] == Field("Merk/tipe", "Contoh R740", "gathered")
    assert found["Catu daya"] == Field("Catu daya", "2 × 750 W", "declared")
    assert found["Rak"] == Field("Rak", "A1", "declared")
    assert found["BIOS"] == Field("BIOS", "perlu akses root", "needs-root")
    assert found["RAID"] == Field("RAID", "tidak tersedia", "not-available")
    assert found["Memori (RAM)"].value == "125,6 GiB"
    assert found["Inti prosesor"].value == "2 soket × 12 inti × 2 utas = 48"
    assert found["Lama menyala"].value == "41 hari 3 jam"


def test_tables_of_disks_networks_and_mounts() -> None:
    sections = sections_of(samples.facts(disks=1, nics=1), {}, {})
    assert table(sections, "Disk").rows == (("nvme0n1", "MZQL21T9", "1,92 TB", "SSD", "S64G0000", "–"),)
    assert table(sections, "Antarmuka jaringan").rows == (
        ("enp0s0", "b0:26:28:aa:bb:00", "10 Gb/s", "naik", "198.18.0.0/24"),
    )
    assert table(sections, "Sistem berkas").rows == (("/", "/dev/mapper/vg0-root", "ext4", "98 GiB", "23 GiB (23%)"),)


def test_what_could_not_be_read_in_tables() -> None:
    server = ServerFacts(
        gathered_at="2026-11-23T08:00:00+07:00",
        hostname="x",
        disks=(Disk("sda", 500107862016),),
        nics=(Nic("eth0"), Nic("eth1", speed_mbps=-1)),
        mounts=(Mount("/", "/dev/sda1", "ext4"), Mount("/x", "/dev/sdb1", "ext4", 0, 0)),
        cpu=Cpu(logical=4),
    )
    sections = sections_of(server, {}, {})
    assert table(sections, "Disk").rows == (("sda", "–", "500 GB", "–", "–", "–"),)
    assert table(sections, "Antarmuka jaringan").rows[1] == ("eth1", "–", "–", "turun", "–")
    assert table(sections, "Sistem berkas").rows[0][3:] == ("–", "–")
    assert fields(sections)["Inti prosesor"].value == "4 prosesor logis"


@pytest.mark.parametrize(("missing", "source"), [({}, "not-available"), ({"disks": Missing.NEEDS_ROOT}, "needs-root")])
def test_an_empty_table_says_why(missing: dict[str, Missing], source: str) -> None:
    server = ServerFacts(gathered_at="2026-11-23T08:00:00+07:00", hostname="x", missing=missing)
    assert table(sections_of(server, {}, {}), "Disk").source == source


def test_another_serial_number_than_the_letters_shows_both() -> None:
    found = fields(sections_of(samples.facts(), {"serial": "CN-OTHER"}, {}))
    assert found["Nomor seri"] == Field("Nomor seri", "CN7792194B0012 (surat: CN-OTHER)", "gathered")


def test_the_same_serial_number_in_other_case_is_the_same() -> None:
    found = fields(sections_of(samples.facts(), {"serial": " cn7792194b0012"}, {}))
    assert found["Nomor seri"].value == "CN7792194B0012"


@pytest.mark.parametrize(("declared", "place"), [({"password": "rahasia"}, {}), ({}, {"key": "rahasia"})])
def test_what_the_form_has_no_place_for_is_refused_and_not_repeated(
    declared: dict[str, str], place: dict[str, str]
) -> None:
    with pytest.raises(InvalidRecord, match="no place") as caught:
        sections_of(BARE, declared, place)
    assert "rahasia" not in str(caught.value)


def test_everything_declared_is_on_the_form() -> None:
    declared = {key: f"nilai {key}" for key in DECLARED if key != "name"}
    found = fields(sections_of(BARE, declared, {}))
    assert {found[DECLARED[key]].value for key in declared} == set(declared.values())


@given(st.builds(ServerFacts))
def test_any_facts_make_a_form(server: ServerFacts) -> None:
    for part in sections_of(server, {}, {}):
        if isinstance(part, Table):
            assert all(len(row) == len(part.columns) for row in part.rows)

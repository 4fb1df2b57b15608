"""Until when the maker of an operating system supports it, as far as that was looked up.

The date is that of the support which everybody has: Debian's LTS, Ubuntu's five years, Red Hat's maintenance, the
general support of SUSE and VMware, Microsoft's extended support. What is bought on top (ESM, ELS) no machine says.
"""

from datetime import date

from msgspec import Struct

from sopctl.model.facts.declared.systems import release

_SITE = "endoflife.date"
_LOOKED_UP = date(2026, 8, 22)


class Support(Struct, frozen=True):
    """The end of the support of one release, who says so, and the day on which that was looked up."""

    system: str
    release: tuple[int, ...]
    end: date
    source: str
    looked_up: date

    def __str__(self) -> str:
        """For papers: `berakhir 30 Juni 2028, menurut endoflife.date/debian per 22 Agustus 2026`."""
        return f"berakhir {_written(self.end)}, menurut {self.source} per {_written(self.looked_up)}"


def _rows(system: str, page: str, releases: str) -> tuple[Support, ...]:
    """`releases` as "12=2028-06-30 11=2026-08-31"."""
    pairs = (each.split("=") for each in releases.split())
    return tuple(
        Support(
            system,
            tuple(int(number) for number in version.split(".")),
            date.fromisoformat(end),
            f"{_SITE}/{page}",
            _LOOKED_UP,
        )
        for version, end in pairs
    )


_TABLE = (
    *_rows(
        "debian",
        "debian",
        "13=2030-06-30 12=2028-06-30 11=2026-08-31 10=2024-06-30 9=2022-07-01 8=2020-06-30 7=2018-05-31 6=2016-02-29",
    ),
    *_rows(
        "ubuntu",
        "ubuntu",
        "26.04=2031-04-30 25.10=2026-07-01 25.04=2026-01-17 24.10=2025-07-10 24.04=2029-05-31 23.10=2024-07-12"
        " 23.04=2024-01-20 22.04=2027-04-01 20.04=2025-05-31 18.04=2023-05-31 16.04=2021-04-02 14.04=2019-04-02"
        " 12.04=2017-04-28",
    ),
    *_rows("rhel", "rhel", "10=2035-05-31 9=2032-05-31 8=2029-05-31 7=2024-06-30 6=2020-11-30 5=2017-03-31"),
    *_rows("almalinux", "almalinux", "10=2035-05-31 9=2032-05-31 8=2029-05-31"),
    *_rows("rocky", "rocky-linux", "10=2035-05-31 9=2032-05-31 8=2029-05-31"),
    *_rows("oracle", "oracle-linux", "9=2032-06-30 8=2029-07-31 7=2024-12-31 6=2021-03-31"),
    *_rows("centos", "centos", "8=2021-12-31 7=2024-06-30 6=2020-11-30 5=2017-03-31"),
    *_rows("centos-stream", "centos-stream", "10=2030-05-31 9=2027-05-31 8=2024-05-31"),
    *_rows(
        "sles",
        "sles",
        "16.0=2027-11-30 15.7=2031-07-31 15.6=2025-12-31 15.5=2024-12-31 15.4=2023-12-31 15.3=2022-12-31"
        " 15.2=2021-12-31 15.1=2021-01-31 12.5=2024-10-31 12.4=2020-06-30 11.4=2019-03-31",
    ),
    *_rows(
        "windows",
        "windows-server",
        "2025=2034-11-14 2022=2031-10-14 2019=2029-01-09 2016=2027-01-12 2012.2=2023-10-10 2012=2023-10-10"
        " 2008.2=2020-01-14 2008=2020-01-14 2003=2015-07-14",
    ),
    *_rows(
        "esxi",
        "vmware-esxi",
        "9.1=2028-08-12 9.0=2027-09-17 8.0=2027-10-11 7.0=2025-10-02 6.7=2022-10-15 6.5=2022-10-15 6.0=2020-03-12"
        " 5.5=2018-09-19",
    ),
    *_rows("proxmox", "proxmox-ve", "8=2026-08-31 7=2024-07-31 6=2022-09-30 5=2020-07-31 4=2018-06-30"),
)
"""R2 of Windows is its second number. Releases without a date (Oracle Linux 10, Proxmox 9) are left out."""

_MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)


def support(system: str | None) -> Support | None:
    """That of a system by name and version, as a machine or a letter writes them; None where it is not known."""
    found = release(system or "")
    if found is None:
        return None
    name, version = found
    if name == "centos" and version[:1] > (8,):  # there is no other from release 9 on
        name = "centos-stream"
    return next((row for row in _TABLE if row.system == name and version[: len(row.release)] == row.release), None)


def _written(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

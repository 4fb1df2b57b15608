"""Numbers, sizes and durations as Indonesian papers and records write them."""

_GIB = 1024**3


def decimal(value: float, places: int = 1) -> str:
    """A number with the Indonesian comma and at most `places` decimals: `1,92`, `1.024`."""
    whole, _, fraction = f"{value:,.{places}f}".partition(".")
    fraction = fraction.rstrip("0")
    return whole.replace(",", ".") + (f",{fraction}" if fraction else "")


def disk_size(size_bytes: int) -> str:
    """A disk's size in powers of ten, as on its label: `480 GB`, `1,92 TB`."""
    if size_bytes >= 10**12:
        return f"{decimal(size_bytes / 10**12, 2)} TB"
    if 0 < size_bytes < 10**9:
        return f"{decimal(size_bytes / 10**6, 0)} MB"
    return f"{decimal(size_bytes / 10**9, 0 if size_bytes >= 10**10 else 1)} GB"


def memory_size(size_bytes: int) -> str:
    """Memory or a file system in powers of two: `512 MiB`, `125,6 GiB`, `3,5 TiB`."""
    if size_bytes < _GIB:
        return f"{decimal(size_bytes / 1024**2, 0)} MiB"
    if size_bytes < 1024 * _GIB:
        return f"{decimal(size_bytes / _GIB)} GiB"
    return f"{decimal(size_bytes / 1024**4, 2)} TiB"


def duration(seconds: int) -> str:
    """Time in days and hours: `41 hari 3 jam`; minutes below an hour."""
    hours, rest = divmod(max(0, seconds), 3600)
    days, hours = divmod(hours, 24)
    if days:
        return f"{decimal(days, 0)} hari {hours} jam"
    return f"{hours} jam" if hours else f"{rest // 60} menit"

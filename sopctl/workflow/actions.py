"""What a person can do next about a deposit, as data: computed from where it stands and the table of verbs."""

from sopctl.errors import Action
from sopctl.model.sop import verbs
from sopctl.model.sop.summary import Summary


def due(each: Summary) -> Action | None:
    """What a person can do about what is due: the step's own work, and the alternatives that the procedure has
    where someone has to decide. None for a closed dossier."""
    if each.closed:
        return None
    if each.held:
        return _action(each, "resume", alternatives=_asides(each))
    if each.waiting == "decision":
        return _action(each, each.verb, each.task, alternatives=(*_asides(each), _action(each, "hold")))
    return _action(each, each.verb, each.task)


def extension(each: Summary) -> Action:
    """What is to be done when the time of a deposit ends: extend it, or ask for the server back."""
    back = (_action(each, "return", each.begins["return"]),) if "return" in each.begins else ()
    return _action(each, "extend", alternatives=back)


def followups(each: Summary, *, port: bool, key: bool = False) -> list[tuple[str, Action]]:
    """What remains to be done after a unit's no, a correction, a move or a change of the office's key, and how;
    `port`: can its switch port be set from here? `key`: has the server not the current key alone?"""
    if not each.in_our_hands:
        return []
    found = []
    if each.denied:
        found.append((f"Pemohon: server tidak bisa diakses ({each.denied})", Action("check", each.id)))
    if each.to_repair and each.verb != "configure":
        edited = ", ".join(each.to_repair)
        found.append((f"Berkas diubah sesudah konfigurasi ({edited}): terapkan ke server", Action("repair", each.id)))
    if each.to_set_port and port:
        found.append(("Port switch belum sesuai dengan berkas: atur kembali", Action("switch", each.id)))
    if each.to_gather and each.verb == "inventory":
        found.append(("Server dipindahkan: data ulang", Action("inventory", each.id)))
    if key:
        found.append(("Kunci kantor di server belum diganti", Action("rotate", each.id)))
    return found


def _asides(each: Summary) -> tuple[Action, ...]:
    return tuple(_action(each, verb) for verb in each.asides)


def _action(each: Summary, verb: str, task: str = "", alternatives: tuple[Action, ...] = ()) -> Action:
    row = verbs.row(verb, task)
    return Action(verb, each.id, task, _needs(each, row), alternatives=alternatives)


def _needs(each: Summary, row: verbs.Verb) -> tuple[str, ...]:
    if each.platform and row.needs_for_appliance is not None:
        return row.needs_for_appliance
    by_hand = each.kind == "other" and (each.by_hand or (row.name, row.task) != (each.verb, each.task))
    return row.needs_by_hand if by_hand and row.needs_by_hand is not None else row.needs

"""What each kind of principal may see."""

from sopctl.model.principal import Principal, Sight
from sopctl.model.principal import sight_of as of
from sopctl.model.unit import Unit

UNITS = {"contoh": Unit("Dinas Contoh", ("DINCON",)), "lain": Unit("Dinas Lain")}


def test_who_sees_what() -> None:
    assert of(Principal("x")) is None
    assert of(Principal("x", "unit")) is None, "a unit without a key sees nothing, not everything"
    assert of(Principal("x", "reader")) == Sight(house=True)
    person = of(Principal("x", "person", ("kadis",)))
    assert person == Sight(personal=True, papers=True, house=True)
    unit = of(Principal("x", "unit", unit="contoh"))
    assert unit
    assert person
    seen = [
        name
        for name in ("Dinas Contoh", "DINAS  contoh", "dincon", "Dinas Lain", "Dinas", "")
        if unit.sees(UNITS, name)
    ]
    assert seen == ["Dinas Contoh", "DINAS  contoh", "dincon"]
    assert person.sees(UNITS, "Dinas Lain")
    assert not unit.house
    assert unit.personal
    assert unit.papers
    assert of(Principal("sopctl", "automation")) == person


def test_who_is_not_said_to_be_more_is_nobody_and_sees_nothing_of_people() -> None:
    assert Principal("x") == Principal("x", "nobody", people=(), unit="", clerk=False)
    assert Sight() == Sight(unit="", personal=False, papers=False, house=False)

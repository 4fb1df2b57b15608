"""Who may log in by pam_access, as access.conf(5) says it."""

import pytest

from sopctl.model.access.pam_access import refusal

ALL = "-:ALL:ALL"


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ([], ""),
        (["# -:ALL:ALL", "nonsense", "-:ALL"], ""),
        ([ALL], ALL),
        (["+:root web:ALL", ALL], ""),
        (["+ : root, web : ALL", ALL], ""),
        (["+:(staff):ALL", ALL], ""),
        (["+:staff:ALL", ALL], ""),
        (["+:(wheel):ALL", ALL], ALL),
        (["-:ALL EXCEPT root titipan:ALL"], "-:ALL EXCEPT root titipan:ALL"),
        (["-:ALL EXCEPT root web:ALL"], ""),
        (["-:ALL EXCEPT root EXCEPT web:ALL"], "-:ALL EXCEPT root EXCEPT web:ALL"),
        (["-:web:ALL EXCEPT LOCAL"], "-:web:ALL EXCEPT LOCAL"),
        (["+:web:192.0.2.0/24", ALL], ""),
        (["+:web:192.0.2.", ALL], ""),
        (["+:web:198.51.100.0/24 cron", ALL], ALL),
        (["-:ALL:tty1 LOCAL"], ""),
        (["+:@people:ALL", ALL], ""),  # who is in a netgroup is not known here
        (["+:web:office.example.org", ALL], ""),
        (["+:other:office.example.org", ALL], ALL),
        (["-:web:2001:db8::/32"], ""),
        (["-:web:::/0", "-:web:192.0.2.7"], "-:web:192.0.2.7"),
    ],
)
def test_the_first_rule_that_matches_decides(rules: list[str], refused: str) -> None:
    assert refusal(rules, "web", ("web", "staff"), "192.0.2.7") == refused

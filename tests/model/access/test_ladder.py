"""What helps, by the rung at which a check failed."""

from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, JumpHost, Rung, Verdict, remedy


def test_a_remedy_names_the_port() -> None:
    result = AccessResult("h", 2222, Verdict.INACCESSIBLE, Rung.TCP, Cause.FILTERED, "", 0.0, ())
    assert "2222" in remedy(result)


def test_a_remedy_at_the_jump_host_needs_one() -> None:
    there = JumpHost("gate.example.org", 2222, "hop")
    for rung, jump in ((Rung.TCP, there), (Rung.JUMP, None)):
        result = AccessResult("h", 22, Verdict.INACCESSIBLE, rung, Cause.DENIED, "", 0.0, (), "web", jump=jump)
        assert not str(remedy(result)).startswith("at the jump host")


def test_a_remedy_is_for_where_it_failed() -> None:
    there = JumpHost("gate.example.org", 2222, "hop")
    at_the_jump = AccessResult("h", 22, Verdict.INACCESSIBLE, Rung.JUMP, Cause.DENIED, "", 0.0, (), "web", jump=there)
    assert str(remedy(at_the_jump)).startswith("at the jump host gate.example.org: see that the account hop")
    late = AccessResult("h", 22, Verdict.INACCESSIBLE, Rung.HTTP, Cause.TIMEOUT, "", 0.0, ())
    assert "service" in remedy(late)
    assert "UseDNS" not in remedy(late)

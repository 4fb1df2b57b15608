"""Passwords are kept as argon2id, and what is no hash matches nothing."""

from sopctl.adapters import passwords


def test_a_password() -> None:
    kept = passwords.hashed("kuda baterai staples benar")
    assert kept.startswith("$argon2id$v=19$m=65536,")
    assert passwords.matches(kept, "kuda baterai staples benar")
    assert not passwords.matches(kept, "x")
    assert not passwords.matches("", "")
    assert not passwords.matches("plain", "plain")

"""One mailbox is one address, and two mailboxes are never one."""

import pytest

from storefront.core.email_addresses import as_servers_write, key_of, normalised


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("alice@example.org", "alice@example.org"),
        ("  Alice@Example.ORG ", "alice@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("\uff21lice@example.org", "alice@example.org"),
        ("alice\uff20example\u3002org", "alice@example.org"),
        ("alice@example.org.", "alice@example.org"),
        ("bert@weiss.example", "bert@weiss.example"),
        ("bert@weiß.example", "bert@xn--wei-7ka.example"),
        ("bert@WEIẞ.example", "bert@xn--wei-7ka.example"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@mu\u0308ller.example", "anna@xn--mller-kva.example"),
        ("anna@MÜLLER.example", "anna@xn--mller-kva.example"),
        ("anna@XN--MLLER-KVA.example", "anna@xn--mller-kva.example"),
        ("anna@\uff4düller\uff0eexample", "anna@xn--mller-kva.example"),
        ("anna@βόλος.example", "anna@xn--nxasmm1c.example"),
        ("anna@βόλοσ.example", "anna@xn--nxasmq6b.example"),
        # No mail server knows these: they are nobody else's.
        ("straße@example.org", "straße@example.org"),
        ("\u212aelvin@example.org", "\u212aelvin@example.org"),
        ("\u017fara@example.org", "\u017fara@example.org"),
        ("\u0130da@example.org", "\u0130da@example.org"),
        ("\u0131da@example.org", "\u0131da@example.org"),
        ("ÖZGE@example.org", "özge@example.org"),
        ("O\u0308ZGE@example.org", "özge@example.org"),
        ("a@XN--ZZZZZZZZ.example", "a@xn--zzzzzzzz.example"),
        ("a@under_score.Example", "a@under_score.example"),
        ("half ty", "half ty"),
        ("", ""),
        ("a@\ud800.example", "a@\ud800.example"),
    ],
)
def test_an_address_has_one_key(written: str, key: str) -> None:
    assert key_of(written) == key
    assert key_of(key) == key


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Alice@Example.ORG ", "Alice@Example.ORG"),
        ("anna@MÜLLER.example", "anna@müller.example"),
        ("anna@xn--mller-kva.example", "anna@müller.example"),
        ("\uff21nna\uff20example.org", "Anna@example.org"),
        ("bert@weiß.example", "bert@weiß.example"),
    ],
)
def test_what_is_kept_is_what_the_key_is_of(typed: str, kept: str) -> None:
    assert normalised(typed) == kept
    assert key_of(normalised(typed)) == key_of(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "nobody",
        "straße@example.org",
        "\u212aelvin@example.org",
        "\u017fara@example.org",
        "\u0131da@example.org",
        "a@xn--zzzzzzzz.example",
        "a@xn--.example",
        "a@exa\u00admple.org",
        "a@example\u200d.org",
        f"a@{'b' * 64}.example",
        f"a@{'ü' * 63}.example",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "a\x01b@example.org",
        "a\r\nBcc: b@example.org",
        "a\u202eb@example.org",
        "a@b@example.org",
    ],
)
def test_no_mail_is_sent_to_what_is_no_address(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalised(typed)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("Alice@Example.ORG", "Alice@Example.ORG"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("bert@weiß.example", "bert@xn--wei-7ka.example"),
        # Kept from before, and not to be sent to: it fails at the server, and not here.
        ("anna@ma\u00adil.example", "anna@mail.example"),
        ("anna@\u2488.example", "anna@\u2488.example"),
    ],
)
def test_servers_get_ascii(address: str, written: str) -> None:
    assert as_servers_write(address) == written

"""The address as a QR code, module by module as segno makes it, and in words beside it."""

from __future__ import annotations

import sys

import pytest
import segno

from matpi.core.views import PagePairing
from matpi.screen.canvas import WIDTH, draw
from matpi.screen.page_view import address_lines, modules, page_pairing, scale_of
from matpi.screen.render import render, spoken
from matpi.words import ENGLISH, LANGUAGES
from tests.screen.reading import read
from tests.screen.ruled import Ruled

HOSTS = {"matpi": (2, 8), "raspberrypi": (2, 6), "a" * 29: (2, 6), "a" * 30: (2, 2), "a" * 59: (2, 2), "a" * 63: (1, 4)}
"""Pixels a module, and of light around the code."""


def address(host: str) -> str:
    return f"http://{host}.local:8377"


def test_every_module_is_drawn_and_has_light_around_it() -> None:
    for host, (scale, quiet) in HOSTS.items():
        expected = [list(map(bool, row)) for row in segno.make_qr(address(host).upper(), error="l").matrix]
        assert [list(row) for row in modules(address(host))] == expected, host
        side = len(expected)
        assert scale_of(side) == (scale, quiet), host
        for shift in ((0, 0), (2, 2)):
            panel = render(PagePairing(address(host), "420175"), shift)
            edge = side * scale + 2 * quiet
            top = (62 - edge) // 2
            drawn = panel.crop((shift[0], shift[1] + top, shift[0] + edge, shift[1] + top + edge))
            for y in range(edge):
                for x in range(edge):
                    down, across = (y - quiet) // scale, (x - quiet) // scale
                    inside = 0 <= down < side and 0 <= across < side
                    dark = inside and expected[down][across]
                    assert (drawn.getpixel((x, y)) == 0) == dark, (host, x, y)


def test_the_address_is_readable_beside_it_and_cut_at_its_dots() -> None:
    assert address_lines("http://matpi.local:8377", 10) == ["matpi", ".local", ":8377"]
    assert address_lines("http://matpi.local", 11) == ["matpi.local"]
    assert address_lines("http://raspberrypi.local:8377", 10) == ["raspberryp", "i.local", ":8377"]
    assert address_lines("http://my-mat.local:8377", 10) == ["my-mat", ".local", ":8377"]
    assert address_lines(f"http://{'a' * 63}.local:8377", 13) == ["a" * 13, "a" * 13, "[...]", ".local:8377"]
    for host in HOSTS:
        canvas = Ruled()
        draw(PagePairing(address(host), "420175"), canvas, ENGLISH)
        written = "".join(text.text for text in canvas.written if text.text != "420 175")
        assert written.endswith(":8377")
        assert written == f"{host}.local:8377" or "[...]" in written
        assert max(text.right for text in canvas.written) <= WIDTH


def test_the_code_stands_in_two_groups_and_is_spoken_digit_by_digit() -> None:
    view = PagePairing(address("matpi"), "020175")
    assert {"020", "175"} <= set(read(render(view)))
    for words in LANGUAGES.values():
        said = spoken(view, words)
        assert view.address in said
        assert "0 2 0 1 7 5" in said


def test_the_same_address_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    view = PagePairing(address("once"), "020175")
    first = render(view).tobytes()
    monkeypatch.setitem(sys.modules, "segno", None)
    assert render(view, (0, 0)).tobytes() == first
    assert page_pairing is draw.dispatch(PagePairing)

"""The page as a file: one of a piece, nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from matpi.twin.page.server import PageServer
from tests.web.client import ask

PAGE = files("matpi.twin.page").joinpath("static/twin.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(PAGE)
    return parser.found


def test_it_is_served_as_it_is(server: PageServer) -> None:
    answer = ask(server.url, "GET", "/")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == PAGE


def test_nothing_comes_from_elsewhere(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    for tag, attributes in elements:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            address = attributes.get(name)
            assert address is None or address.startswith(("#", "data:")), f"<{tag} {name}={address}>"
    addresses = set(re.findall(r"(?:https?:)?//[a-z][\w.-]*\.[a-z]{2,}[^\s\"')]*", PAGE))
    # The names of the SVG vocabulary are never fetched.
    assert {address for address in addresses if address != "http://www.w3.org/2000/svg"} == set()
    assert not re.findall(r"@import|url\((?!#)", PAGE)


def test_the_policy_lets_it_work(elements: list[tuple[str, dict[str, str | None]]]) -> None:
    assert [tag for tag, _ in elements].count("script") == 1
    for tag, attributes in elements:
        inline = [name for name in attributes if name == "style" or name.startswith("on")]
        assert not inline, f"<{tag}> has {inline}, which the policy refuses"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme: str) -> None:
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", PAGE, re.DOTALL)
    )
    colours = light if scheme == "light" else light | dark
    texts = [("ink", "paper"), ("warn", "warn-wash"), ("on-accent", "accent"), ("accent", "wash"), ("warn", "card")]
    texts += [("case-ink", "case-a"), ("case-ink", "case-b"), ("card", "ink"), ("soft", "paper"), ("ink", "wash")]
    texts += [(text, ground) for text in ("ink", "soft") for ground in ("card", "sunk")]
    for text, ground in texts:
        lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{text} on {ground}"


def test_it_stays_small() -> None:
    assert len(PAGE.splitlines()) <= 900
    assert len(PAGE.encode()) <= 60_000  # the first view of an appliance on a slow network

# ruff: noqa: INP001  a script, no package
"""Draws the wiring as SVG, 700 wide: the header, what is wired to it, and the cells. Called by make_wiring.py.

The pins come from the config, by way of make_wiring.parts. A wire leaves the header at the height of its pin, on the
side of its pin. The boxes have fixed places: they are laid out for the default pins.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from make_wiring import Part

WIDE, TALL = 700, 1136
LEFT, RIGHT = 256, 444
"""Edges of the header."""
TOP, ROW = 172, 24
"""Height of pins 1 and 2, and from pin to pin."""
UNDER: Final = TOP + 20 * ROW
"""Below the header."""
CHIP_AT, SHEATH_AT, CELLS_AT = UNDER + 106, UNDER + 222, UNDER + 276
LANES: Final = {"DOUT": 282, "PD_SCK": 220, "GND": 170, "VCC": 128}
"""Of the wires down to a chip, and of its terminals: how far from the middle."""
BRIDGE: Final = {"A+": -84, "E+": -28, "E-": 28, "A-": 84}
"""Of the terminals for the cells: how far from the middle of the chip."""
MIDDLE: Final = {-1: 168, 1: 532}
"""Of the chip at the left and at the right."""
INK: Final = {
    "RD": "#d22", "BK": "#222", "GN": "#2a2", "YE": "#fc0", "VT": "#93c", "WH": "#fff", "BU": "#26d", "OG": "#f80",
    "BN": "#963", "GY": "#999",
}  # fmt: skip

Point = tuple[float, float]


def text(x: float, y: float, words: str, *, size: int = 13, anchor: str = "start", bold: bool = False,
         fill: str = "#222") -> str:  # fmt: skip
    weight = ' font-weight="bold"' if bold else ""
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{place}{weight}>{escape(words)}</text>'


def box(x: float, y: float, wide: float, tall: float, fill: str = "#fff") -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{tall:g}" rx="5" fill="{fill}" stroke="#444"/>'


def wire(colour: str, *points: Point) -> str:
    """Return a wire with a white rim, so that one that crosses another is seen to pass over it."""
    path = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    rims = (("#fff", 8.0), ("#444", 4.6), (INK[colour], 3.2))
    return "".join(
        f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{thick}" stroke-linejoin="round"/>'
        for ink, thick in rims
    )


def dot(x: float, y: float, colour: str = "BK", radius: float = 4.5) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius}" fill="{INK[colour]}" stroke="#444"/>'


def side(pin: int) -> int:
    """Return -1 for the row at the left, 1 for that at the right."""
    return -1 if pin % 2 else 1


def start(pin: int) -> Point:
    """Return where the wire of a pin leaves the header."""
    return (LEFT if pin % 2 else RIGHT), TOP + (pin - 1) // 2 * ROW


def orientation() -> list[str]:
    """Return a Raspberry Pi Zero 2 W from above, with the ends of its header named."""
    x, y, wide, tall = 466, 34, 214, 88
    made = [box(x, y, wide, tall, "#dfeede")]
    for n in range(20):
        for row in range(2):
            first = n in {0, 19}
            fill = "#d22" if (n, row) == (0, 1) else "#222"
            made.append(f'<circle cx="{x + 25 + n * 8.6:g}" cy="{y + 10 + row * 9}" r="{3.2 if first else 2.6}"'
                        f' fill="{fill}"/>')  # fmt: skip
    made += [
        box(x - 6, y + 32, 26, 36, "#ccc"),
        box(x + 132, y + 74, 22, 18, "#ccc"),
        box(x + 174, y + 74, 22, 18, "#ccc"),
        text(x + 26, y + 55, "SD card"),
        text(x + 196, y + 68, "USB, power", anchor="end"),
        text(x + 25, y - 4, "2", bold=True, anchor="middle"),
        text(x + 25 + 19 * 8.6, y - 4, "40", bold=True, anchor="middle"),
        text(x + 16, y + 24, "1", bold=True, anchor="end", fill="#d22"),
        text(x + 34 + 19 * 8.6, y + 24, "39", bold=True),
    ]
    return made


def header(names: dict[int, str], colours: dict[int, str]) -> list[str]:
    """Return the forty pins: number, what it is, and a dot in the colour of its wire."""
    made = [box(LEFT, TOP - 20, RIGHT - LEFT, 20 * ROW + 16, "#dfeede")]
    for pin in range(1, 41):
        _, y = start(pin)
        x = (LEFT + RIGHT) / 2 + side(pin) * 13
        used, never = pin in colours, names[pin].startswith("5 V")
        fill = INK[colours[pin]] if used else "#fff"
        made.append(f'<circle cx="{x:g}" cy="{y:g}" r="10.5" fill="{fill}" stroke="{"#444" if used else "#bbb"}"/>')
        light = used and colours[pin] in {"WH", "YE", "OG", "GY"}
        ink = "#222" if light else "#fff" if used else "#999"
        made.append(text(x, y + 4.5, str(pin), size=12, anchor="middle", bold=used, fill=ink))
        soft = "#c00" if never else "#222" if used else "#999"
        at = x + side(pin) * 16
        made.append(text(at, y + 4.5, names[pin], anchor="end" if pin % 2 else "start", bold=used, fill=soft))
    return made


def panel(part: Part) -> list[str]:
    """Return the panel at the upper left; a wire from the other row goes over the top of the header."""
    ends = {wired.terminal: wired for wired in part.wires}
    at = {name: start(ends[name].header)[1] for name in ends if ends[name].header % 2}
    over = TOP - 32
    at |= {name: over for name in ends if not ends[name].header % 2}
    made = [box(10, over - 22, 160, max(at.values()) - over + 40, "#eef")]
    for name, wired in ends.items():
        x, y = start(wired.header)
        bend = [] if wired.header % 2 else [(RIGHT + 14, y), (RIGHT + 14, over)]
        made += [wire(wired.colour, (x, y), *bend, (164, at[name])), text(156, at[name] + 4.5, name, anchor="end")]
    title, address = part.title.rsplit(", ", 1)
    return [
        *made,
        text(20, over, part.name, size=14, bold=True),
        text(20, over + 22, title),
        text(20, over + 44, address),
    ]


def button(part: Part) -> list[str]:
    (first, second) = sorted(part.wires, key=lambda wired: wired.header)
    ys = [start(wired.header)[1] for wired in (first, second)]
    made = [box(10, ys[0] - 14, 160, 52, "#fee")]
    made += [wire(wired.colour, start(wired.header), (130, y)) for wired, y in zip((first, second), ys, strict=True)]
    half = (ys[0] + ys[1]) / 2
    lever = f"M121 {ys[0] - 4}V{ys[1] + 4}M121 {half}H108M108 {half - 6}V{half + 6}"
    return [
        *made,
        f'<path d="{lever}" fill="none" stroke="#222" stroke-width="2"/>',
        *(dot(130, y, "WH", 4) for y in ys),
        text(20, ys[0] + 4, "Button", size=14, bold=True),
        text(20, ys[1] + 4, "either way"),
    ]


def lamp(part: Part, ohm: str) -> list[str]:
    anode, cathode = part.wires
    (x, y), (_, low) = start(anode.header), start(cathode.header)
    return [
        box(534, y - 70, 156, low - y + 86, "#ffe"),
        wire(anode.colour, (x, y), (655, y)),
        wire(cathode.colour, (x, low), (655, low)),
        f'<path d="M655 {y}V{low}" stroke="#222" stroke-width="2"/>',
        box(560, y - 8, 52, 16),
        text(586, y + 4.5, ohm, size=12, anchor="middle"),
        f'<path d="M646 {y + 6}H664L655 {low - 6}ZM645 {low - 5}H665" fill="#f93" stroke="#222" stroke-width="1.5"/>',
        text(544, y - 50, "LED", size=14, bold=True),
        text(544, y - 33, "long leg: resistor"),
        text(544, y - 17, "short leg: ground"),
    ]


def piezo(part: Part, ohm: str) -> list[str]:
    made = [box(290, UNDER + 4, 120, 62, "#fef")]
    for wired in part.wires:
        x, y = start(wired.header)
        way = side(wired.header)
        lane = x + way * 8
        made.append(wire(wired.colour, (x, y), (lane, y), (lane, UNDER + 22), (350 + way * 26, UNDER + 22)))
    return [
        *made,
        box(294, UNDER + 14, 46, 16),
        text(317, UNDER + 26.5, ohm, size=12, anchor="middle"),
        f'<circle cx="366" cy="{UNDER + 22}" r="13" fill="#ffd27a" stroke="#444"/>',
        text(350, UNDER + 56, "Piezo, optional", anchor="middle"),
    ]


def chip(part: Part, way: int) -> list[str]:
    """Return a chip below the header and its wires down to it, but for the supply, which both share."""
    middle = MIDDLE[way]
    made = [box(middle - 158, CHIP_AT, 316, 76, "#fdd")]
    for wired in part.wires:
        lane = 350 + way * LANES[wired.terminal]
        x, y = start(wired.header)
        if wired.terminal != "VCC":
            made.append(wire(wired.colour, (x, y), (lane, y), (lane, CHIP_AT + 2)))
        made.append(text(lane, CHIP_AT + 16, wired.terminal, size=12, anchor="middle"))
    made.append(text(middle, CHIP_AT + 37, part.title, size=14, anchor="middle", bold=True))
    made.append(text(middle, CHIP_AT + 53, "RATE at 80, 3.3 V, never 5 V", size=12, anchor="middle", fill="#c00"))
    made += [text(middle + at, CHIP_AT + 70, name, size=12, anchor="middle") for name, at in BRIDGE.items()]
    return made


def cells(way: int, cable: dict[str, str], joints: dict[str, dict[str, str]], own: dict[str, str]) -> list[str]:
    """Return the cable of a chip and the cells of its end. `joints`: cell -> its wire -> terminal of the chip."""
    middle, low = MIDDLE[way], CHIP_AT + 75
    rows = {("left", "tap"): 26, ("left", "outer 1"): 56, ("left", "outer 2"): 86,
            ("right", "tap"): 26, ("right", "outer 1"): 56, ("right", "outer 2"): 116}  # fmt: skip
    ends = {name: max(rows[one, end] for one in joints for end in joints[one] if joints[one][end] == name)
            for name in BRIDGE}  # fmt: skip
    made = [wire(cable[name], (middle + at, low), (middle + at, CELLS_AT + ends[name])) for name, at in BRIDGE.items()]
    made += [
        f'<rect x="{middle - 106}" y="{SHEATH_AT - 22}" width="212" height="50" rx="8" fill="#eee" stroke="#777"/>',
        text(middle, SHEATH_AT - 5, "screened cable, 1 m", anchor="middle"),
    ]
    names = {"BN": "brown", "GN": "green", "WH": "white", "YE": "yellow"}
    made += [
        text(middle + at, SHEATH_AT + 18, names[cable[name]], size=12, anchor="middle") for name, at in BRIDGE.items()
    ]
    for one, towards in (("left", -1), ("right", 1)):
        edge = middle + towards * 106
        made.append(box(min(edge, edge + towards * 56), CELLS_AT, 56, 160, "#ddd"))
        for end, name in joints[one].items():
            y, x = CELLS_AT + rows[one, end], middle + BRIDGE[name]
            made += [wire(own[end], (edge - towards * 2, y), (x, y)), dot(x, y)]
            made.append(text(edge + towards * 28, y + 4.5, end, size=12, anchor="middle"))
        made.append(text(edge + towards * 28, CELLS_AT + 138, one, anchor="middle", bold=True))
        made.append(text(edge + towards * 28, CELLS_AT + 153, "cell", anchor="middle", bold=True))
    return made


def picture(parts: list[Part], names: dict[int, str], screen: int, joints: dict[str, dict[str, str]],
            cable: dict[str, str], own: dict[str, str], ohms: dict[str, str]) -> str:  # fmt: skip
    """Return the whole as SVG."""
    by_name: dict[str, Part] = {part.name: part for part in parts}
    colours = {wired.header: wired.colour for part in parts for wired in part.wires} | {screen: "GY"}
    chips = [part for part in parts if part.bom == "HX711 board"]
    ways = {part.name: 1 if part.wires[2].header % 2 == 0 else -1 for part in chips}
    supply = next(wired.header for wired in chips[0].wires if wired.terminal == "VCC")
    x, y = start(supply)
    height = UNDER + 84
    lane = 350 - LANES["VCC"]
    made: list[Any] = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {TALL}" font-family="sans-serif">',
        "<title>The wiring, to the pin</title>",
        f'<rect width="{WIDE}" height="{TALL}" fill="#fff"/>',
        text(10, 28, "The wiring, to the pin", size=18, bold=True),
        text(10, 52, "Red 3.3 V, black ground. Seen from above,"),
        text(10, 71, "pin 1 is beside the SD card, inner row."),
        text(10, 90, "Nothing goes to pins 2 and 4 (5 V). Orange: lever connector."),
        *orientation(),
        f'<rect x="2" y="{SHEATH_AT + 38}" width="696" height="{TALL - SHEATH_AT - 42}" rx="8" fill="#f7f1e6"/>',
        text(350, TALL - 34, "Under the board. Cells have other colours, too: measure.", anchor="middle", bold=True),
        text(350, TALL - 14, "Right cell: its outer wires the other way round than the left one's.", anchor="middle"),
        *header(names, colours),
        *panel(by_name["OLED"]),
        *button(by_name["Button"]),
        *lamp(by_name["LED"], ohms["resistor of the LED"]),
    ]
    made += [line for part in chips for line in chip(part, ways[part.name])]
    for part in chips:
        made += cells(ways[part.name], cable, joints, own)
    sx, sy = start(screen)
    made += [
        wire("RD", (x, y), (lane, y), (lane, CHIP_AT + 2)),
        wire("RD", (lane, height), (350 + LANES["VCC"], height), (350 + LANES["VCC"], CHIP_AT + 2)),
        wire("GY", (sx, sy), (sx + 26, sy), (sx + 26, UNDER + 70), (350, UNDER + 70), (350, SHEATH_AT)),
    ]
    made += [wire("GY", (350, SHEATH_AT), (MIDDLE[way] - way * 106, SHEATH_AT)) for way in (-1, 1)]
    made += [
        box(lane - 12, height - 9, 24, 18, "#f80"),
        box(338, SHEATH_AT - 9, 24, 18, "#f80"),
        text(350, SHEATH_AT - 16, "screens", size=12, anchor="middle"),
        *piezo(by_name["Piezo"], ohms["resistor of the piezo"]),
        "</svg>",
    ]
    return "\n".join(made) + "\n"

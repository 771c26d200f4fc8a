"""The real luma drivers over the emulated panel: what the bytes show is the frame that was given."""

from __future__ import annotations

import atexit
import random
import tracemalloc
from collections.abc import Iterable
from typing import Literal

import pytest
from PIL import Image, ImageDraw

from matpi.core.brightness import Brightness
from matpi.core.plan.breathing import CYCLE_S, Side, circle, next_change
from matpi.core.text import Text
from matpi.core.views import Breathe
from matpi.drivers.oled import LEVELS, Dim, Level, Panel
from matpi.errors import HardwareError
from matpi.screen.render import render
from matpi.sim.panel import PanelChip

Driver = Literal["sh1106", "ssd1306", "ssd1309"]
DRIVERS: tuple[Driver, ...] = ("sh1106", "ssd1306", "ssd1309")
every_driver = pytest.mark.parametrize("driver", DRIVERS)


def frame(seed: int) -> Image.Image:
    return Image.frombytes("1", (128, 64), random.Random(seed).randbytes(1024))


def picture() -> Image.Image:
    image = Image.new("1", (128, 64))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 127, 63), outline=1)
    draw.line((0, 0, 40, 63), fill=1)
    draw.point((1, 62), fill=1)
    return image


class Bench:
    """A panel that finds a chip of its own at every opening."""

    def __init__(self, driver: Driver, rotate_deg: Literal[0, 180] = 0, dim: Dim = "full") -> None:
        self.driver = driver
        self.chips: list[PanelChip] = []
        self.away = False
        self.panel = Panel(driver, rotate_deg=rotate_deg, dim=dim, serial=self.serial)

    def serial(self) -> PanelChip:
        self.chips.append(PanelChip(self.driver))
        self.chips[-1].lost = self.away
        return self.chips[-1]

    @property
    def chip(self) -> PanelChip:
        return self.chips[-1]


@every_driver
def test_the_image_decoded_from_the_bytes_is_the_frame(driver: Driver) -> None:
    bench = Bench(driver)
    for image in (picture(), frame(1), frame(2), Image.new("1", (128, 64), 1), Image.new("1", (128, 64))):
        bench.panel.show(image, Brightness.BRIGHT)
        assert bench.chip.image.tobytes() == image.tobytes()


@every_driver
def test_the_controller_is_found_whatever_is_in_its_memory(driver: Driver) -> None:
    """Each time it is opened, right after power-on and over an old picture; the picture is whole."""
    chip = PanelChip(driver)
    for seed in range(3):
        panel = Panel(serial=chip.plug)
        panel.show(frame(seed), Brightness.BRIGHT)
        assert chip.image.tobytes() == frame(seed).tobytes()
        assert (chip.precharge, chip.contrast) == (
            LEVELS[driver][Brightness.BRIGHT].precharge,
            LEVELS[driver][Brightness.BRIGHT].contrast,
        )
        panel.close()


def test_a_controller_that_refuses_to_be_read_is_no_sh1106(monkeypatch: pytest.MonkeyPatch) -> None:
    chip = PanelChip("ssd1306")

    def refuse(*_: object) -> None:
        raise OSError(121, "Remote I/O error")

    monkeypatch.setattr(chip, "i2c_rdwr", refuse)
    Panel(serial=chip.plug).show(picture(), Brightness.BRIGHT)
    assert chip.image.tobytes() == picture().tobytes()


@every_driver
def test_upside_down(driver: Driver) -> None:
    bench = Bench(driver, 180)
    bench.panel.show(picture(), Brightness.BRIGHT)
    assert bench.chip.image.tobytes() == picture().rotate(180).tobytes()


@every_driver
def test_an_unchanged_frame_writes_nothing(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.show(picture(), Brightness.BRIGHT)
    before = bench.chip.transfers
    bench.panel.show(picture(), Brightness.BRIGHT)
    assert bench.chip.transfers == before
    bench.panel.show(frame(1), Brightness.BRIGHT)
    assert bench.chip.transfers > before


@pytest.mark.parametrize(
    ("driver", "transfers", "sent"), [("ssd1306", 2, 1030), ("ssd1309", 2, 1030), ("sh1106", 16, 1048)]
)
def test_what_a_frame_costs_on_the_wire(driver: Driver, transfers: int, sent: int) -> None:
    bench = Bench(driver)
    bench.panel.show(frame(1), Brightness.BRIGHT)
    before = bench.chip.transfers, bench.chip.bytes
    bench.panel.show(frame(2), Brightness.BRIGHT)
    assert (bench.chip.transfers - before[0], bench.chip.bytes - before[1]) == (transfers, sent)


@pytest.mark.parametrize("rotate_deg", [0, 180])
@every_driver
def test_whatever_rectangle_changes_the_panel_shows_the_frame(driver: Driver, rotate_deg: Literal[0, 180]) -> None:
    """At each edge and corner, a pixel, a line, all; between them refreshed, dimmed, switched off, lost."""
    bench, chance = Bench(driver, rotate_deg), random.Random(17)
    image = frame(0)
    columns, rows = (0, 1, 63, 126, 127), (0, 7, 8, 31, 32, 56, 63)
    for n in range(150):
        image = image.copy()
        left, right = sorted((chance.choice(columns), chance.randrange(128)))
        top, bottom = sorted((chance.choice(rows), chance.randrange(64)))
        right, bottom = chance.choice([(right, bottom), (left, bottom), (right, top), (left, top)])
        image.paste(frame(n).crop((left, top, right + 1, bottom + 1)), (left, top))
        image.putpixel((right, bottom), 255 - int(image.getpixel((right, bottom))))  # type: ignore[arg-type]
        event = chance.randrange(12)
        match event:
            case 0:
                bench.panel.refresh()
            case 1:
                bench.panel.off()
            case 2:
                bench.panel.off()
                bench.chip.replug()
            case 3:
                bench.panel.close()
                bench.panel.off()
        bench.panel.show(image, chance.choice(list(Brightness)))
        if event == 2:  # it has lost its registers
            bench.panel.refresh()
        turned = image.rotate(180) if rotate_deg else image
        assert bench.chip.image.tobytes() == turned.tobytes()


def test_an_sh1106_whose_power_blinked_in_the_dark_lights_up_without_snow() -> None:
    """The others need their registers before they take a whole picture."""
    bench = Bench("sh1106")
    bench.panel.show(picture())
    bench.panel.off()
    bench.chip.replug()
    part = picture()
    part.putpixel((60, 30), 1)
    bench.panel.show(part)
    assert bench.chip.lit
    assert not bench.chip.snowed


@every_driver
def test_lost_at_any_transfer_of_a_part_it_shows_the_whole_when_it_is_back(driver: Driver) -> None:
    changed = picture()
    changed.paste(frame(5).crop((40, 20, 90, 50)), (40, 20))
    for at in range(2 if driver != "sh1106" else 10):
        bench, chip = Bench(driver), PanelChip(driver)
        bench.panel._make_serial = chip.plug
        bench.panel.show(picture())
        chip.lose_in = at
        with pytest.raises(HardwareError):
            bench.panel.show(changed)
        chip.replug()
        bench.panel.show(changed)
        assert chip.image.tobytes() == changed.tobytes()
        assert not chip.snowed


@every_driver
def test_a_part_cut_short_by_a_fault_in_the_driver_is_sent_whole_next(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(driver)
    bench.panel.show(frame(1))
    part = frame(1)
    part.paste(0, (10, 10, 40, 40))
    data = bench.chip.data

    def fail(values: Iterable[int]) -> None:
        data(values)
        raise ValueError("no such byte")

    monkeypatch.setattr(bench.chip, "data", fail)
    with pytest.raises(ValueError, match="no such byte"):
        bench.panel.show(part)
    monkeypatch.undo()
    bench.panel.show(frame(1))
    assert bench.chip.image.tobytes() == frame(1).tobytes()


@every_driver
def test_a_breath_sends_the_circle_and_not_the_rest(driver: Driver) -> None:
    """In the mean of a breath at most a quarter of the frame, and for the smallest circle a fraction of it."""
    bench = Bench(driver)
    sent, at_s = [], 0.0
    bench.panel.show(breath(0.0))
    while (at_s := next_change(at_s)) < CYCLE_S:
        before = bench.chip.bytes
        bench.panel.show(breath(at_s))
        assert bench.chip.image.tobytes() == breath(at_s).tobytes()
        sent.append(bench.chip.bytes - before)
    assert sum(sent) / len(sent) < 256
    assert min(sent) < 64


def breath(at_s: float) -> Image.Image:
    now = circle(at_s)
    return render(Breathe(now.phase is Side.IN, now.radius_px, now.left_s, Text("phases.settling"), 1))


def level(chip: PanelChip) -> Level:
    return Level(chip.contrast, chip.precharge, chip.vcom)


@every_driver
def test_bright_is_what_the_start_up_sets(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.off()
    assert level(bench.chip) == LEVELS[driver][Brightness.BRIGHT]


@pytest.mark.parametrize(("driver", "sent"), [("ssd1306", 6), ("ssd1309", 6), ("sh1106", 4)])
def test_dim_lowers_the_voltages_too_and_bright_puts_them_back(driver: Driver, sent: int) -> None:
    bench = Bench(driver)
    bench.panel.show(picture(), Brightness.BRIGHT)
    bright = level(bench.chip)
    for brightness in (Brightness.DIM, Brightness.BRIGHT, Brightness.DIM):
        before = bench.chip.bytes, bench.chip.transfers
        bench.panel.show(picture(), brightness)
        assert level(bench.chip) == LEVELS[driver][brightness]
        assert (level(bench.chip) == bright) is (brightness is Brightness.BRIGHT)
        assert (bench.chip.bytes - before[0], bench.chip.transfers - before[1]) == (sent, 1)
        assert bench.chip.image.tobytes() == picture().tobytes()


@every_driver
def test_no_half_of_a_pre_charge_is_zero(driver: Driver) -> None:
    for each in LEVELS[driver].values():
        assert each.precharge & 0x0F
        assert each.precharge & 0xF0


@every_driver
def test_contrast_alone_leaves_the_voltages(driver: Driver) -> None:
    bench = Bench(driver, dim="contrast")
    bench.panel.show(picture(), Brightness.BRIGHT)
    bright = level(bench.chip)
    bench.panel.show(picture(), Brightness.DIM)
    assert level(bench.chip) == bright._replace(contrast=LEVELS[driver][Brightness.DIM].contrast)
    bench.panel.show(picture(), Brightness.BRIGHT)
    assert level(bench.chip) == bright


def test_the_vcom_of_an_sh1106_is_never_touched() -> None:
    """Whatever is written there, some modules turn black."""
    bench = Bench("sh1106")
    bench.panel.show(picture(), Brightness.BRIGHT)
    bench.chip.vcom = -1
    for brightness in (Brightness.DIM, Brightness.BRIGHT):
        bench.panel.show(picture(), brightness)
    assert bench.chip.vcom == -1


@every_driver
def test_refresh_heals_a_panel_whose_power_blinked_and_shows_no_snow(driver: Driver) -> None:
    bench = Bench(driver, 180)
    bench.panel.show(picture(), Brightness.DIM)
    bench.chip.replug()
    bench.panel.show(picture(), Brightness.DIM)
    assert bench.chip.image.getbbox() is None
    bench.panel.refresh()
    assert bench.chip.image.tobytes() == picture().rotate(180).tobytes()
    assert level(bench.chip) == LEVELS[driver][Brightness.DIM]
    assert not bench.chip.snowed


@every_driver
def test_refresh_of_a_healthy_panel_never_darkens_it(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.show(picture(), Brightness.DIM)
    dark = []
    do = bench.chip._do

    def watched(code: int, given: list[int]) -> None:
        do(code, given)
        dark.append(not bench.chip.lit or level(bench.chip).contrast != LEVELS[driver][Brightness.DIM].contrast)

    bench.chip._do = watched  # type: ignore[method-assign]
    bench.panel.refresh()
    assert dark
    assert not any(dark)


@every_driver
def test_refresh_of_a_dark_panel_writes_nothing(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.refresh()
    assert bench.chips == []
    bench.panel.show(picture(), Brightness.BRIGHT)
    bench.panel.off()
    before = bench.chip.transfers
    bench.panel.refresh()
    assert bench.chip.transfers == before


@every_driver
def test_lost_at_any_transfer_of_the_start_up_or_a_frame(driver: Driver) -> None:
    whole = Bench(driver)
    whole.panel.show(frame(1), Brightness.DIM)
    for at in range(whole.chip.transfers):
        bench = Bench(driver)
        chip = PanelChip(driver)
        bench.panel._make_serial = chip.plug
        chip.lose_in = at
        with pytest.raises(HardwareError, match="No answer from the OLED"):
            bench.panel.show(frame(1), Brightness.DIM)
        chip.replug()
        bench.panel.show(frame(1), Brightness.DIM)
        assert chip.image.tobytes() == frame(1).tobytes()
        assert level(chip) == LEVELS[driver][Brightness.DIM]
        assert not chip.snowed


@every_driver
def test_off_is_dark_once_and_the_same_frame_lights_it_again(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.show(picture(), Brightness.BRIGHT)
    bench.panel.off()
    assert not bench.chip.lit
    assert bench.chip.image.getbbox() is None
    before = bench.chip.transfers
    bench.panel.off()
    assert bench.chip.transfers == before
    bench.panel.show(picture(), Brightness.BRIGHT)
    assert bench.chip.image.tobytes() == picture().tobytes()
    assert bench.chip.bytes < 2500  # it was not sent twice


@every_driver
def test_off_darkens_what_a_killed_program_left_burning(driver: Driver) -> None:
    bench = Bench(driver)
    bench.panel.off()
    assert (len(bench.chips), bench.chip.lit) == (1, False)


@every_driver
@pytest.mark.parametrize("call", ["show", "dim", "off"])
def test_a_lost_panel_is_reported_and_comes_back_with_a_full_start_up(driver: Driver, call: str) -> None:
    bench = Bench(driver)
    bench.panel.show(frame(1), Brightness.BRIGHT)
    bench.chip.lost = bench.away = True
    calls = {
        "show": lambda: bench.panel.show(frame(2), Brightness.BRIGHT),
        "dim": lambda: bench.panel.show(frame(1), Brightness.DIM),
        "off": bench.panel.off,
    }
    for _ in range(3):
        with pytest.raises(HardwareError, match=r"0x3C of /dev/i2c-1.*four wires"):
            calls[call]()
    assert all(chip.closed for chip in bench.chips)
    bench.away = False
    calls[call]()
    assert bench.chip.lit is (call != "off")
    bench.panel.show(frame(3), Brightness.DIM)
    assert bench.chip.image.tobytes() == frame(3).tobytes()
    assert level(bench.chip) == LEVELS[driver][Brightness.DIM]


def test_an_unchanged_frame_does_not_hide_that_the_panel_came_back() -> None:
    bench = Bench("ssd1306")
    bench.panel.show(frame(1), Brightness.BRIGHT)
    bench.chip.lost = True
    with pytest.raises(HardwareError):
        bench.panel.show(frame(2), Brightness.BRIGHT)
    bench.panel.show(frame(1), Brightness.BRIGHT)
    assert bench.chip.image.tobytes() == frame(1).tobytes()


def test_a_loose_wire_for_days_fills_no_memory() -> None:
    """luma keeps every device it made for its exit handler: 130 kB each time the panel comes back."""
    bench = Bench("ssd1306")
    tracemalloc.start()
    try:
        for n in range(8):
            bench.panel.show(frame(n), Brightness.BRIGHT)
            bench.chip.lost = True
            with pytest.raises(HardwareError):
                bench.panel.show(frame(n + 1), Brightness.BRIGHT)
            bench.chips.clear()
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()


def test_a_panel_that_is_lost_in_every_start_up_fills_no_memory() -> None:
    bench = Bench("ssd1306")
    chip = PanelChip("ssd1306")
    bench.panel._make_serial = chip.plug
    tracemalloc.start()
    try:
        for _ in range(8):
            chip.replug()
            chip.lose_in = 2
            with pytest.raises(HardwareError):
                bench.panel.show(frame(1), Brightness.BRIGHT)
        assert tracemalloc.get_traced_memory()[0] < 500_000
    finally:
        tracemalloc.stop()


def test_the_exit_of_the_program_does_not_touch_the_bus() -> None:
    bench = Bench("ssd1306")
    bench.panel.show(picture(), Brightness.BRIGHT)
    before = bench.chip.transfers
    bench.panel._device.cleanup()  # what luma's exit handler calls
    assert (bench.chip.transfers, bench.chip.lit) == (before, True)


def test_a_panel_that_stays_away_leaves_nothing_behind_at_each_try() -> None:
    bench = Bench("ssd1306")
    bench.away = True
    before = atexit._ncallbacks()
    for _ in range(5):
        with pytest.raises(HardwareError):
            bench.panel.off()
    assert atexit._ncallbacks() == before


def test_without_an_i2c_port_the_message_says_so() -> None:
    with pytest.raises(HardwareError, match=r"no I2C port.*/dev/i2c-99.*\[panel\]"):
        Panel(port=99).off()


def test_a_stand_in_that_is_empty_is_still_the_one_that_is_used() -> None:
    assert PanelChip()

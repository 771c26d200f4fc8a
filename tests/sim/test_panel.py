"""The emulated panel understands the ways of addressing of its data sheet, not only those luma uses."""

from __future__ import annotations

from typing import Literal

import pytest

from matpi.sim.panel import PanelChip


def lit_pixels(chip: PanelChip) -> set[tuple[int, int]]:
    pixels = chip.image.load()
    assert pixels is not None
    return {(x, y) for x in range(128) for y in range(64) if pixels[x, y]}


def cleared(driver: Literal["ssd1306", "ssd1309", "sh1106"] = "ssd1306") -> PanelChip:
    """Page by page, as every one of them understands it; the cursor is at the first corner then."""
    chip = PanelChip(driver)
    for page in range(8):
        chip.command(0xB0 | page, 0x00, 0x10)
        chip.data(bytes(132))
    chip.command(0xB0, 0x00, 0x10)
    return chip


def upright() -> PanelChip:
    chip = cleared()
    chip.command(0x8D, 0x14, 0xA1, 0xC8, 0xAF)
    return chip


def test_dark_until_switched_on() -> None:
    chip = cleared()
    chip.data([255])
    assert lit_pixels(chip) == set()
    chip.command(0xA1, 0xC8, 0xAF)
    assert lit_pixels(chip) == set()
    chip.command(0x8D, 0x14)
    assert lit_pixels(chip) == {(0, y) for y in range(8)}
    chip.command(0xAE)
    assert lit_pixels(chip) == set()


def test_a_window_wraps_to_its_own_corner() -> None:
    chip = upright()
    chip.command(0x20, 0x00, 0x21, 10, 11, 0x22, 2, 3)
    chip.data([1, 2, 4, 8, 16])
    assert lit_pixels(chip) == {(10, 20), (11, 17), (10, 26), (11, 27)}


def test_page_mode_stays_in_its_page() -> None:
    chip = upright()
    chip.command(0xB3, 0x0F, 0x17)
    chip.data([1, 1])
    assert lit_pixels(chip) == {(127, 24), (0, 24)}


def test_the_memory_of_an_sh1106_begins_left_of_the_glass() -> None:
    chip = cleared("sh1106")
    chip.command(0xA1, 0xC8, 0xAF, 0xB0, 0x00, 0x10)
    chip.data([1, 1, 1])
    assert lit_pixels(chip) == {(0, 0)}


def test_inverted_all_on_and_mirrored() -> None:
    chip = upright()
    chip.data([1])
    chip.command(0xA7)
    assert len(lit_pixels(chip)) == 128 * 64 - 1
    chip.command(0xA6, 0xA5)
    assert len(lit_pixels(chip)) == 128 * 64
    chip.command(0xA4, 0xA0, 0xC0)
    assert lit_pixels(chip) == {(127, 63)}


def test_arguments_are_not_taken_for_commands() -> None:
    chip = upright()
    chip.command(0x81, 0xAE, 0xD5, 0xAE, 0xA8, 0xA5)
    assert (chip.contrast, chip.lit, lit_pixels(chip)) == (0xAE, True, set())


def test_lost_and_closed() -> None:
    chip = PanelChip()
    assert chip
    chip.lost = True
    with pytest.raises(OSError, match="Remote I/O"):
        chip.command(0xE3)
    chip.lost = False
    chip.cleanup()
    with pytest.raises(OSError, match="Remote I/O"):
        chip.data([0])
    assert chip.transfers == 0


@pytest.mark.parametrize("driver", ["ssd1306", "ssd1309", "sh1106"])
def test_power_lost_is_everything_lost(driver: Literal["ssd1306", "ssd1309", "sh1106"]) -> None:
    chip = cleared(driver)
    fresh = chip.contrast, chip.precharge, chip.vcom
    chip.command(0x8D, 0x14, 0x81, 1, 0xD9, 0x11, 0xDB, 0x00, 0xA7, 0xAF)
    assert (chip.contrast, chip.precharge, chip.vcom) == (1, 0x11, 0)
    assert len(lit_pixels(chip)) == 128 * 64
    assert not chip.snowed
    chip.lost = True
    chip.replug()
    assert (chip.contrast, chip.precharge, chip.vcom) == fresh
    assert lit_pixels(chip) == set()
    chip.command(0x8D, 0x14, 0xAF)
    assert bool(chip.snowed)
    assert 1000 < len(lit_pixels(chip)) < 7000


def test_a_wire_that_falls_off_after_so_many_transfers() -> None:
    chip = PanelChip()
    chip.lose_in = 2
    chip.command(0xAF)
    chip.data([1])
    for _ in range(2):
        with pytest.raises(OSError, match="Remote I/O"):
            chip.command(0xE3)
    assert chip.transfers == 2
    chip.replug()
    chip.command(0xE3)

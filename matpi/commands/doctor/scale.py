"""Judge the load cells: pure functions of facts, each returns a `Check`."""

from __future__ import annotations

from functools import partial
from typing import Final

from matpi.commands.doctor.checks import FAIL, OK, SKIPPED, WARN, Check, split
from matpi.config import ScaleConfig
from matpi.core.presence.zero import ZeroWord
from matpi.drivers.facts import ChipFacts, ScaleFacts, Status

RATE_OFF: Final = 0.1
"""Part of the configured rate. Chips run 7 to 17 % fast (olkal/HX711_ADC#81 and #98), which is worth knowing."""
RATES_HZ: Final = {10: (8.0, 13.0), 80: (70.0, 105.0)}
"""What a chip can give at each position of its RATE jumper: up to 18 % fast, as above, and a margin, chosen."""
BAD_WARN, BAD_FAIL = 0.05, 0.5
"""Part of the samples that was rejected. Worst measured with four busy processes beside it: 1.7 %."""
NOISE_COUNTS: Final = {10: (25, 155), 80: (45, 155)}
"""Standard deviation a chip should give: from the data sheet's 50 and 90 nV to what builds report (14 bits free)."""
NOISE_WARN_COUNTS: Final = 4 * 155
NOISE_FAIL_G: Final = 200.0
"""At 10 samples/s the medians of two seconds then differ by 0.1 kg: seldom still, so the zero hardly follows."""
OFFSET_WARN_COUNTS: Final = 1_290_000
"""0.6 mV/V, twice what half-bridge cells may have unloaded by their sheets (0.3 mV/V)."""
OFFSET_FAIL_COUNTS: Final = 6_700_000  # four fifths of the range: a person no longer fits in
ENOUGH_SAMPLES: Final = 20
REACH_KG: Final = 3.0  # farther the zero does not follow (docs/dev/behaviour.md 1)


def scale_checks(
    config: ScaleConfig,
    facts: ScaleFacts | None,
    slopes: tuple[float, ...],
    calibrated: bool | None,
    status: Status,
    why_not: str,
) -> list[Check]:
    """Return the checks of the reader, each chip, the zero and the calibration.

    `facts` is None with the reason in `why_not`. `slopes` are counts per kilogram, those of the config if not one a
    chip; `calibrated` is None when it is not known. `status` is empty without a running device.
    """
    chips = () if facts is None else facts.chips
    if facts is not None and not facts.alive and not any(sum(chip.tally.values()) for chip in chips):
        chips = ()  # nothing follows for a chip from a reader that could not start
    channels = config.channel_count
    slopes = slopes if len(slopes) == channels else (config.counts_per_kg,) * channels
    found = [reader(facts, why_not)]
    for n in range(channels):
        found += chip(n, config, chips[n] if n < len(chips) else None, abs(slopes[n]), status.net_kg)
    found.append(zero(status.zero_kg, status.zero_word, calibrated=bool(calibrated)))
    return [*found, calibration(calibrated=calibrated, per_kg=slopes)]


def reader(facts: ScaleFacts | None, why_not: str) -> Check:
    check = partial(Check, "reader", "process")
    if facts is None:
        return check(SKIPPED, why_not)
    if not facts.alive:
        what, do = split(facts.trouble, "look for the reason in `journalctl -u matpi`")
        return check(FAIL, what or "the load cell reader does not run", do)
    cpu = "" if facts.cpu_s is None else f", {facts.cpu_s:.1f} s of processor time"
    if facts.restarts or facts.dropped:
        what = f"alive; restarted {facts.restarts} times, {facts.dropped} samples dropped{cpu}"
        return check(WARN, what, "look for the reason in `journalctl -u matpi`")
    return check(OK, f"alive{', ' + facts.scheduling if facts.scheduling else ''}{cpu}")


def chip(n: int, config: ScaleConfig, facts: ChipFacts | None, per_kg: float, net_kg: float | None) -> list[Check]:
    """Return the four checks of chip `n` (from 0). `net_kg`: the load on the mat, None for unknown."""
    part = f"chip {n + 1}"
    if facts is None:
        return [Check(part, name, SKIPPED, "nothing heard") for name in ("samples", "rate", "noise", "offset")]
    checks = [_samples(part, facts, _wires(n, config))]
    good = facts.tally.get("ok", 0)
    checks.append(_rate(part, facts.rate_hz or 0.0, config.rate, good))
    if net_kg is not None and abs(net_kg) > REACH_KG:
        on_it = f"{net_kg:.1f} kg lie on the mat; run again when it is empty"
        return [*checks, Check(part, "noise", SKIPPED, on_it), Check(part, "offset", SKIPPED, on_it)]
    return [*checks, _noise(part, facts, config.rate, per_kg, good), _offset(part, facts, per_kg)]


def _wires(n: int, config: ScaleConfig) -> str:
    if config.driver == "spi" and n < len(config.spi):
        return f"/dev/spidev{config.spi[n].bus}.{config.spi[n].device}"
    if config.driver == "adafruit" and n < len(config.channels):
        return f"data GPIO {config.channels[n].data}, clock GPIO {config.channels[n].clock}"
    return "emulated"


def _samples(part: str, facts: ChipFacts, wires: str) -> Check:
    check = partial(Check, part, "samples")
    total, good = sum(facts.tally.values()), facts.tally.get("ok", 0)
    bad = {str(status): count for status, count in facts.tally.items() if status != "ok" and count}
    flags = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(bad.items()))
    what = f"{good} of {total} good" + (f" ({flags})" if flags else "")
    if not total:
        return check(FAIL, "no sample at all", f"check its supply (VCC, GND) and its wires ({wires})")
    rejected = 1 - good / total
    if rejected <= BAD_WARN:
        return check(OK, what)
    # What is worst is named by its cause; `stale` follows every other fault, so it counts last.
    worst = max(bad, key=lambda status: (status != "stale", bad[status]))
    do = {
        "not_ready": f"check its supply (VCC, GND) and its wires ({wires})",
        "desync": f"look for a short or a loose contact at its two wires ({wires}); each chip needs a clock of its own",
        "saturated": "look for a broken wire between cells and chip (E+, E-, A+, A-), and take off what overloads it",
        "glitch": "stop what else keeps the processor busy, and allow the reader a real-time priority",
    }.get(worst, "stop what else keeps the processor busy; see the rate below")
    return check(FAIL if rejected > BAD_FAIL else WARN, what, do)


def _rate(part: str, measured: float, configured: int, good: int) -> Check:
    check = partial(Check, part, "rate")
    what = f"{measured:.1f} samples/s, configured {configured}"
    if abs(measured / configured - 1) <= RATE_OFF:
        return check(OK, what)
    if not good:
        return check(SKIPPED, "no good sample")  # reported once, by the samples
    if measured <= 0:
        return check(FAIL, what, "check its wires: it sent samples before and is silent now")
    for other, (from_hz, to_hz) in RATES_HZ.items():
        if other != configured and from_hz <= measured <= to_hz:
            return check(FAIL, what, f"set rate = {other} in [scale], or move the RATE jumper of its board")
    what += f": {100 * abs(measured / configured - 1):.0f} % too {'fast' if measured > configured else 'slow'}"
    if configured < measured <= RATES_HZ[configured][1]:
        do = "leave it if the samples above are good: many chips run up to 18 % fast, and no time is taken from them"
        return check(WARN, what, do)
    low, high = (configured * part_of for part_of in (1 - RATE_OFF, 1 + RATE_OFF))
    return check(WARN, what, f"{low:g} to {high:g} would be right; stop what else keeps the processor busy")


def _noise(part: str, facts: ChipFacts, rate: int, per_kg: float, good: int) -> Check:
    check = partial(Check, part, "noise")
    if facts.noise_counts is None or good < ENOUGH_SAMPLES:
        return check(SKIPPED, "too few good samples")
    if facts.noise_counts == 0:
        do = "switch the power off and on; if it stays, replace the chip's board"
        return check(FAIL, "the same number every time, which no living chip gives", do)
    low, high = (counts / per_kg * 1000 for counts in NOISE_COUNTS[rate])
    grams = facts.noise_counts / per_kg * 1000
    what = f"{grams:.1f} g ({facts.noise_counts:.0f} counts), {low:.1f} to {high:.1f} g expected"
    if facts.noise_counts <= NOISE_WARN_COUNTS:
        return check(OK, what)
    do = "run again with nobody on the mat; if it stays, shorten and twist the cells' wires, and look at their joints"
    return check(FAIL if grams > NOISE_FAIL_G else WARN, what, do)


def _offset(part: str, facts: ChipFacts, per_kg: float) -> Check:
    check = partial(Check, part, "offset")
    if facts.last_counts is None:
        return check(SKIPPED, "nothing heard")
    size = abs(facts.last_counts)
    what = f"{facts.last_counts} counts, like {facts.last_counts / per_kg:.1f} kg"
    if size <= OFFSET_WARN_COUNTS:
        return check(OK, what)
    do = "run again with nothing on the mat; if it stays, a cell is bent, swapped or broken: see the wiring page"
    return check(FAIL if size > OFFSET_FAIL_COUNTS else WARN, what, do)


def zero(zero_kg: float | None, word: str = "", *, calibrated: bool) -> Check:
    """Judge the zero, from the calibrated reference. `word`: what the device finds wrong with it now."""
    check = partial(Check, "scale", "zero")
    if word == ZeroWord.BACKWARDS:
        what = "with a person on the mat a channel reads far below its zero: it reads backwards"
        return check(WARN, what, "run `matpi calibrate`")
    if zero_kg is None:
        return check(SKIPPED, "known to the running device only")
    if not calibrated:
        return check(SKIPPED, "no calibrated reference yet")
    what = f"{zero_kg:+.2f} kg from the calibrated reference"
    if abs(zero_kg) <= REACH_KG:
        return check(OK, what)
    return check(
        WARN, what, "take off what lies on the mat; if it stays, a cell may be bent: look, then run `matpi calibrate`"
    )


def calibration(*, calibrated: bool | None, per_kg: tuple[float, ...]) -> Check:
    """Judge whether there is a calibration; `calibrated` is None when it is not known."""
    check = partial(Check, "scale", "calibration")
    shown = " and ".join(f"{slope:,.0f}" for slope in per_kg)
    if calibrated is None:
        return check(SKIPPED, "the log could not be read")
    if calibrated:
        return check(OK, f"{shown} counts/kg")
    what = f"none yet, so kilograms are approximate ({shown} counts/kg is nominal)"
    if turned := [f"chip {n}" for n, slope in enumerate(per_kg, 1) if slope < 0.0]:
        were = "was" if len(turned) == 1 else "were"
        what = f"{' and '.join(turned)} read backwards and {were} turned round by the device; {what}"
    return check(WARN, what, "run `matpi calibrate`; sessions are counted without it, too")

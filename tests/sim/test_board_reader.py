"""The emulated board under the reader: its load, its faults, and codes that prove themselves. In virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.proof import open_chips, proof_code, proved
from matpi.drivers.scale.guard import Guarded, Sample, Status
from matpi.errors import UsageError
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS, EmulatedBoard
from matpi.sim.chip import CODE_MAX, CODE_MIN, VirtualTime


class Rig:
    def __init__(self, *, proof: bool = False, **job: Any) -> None:
        self.time = VirtualTime(100.0)
        self.board = EmulatedBoard(self.time, self.time.sleep)
        job = {"rate": 80, "chips": 2, "oscillator": [1.0] * 4, **job}
        opened = open_chips(job, self.time, self.time.sleep) if proof else self.board.open_chips(job)
        self.scales: list[Guarded] = opened

    def samples(self, seconds: float) -> list[list[Sample]]:
        """By chip, taken in turn as the reader does."""
        until = self.time() + seconds
        got: list[list[Sample]] = [[] for _ in self.scales]
        while self.time() < until:
            for at, scale in enumerate(self.scales):
                if self.time() >= scale.look_at and (sample := scale.poll()) is not None:
                    got[at].append(sample)
            self.time.sleep(max(1e-5, min(scale.look_at for scale in self.scales) - self.time()))
        return got

    def kg(self, seconds: float = 1.0) -> list[float]:
        """Mean load of each chip."""
        means = []
        for at, samples in enumerate(self.samples(seconds)):
            good = [sample.counts for sample in samples if sample.status is Status.OK]
            means.append((sum(good) / len(good) - OFFSETS[at]) / COUNTS_PER_KG)
        return means


@pytest.mark.parametrize("driver", ["adafruit", "spi"])
def test_a_person_lies_down_and_gets_up(driver: str) -> None:
    rig = Rig(driver=driver)
    assert rig.kg() == pytest.approx([0.0, 0.0], abs=0.02)
    rig.board.hear({"act": "lie_down"})
    rig.time.sleep(5.0)
    assert sum(rig.kg(4.0)) == pytest.approx(0.65 * 74, rel=0.01)
    rig.board.hear({"act": "get_up"})
    rig.time.sleep(5.0)
    assert rig.kg() == pytest.approx([0.0, 0.0], abs=0.02)


def test_what_happened_before_the_reader_began_still_holds() -> None:
    rig = Rig()
    rig.board.hear({"weigh": 60, "t": 20.0})
    rig.board.hear({"act": "stand", "t": 30.0})
    assert sum(rig.kg()) == pytest.approx(60, rel=0.01)


def test_a_person_at_one_end_loads_that_end() -> None:
    rig = Rig()
    ends = (("stand_head", [0.9 * 74, 0.1 * 74]), ("stand_foot", [0.1 * 74, 0.9 * 74]), ("get_up", [0.0, 0.0]))
    for act, expected in ends:
        rig.board.hear({"act": act})
        rig.time.sleep(3.0)
        assert rig.kg(4.0) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("chips", [1, 2, 3, 4])
def test_all_chips_together_bear_all_of_it(chips: int) -> None:
    rig = Rig(chips=chips)
    rig.board.hear({"act": "stand", "t": 50.0})
    assert sum(rig.kg()) == pytest.approx(74, rel=0.01)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ({"chip": 1, "unplugged": True}, Status.NOT_READY),
        ({"chip": 1, "stuck_low": True}, Status.DESYNC),
        ({"chip": 1, "saturated": True}, Status.SATURATED),
    ],
)
def test_a_fault_of_one_chip_and_its_end(line: dict[str, Any], status: Status) -> None:
    rig = Rig()
    rig.samples(0.5)
    rig.board.hear(line)
    rig.samples(0.2)
    whole, broken = rig.samples(0.5)
    assert {sample.status for sample in whole} == {Status.OK}
    assert {sample.status for sample in broken} == {status}
    rig.board.hear({"chip": 1, "unplugged": False, "stuck_low": False, "saturated": False})
    rig.samples(0.3)
    assert {sample.status for sample in rig.samples(0.3)[1]} == {Status.OK}


def test_spikes_are_glitches_now_and_then_and_none_is_believed() -> None:
    rig = Rig()
    rig.board.hear({"spikes": True})
    head, _ = rig.samples(30.0)
    share = sum(sample.status is Status.GLITCH for sample in head) / len(head)
    assert 0.01 < share < 0.04
    assert all(abs(sample.counts - OFFSETS[0]) < 2000 for sample in head if sample.status is Status.OK)


def test_what_cannot_happen_to_a_board_is_refused() -> None:
    rig = Rig()
    for line in ({"act": "fly"}, {"chip": 7, "unplugged": True}, {"saturate": 1}, {}):
        with pytest.raises(UsageError):
            rig.board.hear(line)


def test_a_code_proves_itself_and_what_a_glitch_makes_of_it_does_not() -> None:
    false = 0
    for number in range(4096):
        for chip in (0, 1):
            code = proof_code(number, chip)
            assert CODE_MIN < code < CODE_MAX
            assert proved(code, chip) in {number, 0}
            for bits in range(1, 25):
                spoilt = ((code | (1 << bits) - 1) ^ 0x800000) & 0xFFFFFF
                spoilt = spoilt - 0x800000
                false += spoilt != code and proved(spoilt, chip) is not None
    assert false / (4096 * 2 * 24) < 0.001


def test_with_proof_every_conversion_contains_its_number() -> None:
    rig = Rig(proof=True)
    for chip, samples in enumerate(rig.samples(1.0)):
        numbers = [proved(sample.counts, chip) for sample in samples]
        assert None not in numbers
        assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))

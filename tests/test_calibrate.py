"""`matpi calibrate` on the terminal, over cells that are told what stands on them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matpi.commands import calibrate as module
from matpi.commands.calibrate import calibrate
from matpi.core.calibration.solve import Solved
from matpi.core.effects import Calibrated, Save
from matpi.core.events import Counted, SensorLost
from matpi.core.model import Calibration, Zero
from matpi.errors import CalibrationError, StoreError
from matpi.ports import PutCounted
from matpi.store.db import Store
from tests.bench import NOMINAL, Cells

OLD = Calibration((1, 2), (NOMINAL, NOMINAL))


class Scale:
    """Implements ports.Scale in virtual time: 10 samples a virtual second, as fast as they are read."""

    def __init__(self, cells: Cells, kg: float = 70.0, share: dict[str, tuple[float, ...]] | None = None) -> None:
        self.cells, self.kg, self.step = cells, kg, "off"
        self.share = share or {"head": (0.8, 0.2), "foot": (0.2, 0.8), "mat": (0.5, 0.5)}
        self.t = 0.0
        self.ok = True
        self.sway_kg = 0.0
        self.stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, put: PutCounted) -> None:
        self._thread = threading.Thread(target=self._run, args=(put,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopped.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self, put: PutCounted) -> None:
        n = 0
        while not self.stopped.wait(0.0005):
            n += 1
            self.t += 0.1
            share = self.share.get(self.step, (0.0,) * len(self.cells.slopes))
            sway = self.sway_kg * (-1) ** n
            load = tuple(self.kg * part + (sway if part else 0.0) for part in share)
            put(Counted(self.t, self.cells.counts(load), self.ok))


class Person:
    """Answers what is asked, and stands where they are told to."""

    def __init__(self, weights: tuple[str, ...] = ("70",)) -> None:
        self.weights: Iterator[str] = iter(weights)
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, prompt: str) -> str:
        self.asked.append(prompt)
        return next(self.weights) if "weight in kg" in prompt else ""

    def say(self, line: str) -> None:
        self.told.append(line)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "matpi.db")
    store.write(Save(Calibrated(OLD, Zero((0.5, 0.25)))))
    yield store
    store.close()


def kept(store: Store) -> tuple[Calibration | None, Zero | None]:
    memory = store.load()
    return memory.calibration, memory.zero


def run(
    scale: Scale,
    store: module.Keeps,
    person: Person,
    step: Callable[[str], None] | None = None,
    weight_kg: float | None = None,
    anywhere: bool = False,
    channels: int | None = None,
) -> Solved:
    def place(where: str) -> None:
        scale.step = where

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "say", person.say)
        return calibrate(
            scale,
            store,
            NOMINAL,
            channels or len(scale.cells.slopes),
            person.ask,
            weight_kg=weight_kg,
            anywhere=anywhere,
            now=lambda: scale.t,
            on_step=step or place,
        )


def test_the_whole_way(store: Store) -> None:
    cells = Cells((39_000.0, -46_000.0), (172_000.0, -129_000.0))
    scale, person = Scale(cells), Person()
    result = run(scale, store, person)
    calibration, zero = kept(store)
    assert calibration == result.calibration
    assert calibration is not None
    assert calibration.counts_per_kg == pytest.approx(cells.slopes, rel=result.error_percent / 100)
    assert calibration.reference_counts == pytest.approx(cells.offsets, abs=60)
    assert zero == Zero((0.0, 0.0))
    assert [prompt.split(",")[0].split(" (")[0] for prompt in person.asked] == [
        "Take everything off the mat",
        "Your weight in kg",
        "Stand at the head end",
        "Stand at the foot end",
    ]
    assert any("within 0." in line for line in person.told)
    assert any("foot end is wired the other way round" in line for line in person.told)
    assert scale.stopped.is_set()


def test_a_known_weight_anywhere_needs_one_placement_and_no_question(store: Store) -> None:
    scale, person = Scale(Cells((38_000.0, 38_000.0), (0.0, 0.0)), kg=20.0), Person()
    run(scale, store, person, weight_kg=20.0, anywhere=True)
    calibration, _ = kept(store)
    assert calibration is not None
    assert calibration.counts_per_kg == pytest.approx((38_000.0, 38_000.0), rel=0.01)
    assert len(person.asked) == 2


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_number_of_chips(tmp_path: Path, channels: int) -> None:
    share: dict[str, tuple[float, ...]] = {"mat": (1.0,)}
    for n in range(channels if channels > 1 else 0):
        share[f"corner{n + 1}"] = tuple(0.6 if m == n else 0.4 / (channels - 1) for m in range(channels))
    cells = Cells(tuple(40_000.0 + 1_000 * n for n in range(channels)), (0.0,) * channels)
    store = Store.open(tmp_path / "matpi.db")
    run(Scale(cells, share=share), store, Person())
    calibration, _ = kept(store)
    store.close()
    assert calibration is not None
    assert calibration.counts_per_kg == pytest.approx(cells.slopes, rel=0.01)


def test_a_weight_is_asked_again_until_it_can_be_one(store: Store) -> None:
    person = Person(("seventy", "nan", "72,5 kg"))
    run(Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0)), kg=72.5), store, person)
    assert any("is no weight" in line for line in person.told)
    assert any("nan kg is not a weight" in line for line in person.told)


def test_no_weight_at_all(store: Store) -> None:
    with pytest.raises(CalibrationError, match="No weight was given"):
        run(Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0))), store, Person(("", "0", "900")))
    assert kept(store) == (OLD, Zero((0.5, 0.25)))


@pytest.mark.parametrize("kg", [3.0, 500.0, float("nan")])
def test_a_known_weight_out_of_bounds(store: Store, kg: float) -> None:
    with pytest.raises(CalibrationError, match="10 to 130 kg"):
        run(Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0))), store, Person(), weight_kg=kg)


def swapped(scale: Scale) -> None:
    scale.share = {"head": (0.2, 0.8), "foot": (0.8, 0.2)}


def restless(scale: Scale) -> None:
    scale.sway_kg = 9.0


def damaged(scale: Scale) -> None:
    scale.ok = False


def at_its_end(scale: Scale) -> None:
    scale.cells = Cells((NOMINAL, NOMINAL), (9e6, 0.0), noise=0.0)
    scale.cells.counts = lambda kg: (8_388_607, 5)  # type: ignore[method-assign]
    scale.ok = False


def nobody(scale: Scale) -> None:
    scale.kg = 0.0


def dead(scale: Scale) -> None:
    scale.cells = Cells((NOMINAL, 30.0), (0.0, 0.0))


@pytest.mark.parametrize(
    ("wrong", "why", "remedy"),
    [
        (swapped, "Head and foot are swapped", "Swap the two"),
        (restless, "did not come to rest", "Stand still"),
        (damaged, "readings came damaged", "matpi doctor"),
        (at_its_end, "head end is at the end of its range", "four wires"),
        (nobody, "Nothing changed", "Stand on the mat"),
        (dead, "foot end hardly moves", "Check its wires"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do_and_the_old_values_stay(
    store: Store, wrong: Callable[[Scale], None], why: str, remedy: str
) -> None:
    scale = Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0)))
    wrong(scale)
    with pytest.raises(CalibrationError) as refused:
        run(scale, store, Person())
    assert why in str(refused.value)
    assert remedy in str(refused.value)
    assert "old values stay" in str(refused.value)
    assert kept(store) == (OLD, Zero((0.5, 0.25)))
    assert scale.stopped.is_set()


def test_ctrl_c_leaves_the_old_values_and_lets_go_of_the_cells(store: Store) -> None:
    scale, person = Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0))), Person()

    def step(where: str) -> None:
        scale.step = where
        if where == "foot":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(scale, store, person, step)
    assert kept(store) == (OLD, Zero((0.5, 0.25)))
    assert scale.stopped.is_set()


class Silent(Scale):
    def _run(self, put: PutCounted) -> None:
        put(SensorLost(0.0, "the reader cannot open /dev/gpiochip0"))


def test_cells_that_say_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.2)
    with pytest.raises(CalibrationError, match=r"silent .*; check their wires"):
        run(Silent(Cells((NOMINAL, NOMINAL), (0.0, 0.0))), store, Person())


def test_another_number_of_chips_than_configured(store: Store) -> None:
    scale, person = Scale(Cells((NOMINAL,), (0.0,)), share={"mat": (1.0,)}), Person()
    with pytest.raises(CalibrationError, match="send 1 channels and the config has 2"):
        run(scale, store, person, channels=2)


def test_a_disk_that_is_full_is_told_and_nothing_is_half_written() -> None:
    class Full:
        def write(self, effect: Save) -> None:
            raise StoreError("The disk is full; make room on it.")

    person = Person()
    with pytest.raises(StoreError, match="disk is full"):
        run(Scale(Cells((NOMINAL, NOMINAL), (0.0, 0.0))), Full(), person)
    assert not any("Calibrated" in line for line in person.told)

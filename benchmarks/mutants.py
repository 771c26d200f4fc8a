"""Change what matpi says or does, one place at a time, and see that a test fails for each: `make mutants`.

Each mutant edits a copy of the package in a temporary folder and runs the one test that is named for it: a test of what
a text means or of what a press does, not a picture that "regenerate" makes right again. One line a mutant, then the
count; the exit code is 1 when one has survived. First a control: with nothing changed every named test passes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MEANING: Final = "test_meaning.py::test_a_text_says_what_it_must"
NORMAL: Final = "test_meaning.py::test_what_is_normal_is_no_sign_to_stop_at"
ONE_WORD: Final = "test_meaning.py::test_one_person_has_one_word"
TONE: Final = "test_meaning.py::test_nothing_praises_scolds_or_shouts"
LABELS: Final = "screen/test_labels.py::test_a_press_does_what_the_panel_says"
DISCARD: Final = "screen/test_labels.py::test_what_is_held_on_the_mat_is_discarded_as_the_panel_says"
WAY: Final = "screen/test_labels.py::test_after_a_yes_the_way_that_the_panel_names_leads_to_the_answer_of_the_doctor"
ALONE: Final = "screen/test_labels.py::test_a_first_session_takes_the_panel_and_the_button_and_nothing_else"
TABLE: Final = "core/test_programme.py::test_the_table"
AREAS: Final = "core/test_routine.py::test_the_smaller_bound_wins_on_either_side"
FELT: Final = "core/test_routine.py::test_the_plan_names_what_is_felt"
DOWNSHIFT: Final = "core/test_routine.py::test_downshift_has_its_three_cues_and_no_others"
FOUR_SIX: Final = "core/test_breath.py::test_four_in_six_out_and_no_hold"
BOUNDS: Final = "core/test_routine.py::test_a_bound_ends_the_earlier_tier_and_begins_the_later_phase"
BREATH_DAYS: Final = "core/test_routine.py::test_breath_comes_by_plan_from_day_8_and_grows"
LIGHT: Final = "core/test_device_routines.py::test_the_light_asks_to_get_up_by_the_area_and_not_by_the_plan"
RECOVERY: Final = "core/test_device_routines.py::test_recovery_goes_on_off_the_mat_and_then_asks"
LEGS: Final = "core/test_device_routines.py::test_calves_are_somebody_from_4_kg_on_while_they_are_chosen"
STANDING: Final = "core/test_device_routines.py::test_a_full_bag_of_15_kg_is_nobody_standing"
BEDTIME: Final = (
    "core/test_device_routines.py::test_before_bed_tells_the_bedtime_when_it_is_not_half_an_hour_to_an_hour_before"
)
GOAL: Final = "test_door.py::test_a_wrong_one_is_told_and_changes_nothing"
SUM: Final = "core/test_programme.py::test_several_sessions_a_day_sum_and_advance_once"
MISSED: Final = "core/test_programme.py::test_missed_days_do_not_reset"
BY_HAND: Final = "core/test_programme_properties.py::test_the_plan_is_the_one_reckoned_by_hand"
STREAK: Final = "core/test_programme.py::test_the_streak_forgives_rest_days_and_a_today_still_to_come"
STOPPED: Final = "core/test_programme.py::test_a_stop_sign_steps_back_one_tier_and_asks_for_rest_tomorrow"
STAYING: Final = "core/test_programme.py::test_staying_on_a_tier"
WHOLE: Final = "store/test_transfer.py::test_a_bad_entry_of_a_json_is_named_and_nothing_is_imported"
TAP_HOLD: Final = {"tap": "hold", "hold": "tap"}
KURZ_LANG: Final = {"kurz": "lang", "lang": "kurz"}


@dataclass(frozen=True)
class Mutant:
    """An edit of `file` (in matpi/): each text of `change` becomes what it is mapped to, all at once.

    With a `key` ("safety.stop") only the line of that text in a catalogue is edited.
    """

    file: str
    key: str
    change: Mapping[str, str]
    test: str

    @property
    def name(self) -> str:
        where = f"{Path(self.file).stem} {self.key}" if self.key else self.file
        return f"{where}: " + "; ".join(f"{old!r} -> {new!r}" for old, new in self.change.items())

    def edited(self, text: str) -> str:
        """Return `text` with the change made. Raises LookupError if what it changes is not there."""
        start, end = _line(text, self.key) if self.key else (0, len(text))
        part = text[start:end]
        if missing := [old for old in self.change if old not in part]:
            raise LookupError(f"{self.name}: {missing} not found; bring the mutant up to date")
        olds = "|".join(re.escape(old) for old in sorted(self.change, key=len, reverse=True))
        return text[:start] + re.sub(olds, lambda found: self.change[found[0]], part) + text[end:]


def _line(text: str, key: str) -> tuple[int, int]:
    """Return where the line of `key` is in a catalogue."""
    section, _, name = key.partition(".")
    begin = text.find(f"[{section}]\n")
    found = re.compile(rf"^(?:{re.escape(name)} = .*|\[.*\])$", re.MULTILINE).search(text, text.find("\n", begin))
    if begin < 0 or found is None or found[0].startswith("["):
        raise LookupError(f"no text {key}; bring the mutant up to date")
    return found.span()


def en(key: str, test: str, /, change: Mapping[str, str]) -> Mutant:
    return Mutant("words/en.toml", key, change, test)


def de(key: str, test: str, /, change: Mapping[str, str]) -> Mutant:
    return Mutant("words/de.toml", key, change, test)


def code(file: str, test: str, /, change: Mapping[str, str]) -> Mutant:
    return Mutant(file, "", change, test)


REPORTED: Final = (
    en("routines.before_bed", MEANING, {"too awake? earlier": "too tired? coffee"}),
    en("routines.neck", MEANING, {"nerve pain: stop": "nerve pain: go on"}),
    en("routines.feet", MEANING, {"hold a wall": "hands free"}),
    en("routines.lower_back", MEANING, {"thin towel on it": "bare skin on it"}),
    en("routines.seat", MEANING, {"sit or lie, supported": "sit upright, free"}),
    en("routines.upper_back", MEANING, {"sit, then lie slowly": "drop back quickly"}),
    de("safety.ask_1", MEANING, {"schwanger": "hungrig"}),
    de("safety.ask_1", MEANING, {"Blutverdünner": "Haarfarbe"}),
    de("safety.stop", MEANING, {"Schwindel": "Freude"}),
    de("safety.question", LABELS, KURZ_LANG),
    de("safety.question", LABELS, {"ja / unsicher": "nichts davon", "nichts davon": "ja / unsicher"}),
)
"""What no test noticed in 0.3.0."""

GESTURES: Final = (
    en("safety.question", LABELS, TAP_HOLD),
    code("core/screens/safety.py", LABELS, {"some=True": "some=False", "some=False": "some=True"}),
    en("safety.ask_first", WAY, {"hold, menu": "tap, menu"}),
    de("safety.ask_first", WAY, {"lang drücken": "kurz drücken"}),
    en("questions.yes_or_no", LABELS, TAP_HOLD),
    de("questions.yes_or_no", LABELS, KURZ_LANG),
    code("core/screens/result.py", LABELS, {"yours=True": "yours=False", "yours=False": "yours=True"}),
    en("questions.tap_or_hold", LABELS, TAP_HOLD),
    de("questions.tap_or_hold", LABELS, KURZ_LANG),
    en("questions.hold", LABELS, {"hold:": "tap:"}),
    en("questions.hold_to_note", LABELS, {"hold": "tap"}),
    de("questions.hold_to_note", LABELS, {"lang": "kurz"}),
    de("questions.take_back", LABELS, {"lang": "kurz"}),
    en("menu.hint", LABELS, TAP_HOLD),
    de("menu.hint", LABELS, KURZ_LANG),
    en("calibration.hint", LABELS, TAP_HOLD),
    de("calibration.hint", LABELS, KURZ_LANG),
    en("calibration.weight_hint", LABELS, TAP_HOLD),
    de("calibration.weight_hint", LABELS, KURZ_LANG),
    en("on_mat.bring_back", LABELS, {"hold": "tap"}),
    en("on_mat.keep_holding", DISCARD, {"discard": "go on"}),
    de("on_mat.keep_holding", DISCARD, {"verwerfen": "behalten"}),
    en("around.go_on", LABELS, {"tap": "hold"}),
    en("spoken.confirm", MEANING, {"Hold": "Tap", "tap": "hold"}),
    de("spoken.confirm", MEANING, {"Lang": "Kurz", "kurz": "lang"}),
    de("spoken.felt_wrong", MEANING, {"Lang": "Kurz"}),
)
STOP_SIGNS: Final = (
    en("safety.stop", MEANING, {"Stop if": "Go on if"}),
    de("safety.stop", MEANING, {"Stopp bei": "Weiter bei"}),
    en("safety.stop", MEANING, {"feels wrong": "feels right"}),
    en("safety.stop", MEANING, {"dizzy": "sleepy"}),
    en("safety.stop", NORMAL, {"bruise or rash": "red, a bit sore", "Red, a bit sore": "Bruise or rash"}),
    de("safety.stop", NORMAL, {"Taubheit, Schwindel": "Rot, leicht wund", "Rot, leicht wund": "Taubheit, Schwindel"}),
    de("safety.stop", NORMAL, {"falschem Schmerz": "Stechen"}),
    de("questions.signs", NORMAL, {"falscher Schmerz": "Stechen"}),
    en("questions.signs", MEANING, {"rash": "skin"}),
    en("questions.what_follows", MEANING, {"rest day": "next day"}),
    de("questions.what_follows", MEANING, {"sanfter": "fester"}),
    en("questions.what_follows", MEANING, {"lasts? ask a doctor": "lasts? more of it"}),
    de("questions.felt_wrong", MEANING, {"Probleme": "Zufrieden"}),
    de("routines.neck", MEANING, {"Ausstrahlen: Stopp": "Ausstrahlen: weiter"}),
    en("routines.neck", MEANING, {"neck off the spikes": "neck on the spikes"}),
    de("phases.sharp", MEANING, {"ruhig atmen": "Luft anhalten"}),
)
ASK_FIRST: Final = (
    de("safety.ask_1", MEANING, {"Gerinnungsstörung": "Blutungsstörung"}),
    en("safety.ask_1", MEANING, {"diabetes": "asthma"}),
    en("safety.ask_2", MEANING, {"heart condition": "short temper"}),
    de("safety.ask_2", MEANING, {"Herzleiden": "Heimweh"}),
    en("safety.ask_2", MEANING, {"told to go easy": "told to go on"}),
    de("safety.ask_2", MEANING, {"Wunde, Infektion": "Narbe, Falten"}),
    en("safety.ask_1", MEANING, {"Ask a doctor": "Ask a friend"}),
    en("safety.question", MEANING, {"Not acupuncture": "As acupuncture"}),
    en("safety.ask_first", MEANING, {"Ask first": "Go ahead"}),
    de("safety.ask_first", MEANING, {"Erst fragen": "Losgehen"}),
    en("bar.ask_doctor", MEANING, {"ask a doctor first": "go ahead"}),
    de("bar.ask_doctor", MEANING, {"bitte erst zum Arzt": "leg einfach los"}),
    de("menu.doctor_agreed", MEANING, {"sagt ja": "sagt nein"}),
    en("menu.doctor_agreed", ONE_WORD, {"Doctor": "Clinician"}),
    en("command.ask_first", MEANING, {"Please ask a doctor before you use": "A doctor may be asked after you used"}),
    de("command.ask_first", MEANING, {"erinnert dich das Gerät nicht": "erinnert dich das Gerät oft"}),
    en("command.none", MEANING, {"none of these": "one of these"}),
)
ADVICE: Final = (
    en("routines.before_bed", MEANING, {"before bed": "after getting up"}),
    de("routines.before_bed", MEANING, {"30-60 min": "130-60 min"}),
    de("routines.before_bed", MEANING, {"Handy weg": "Handy her"}),
    en("routines.before_bed", MEANING, {"dim light": "bright light"}),
    en("routines.lower_back", MEANING, {"thin": "thick"}),
    de("routines.lower_back", MEANING, {"dünnes": "dickes"}),
    en("routines.recovery", MEANING, {"5 min": "15 min"}),
    de("routines.feet", MEANING, {"Hand an die Wand": "Hände frei"}),
    en("clothing.thin_shirt", MEANING, {"thin shirt": "no shirt"}),
    de("clothing.thin_shirt", MEANING, {"dünnes Shirt": "dicker Pullover"}),
    en("phases.over", MEANING, {"slowly": "quickly"}),
    en("phases.enough", MEANING, {"enough: up slowly": "not enough: stay"}),
    en("phases.soon", MEANING, {"1 min": "11 min"}),
    de("on_mat.get_up", MEANING, {"Langsam": "Schnell"}),
    en("phases.water", MEANING, {"water": "coffee"}),
    en("idle.rest_day", MEANING, {"Rest day": "Mat day"}),
    en("menu.rest", MEANING, {"Rest today": "No rest today"}),
    de("menu.no_rest", MEANING, {"Kein": "Heute"}),
    en("bar.paused", MEANING, {"tap": "hold"}),
    en("questions.scale", MEANING, {"loose": "tight", "tight": "loose"}),
    de("questions.scale", MEANING, {"locker": "fest", "fest": "locker"}),
    en("common.done_today", TONE, {"done for today": "great job!"}),
    de("idle.not_yet", TONE, {"noch offen": "schon wieder nichts"}),
)
BREATH: Final = (
    en("breath.inhale", MEANING, {'"in"': '"out"'}),
    de("breath.exhale", MEANING, {'"aus"': '"ein"'}),
    en("breath.inhale_says", MEANING, {"chest and ribs": "melt into the spikes"}),
    de("phases.four_six", MEANING, {"ein 4 s, aus 6 s": "ein 6 s, aus 4 s"}),
    code("core/plan/breathing.py", FOUR_SIX, {"IN_S: Final = 4.0": "IN_S: Final = 6.0"}),
)
DOSE: Final = (
    code("core/plan/programme.py", TABLE, {"Tier(1, 3, 2, 5": "Tier(1, 3, 5, 10"}),
    en("clothing.thin_or_bare", MEANING, {"thin shirt, or bare": "bare"}),
    code("core/plan/routine.py", AREAS, {"Area.FEET, 1, 3": "Area.FEET, 1, 10"}),
    code("core/plan/routine.py", AREAS, {"Area.LOWER_BACK, 2, 5": "Area.LOWER_BACK, 2, 15"}),
    code("core/plan/routine.py", FELT, {"Phase(120.0, Says.SETTLING)": "Phase(300.0, Says.SETTLING)"}),
    code("core/plan/routine.py", DOWNSHIFT, {"Phase(0.0, Says.SETTLE)": "Phase(0.0, Says.STILL)"}),
)
RULES: Final = (
    code("core/screens/safety.py", ALONE, {"self.household.acknowledge(t, some=some)": "pass"}),
    code("core/plan/routine.py", LIGHT, {"OVER_S: Final = 300.0": "OVER_S: Final = 3000.0"}),
    code("core/plan/breathing.py", FOUR_SIX, {"CYCLE_S: Final = IN_S + OUT_S": "CYCLE_S: Final = IN_S + OUT_S + 1.0"}),
    code("core/plan/breathing.py", BREATH_DAYS, {"CYCLES_MAX = 18, 30": "CYCLES_MAX = 6, 10"}),
    code("core/plan/routine.py", BREATH_DAYS, {"BREATH_LONG_FROM_DAY = 8, 11": "BREATH_LONG_FROM_DAY = 5, 11"}),
    code("core/plan/routine.py", RECOVERY, {"Phase(300.0, Says.WATER)": "Phase(30.0, Says.WATER)"}),
    code("core/plan/routine.py", LEGS, {"Area.CALVES: 4.0": "Area.CALVES: 11.0"}),
    code("core/plan/routine.py", STANDING, {"Area.FEET: 20.0": "Area.FEET: 13.0"}),
    code("core/plan/routine.py", BEDTIME, {"BED_WINDOW_MIN: Final = (30, 60)": "BED_WINDOW_MIN: Final = (0, 60)"}),
    code("core/plan/routine.py", BOUNDS, {"(CueKind.ENOUGH, upper_s)": "(CueKind.ENOUGH, upper_s + 60.0)"}),
    code("core/model.py", GOAL, {"if not 3 <= self.weekly_goal": "if not 1 <= self.weekly_goal"}),
    code("core/model.py", WHOLE, {"if not RATING_MIN <= self.value": "if not 0 <= self.value"}),
    code("core/plan/programme.py", SUM, {"return fsum([": "return max([0.0] + ["}),
    code("core/plan/programme.py", MISSED, {"RESTART_AFTER_DAYS = 7, 21": "RESTART_AFTER_DAYS = 2, 4"}),
    code("core/plan/programme.py", BY_HAND, {"RESTART_AFTER_DAYS = 7, 21": "RESTART_AFTER_DAYS = 8, 22"}),
    code("core/plan/programme.py", STAYING, {"held_back = settings.stay_on_tier": "held_back = False"}),
    code("core/plan/programme.py", STOPPED, {"tiers[course.step_back[tier]]": "tiers[tier]"}),
    code("core/plan/programme.py", STOPPED, {"rest_after_stop.add(day + 1)": "rest_after_stop.add(day + 2)"}),
    code("core/plan/progress.py", STREAK, {" or rests.reason(day) is not None)": ")"}),
)
MUTANTS: Final = (*REPORTED, *GESTURES, *STOP_SIGNS, *ASK_FIRST, *ADVICE, *BREATH, *DOSE, *RULES)


@contextmanager
def copies(count: int) -> Iterator[SimpleQueue[Path]]:
    """Copy the package and the tests so many times; the copies are gone afterwards."""
    with TemporaryDirectory(prefix="matpi-mutants-") as folder:
        first, free = Path(folder) / "0", SimpleQueue[Path]()
        ignore = shutil.ignore_patterns("__pycache__", "goldens", "cases", "*.gz", "*.json")
        for name in ("matpi", "tests"):
            shutil.copytree(ROOT / name, first / name, ignore=ignore)
        (first / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib --assert=plain\n")
        # Known by its content and not by its time: edits come several a second.
        by_content = ("--invalidation-mode", "checked-hash")
        subprocess.run([sys.executable, "-m", "compileall", "-q", *by_content, first], check=True)
        free.put(first)
        for n in range(1, count):
            free.put(Path(shutil.copytree(first, Path(folder) / str(n))))
        yield free


def fails(copy: Path, *tests: str) -> bool:
    """Run these tests on a copy. Return whether one fails; anything but a failed test raises RuntimeError."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{test}" for test in tests)]
    quick = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    env = {**os.environ, **quick, "PYTHONPATH": str(copy)}
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{' '.join(tests)} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def survives(mutant: Mutant, free: SimpleQueue[Path]) -> bool:
    copy = free.get()
    file = copy / "matpi" / mutant.file
    whole = file.read_text(encoding="utf-8")
    try:
        file.write_text(mutant.edited(whole), encoding="utf-8")
        return not fails(copy, mutant.test)
    finally:
        file.write_text(whole, encoding="utf-8")
        free.put(copy)


def run(mutants: Sequence[Mutant]) -> int:
    """Print what becomes of each. Return how many have survived."""
    workers = os.cpu_count() or 1
    with copies(workers) as free, ThreadPoolExecutor(workers) as pool:
        copy = free.get()
        if fails(copy, *dict.fromkeys(mutant.test for mutant in mutants)):
            raise RuntimeError("with nothing changed a named test fails: no mutant would show anything")
        free.put(copy)
        print("survived, as it must: the control, with nothing changed")
        alive = 0
        for mutant, survived in zip(mutants, pool.map(lambda mutant: survives(mutant, free), mutants), strict=True):
            alive += survived
            print(f"{'SURVIVED' if survived else 'killed'}: {mutant.name}, {'' if survived else 'by '}{mutant.test}")
            sys.stdout.flush()
    print(f"{len(mutants)} mutants, {len(mutants) - alive} killed, {alive} survived")
    return alive


if __name__ == "__main__":
    sys.exit(1 if run(MUTANTS) else 0)

"""What a text must say, in each language: it may be reworded, but not lose its meaning or turn into its opposite.

`benchmarks/mutants.py` (`make mutants`) changes texts one at a time, and expects a test to fail for each.
"""

from __future__ import annotations

import re
from typing import Final

from matpi.core.plan.routine import ROUTINES
from matpi.words import LANGUAGES
from tests.every import every

Terms = dict[str, tuple[str, ...]]

NEEDS: Final[dict[str, Terms]] = {
    "safety.ask_1": {
        "en": ("ask a doctor", "pregnan", "bleeding disorder", "blood thinner", "diabetes", "numb areas"),
        "de": ("arzt", "schwanger", "gerinnungsstörung", "blutverdünner", "diabetes", "taube haut"),
    },
    "safety.ask_2": {
        "en": ("ask a doctor", "heart condition", "told to go easy", "skin", "rash", "wound", "infection"),
        "de": ("arzt", "herzleiden", "reize untersagt", "haut", "ausschlag", "wunde", "infektion"),
    },
    "safety.question": {
        "en": (r"any, or unsure\?", "tap: +yes, or unsure", "hold: none", "not acupuncture", "not medical treatment"),
        "de": (
            r"trifft etwas zu\?",
            "kurz: ja / unsicher",
            "lang: nichts davon",
            "keine akupunktur",
            "keine behandlung",
        ),
    },
    "safety.ask_first": {
        "en": ("ask first", "doctor should say yes", "before", "hold, menu"),
        "de": ("erst fragen", "ärztlich abklären", "danach", "lang drücken, menü"),
    },
    "safety.stop": {
        "en": ("stop if", "pain feels wrong", "numb", "dizzy", "bruise", "rash", "red, a bit sore: fine"),
        "de": (
            "stopp bei",
            "falschem schmerz",
            "taub",
            "schwindel",
            "bluterguss",
            "ausschlag",
            "rot, leicht wund: ok",
        ),
    },
    "questions.signs": {
        "en": ("wrong pain", "numb", "dizzy", "bruise", "rash"),
        "de": ("falscher schmerz", "taub", "schwindel", "ausschlag"),
    },
    "questions.what_follows": {"en": ("rest day", "easier", "doctor"), "de": ("ruhetag", "sanfter", "arzt")},
    "questions.felt_wrong": {"en": ("wrong",), "de": ("probleme",)},
    "questions.hold_to_note": {"en": ("hold: note",), "de": ("lang: notieren",)},
    "questions.take_back": {"en": ("hold: take it back",), "de": ("lang: zurücknehmen",)},
    "questions.yes_or_no": {"en": ("tap: no.*hold: yes",), "de": ("kurz: nein.*lang: ja",)},
    "questions.how_tight": {"en": ("how tight.*today",), "de": ("wie verspannt.*heute",)},
    "questions.scale": {"en": ("^1 loose 10 tight$",), "de": ("^1 locker 10 fest$",)},
    "questions.tap_or_hold": {"en": (r"tap: \+1.*hold: ok",), "de": (r"kurz: \+1.*lang: ok",)},
    "questions.yesterday": {"en": ("yesterday",), "de": ("gestern",)},
    "questions.looser": {"en": (r"looser\?",), "de": (r"lockerer\?",)},
    "questions.than_before": {"en": ("than before",), "de": ("als vor",)},
    "trend.before": {"en": ("before mat",), "de": ("vor matte",)},
    "trend.after": {"en": ("after mat",), "de": ("nach matte",)},
    "trend.compared": {"en": ("at first .*first.*now .*last",), "de": ("zuerst .*first.*zuletzt .*last",)},
    "trend.looser": {"en": ("looser: .*yes.* of .*n",), "de": ("lockerer: .*yes.* von .*n",)},
    "spoken.tap_to_choose": {
        "en": ("tap to choose", "1 is loose, 10 is tight"),
        "de": ("kurz drücken zum wählen", "1 ist locker, 10 ist fest"),
    },
    "spoken.looser": {"en": ("hold for yes, tap for no",), "de": ("lang drücken für ja, kurz für nein",)},
    "menu.hint": {"en": ("tap: next.*hold: go",), "de": ("kurz: weiter.*lang: ok",)},
    "menu.rest": {"en": ("^rest today",), "de": ("^heute ruhetag",)},
    "menu.no_rest": {"en": ("^no rest today",), "de": ("^kein ruhetag",)},
    "menu.pets": {"en": ("^there are pets",), "de": ("^tiere im haus",)},
    "menu.no_pets": {"en": ("^no pets",), "de": ("^keine tiere",)},
    "menu.doctor_agreed": {"en": ("doctor agreed",), "de": ("arzt sagt ja",)},
    "bar.ask_doctor": {"en": ("ask a doctor first",), "de": ("erst zum arzt",)},
    "calibration.take_all_off": {"en": ("clear the mat",), "de": ("leer räumen",)},
    "calibration.head_end": {"en": ("^head end$",), "de": ("^kopfende$",)},  # one sentence with the next
    "calibration.at_head_end": {"en": ("^stand in its middle$",), "de": ("^mittig ans kopfende$",)},
    "calibration.foot_end": {"en": ("^foot end$",), "de": ("^fußende$",)},  # one sentence with the next
    "calibration.at_foot_end": {"en": ("^stand in its middle$",), "de": ("^mittig ans fußende$",)},
    "calibration.leave_empty": {"en": ("leave the mat empty",), "de": ("leer lassen",)},
    "menu.felt_wrong": {"en": ("felt wrong",), "de": ("beschwerden",)},
    "calibration.hint": {"en": ("tap: back.*hold: go",), "de": ("kurz: zurück.*lang: ok",)},
    "calibration.weight_hint": {"en": ("tap: .*hold: next",), "de": ("kurz .*lang: weiter",)},
    "on_mat.keep_holding": {"en": ("hold.*discard",), "de": ("halten.*verwerfen",)},
    "on_mat.bring_back": {"en": ("hold: bring it back",), "de": ("lang: zurückholen",)},
    "on_mat.get_up": {"en": ("^get up$",), "de": ("^langsam$",)},  # one sentence with the next
    "on_mat.slowly": {"en": ("^slowly$",), "de": ("^auf$",)},
    "on_mat.object": {"en": ("object on mat",), "de": ("etwas liegt",)},
    "on_mat.take_off": {"en": ("take it off",), "de": ("herunternehmen",)},
    "breath.inhale": {"en": ("^in$",), "de": ("^ein$",)},
    "breath.exhale": {"en": ("^out$",), "de": ("^aus$",)},
    "breath.inhale_says": {"en": ("chest and ribs",), "de": ("brust und rippen",)},
    "breath.exhale_says": {"en": ("melt into the spikes",), "de": ("sinken",)},
    "phases.sharp": {"en": ("sting", "breathe"), "de": ("piek", "atmen")},
    "phases.settling": {"en": ("settl",), "de": ("ruhiger",)},
    "phases.warmth": {"en": ("warm",), "de": ("wärme",)},
    "phases.deep_calm": {"en": ("quiet",), "de": ("ruhe",)},
    "phases.done": {"en": ("done for today",), "de": ("heute geschafft",)},
    "phases.settle": {"en": ("settle", "breathe slow"), "de": ("ruhig atmen",)},
    "phases.still": {"en": ("still", "scan", "feet"), "de": ("spüren", "fuß")},
    "phases.breathe_then_up": {"en": ("breathe, then.*up",), "de": ("atmen, dann auf",)},
    "phases.four_six": {"en": (r"\bin 4 s, out 6 s\b",), "de": (r"\bein 4 s, aus 6 s\b",)},
    "phases.stretch": {"en": ("stretch gently",), "de": ("sanft dehnen",)},
    "phases.water": {"en": ("water, walk",), "de": ("trinken, .*gehen",)},
    "phases.soon": {"en": ("^1 min, then up slowly",), "de": ("^in 1 min langsam auf$",)},
    "phases.enough": {"en": ("^enough: up slowly",), "de": ("^genug: langsam auf",)},
    "phases.over": {"en": ("please get up slowly",), "de": ("langsam aufstehen",)},
    "routines.plan.advice": {
        "en": ("{clothing}", "sit, then lie slowly", "sting.* warm", "{goal}"),
        "de": ("{clothing}", "langsam zurücklegen", "piek.* warm", "{goal}"),
    },
    "routines.plan_third.advice": {
        "en": ("{clothing}", "sit, then lie slowly", "often", "week two"),
        "de": ("{clothing}", "langsam zurücklegen", "oft", "zweiten woche"),
    },
    "goals.sensation": {"en": ("learn the sensation",), "de": ("kennenlernen",)},
    "goals.tolerance": {"en": ("tolerance",), "de": ("gewöhnen",)},
    "goals.breathwork": {"en": ("breath",), "de": ("atmen",)},
    "goals.routine": {"en": ("routine",), "de": ("routine",)},
    "goals.keep_going": {"en": ("keep going", "3-7 a week"), "de": ("weiter", "3-7 pro woche")},
    "routines.downshift.advice": {"en": ("sit, then lie slowly",), "de": ("langsam zurücklegen",)},
    "routines.breath.advice": {
        "en": ("in: chest and ribs", "out: melt"),
        "de": ("ein: brust und rippen", "aus: .*sinken"),
    },
    "routines.upper_back.advice": {"en": ("lie slowly", "shoulder blades"), "de": ("langsam zurücklegen", "schultern")},
    "routines.neck.advice": {
        "en": ("pillow under the head", "neck off the spikes", "chin .* tucked", "nerve pain: stop"),
        "de": ("kissen unter den kopf", "nacken nicht belasten", "kinn .* anziehen", "ausstrahlen: stopp"),
    },
    "routines.feet.advice": {"en": ("hold a wall", "gently"), "de": ("hand an die wand", "vorsichtig")},
    "routines.lower_back.advice": {
        "en": ("thin towel on it", "upper back: gentler"),
        "de": ("dünnes tuch darauf", "oben .* sanfter"),
    },
    "routines.seat.advice": {"en": ("sit or lie", "supported"), "de": ("sitzen oder liegen", "abgestützt")},
    "routines.calves.advice": {
        "en": ("calves or hamstrings", "sit or lie beside"),
        "de": ("waden/oberschenkel", "daneben sitzen/liegen"),
    },
    "routines.recovery.advice": {
        "en": ("calves or upper back", r"\b5 min stretching"),
        "de": ("waden/oberer rücken", r"\b5 min dehnen"),
    },
    "routines.before_bed.advice": {
        "en": (r"\b30-60 min before bed", r"too awake\? earlier", "dim light", "no screens", "cool, dark bedroom"),
        "de": (r"\b30-60 min vor schlaf", r"zu wach\? dann früher", "licht aus", "handy weg", "kühl, dunkel"),
    },
    "routines.before_bed_at.advice": {
        "en": ("bedtime is", r"too awake\? earlier", "dim light", "no screens", "cool, dark bedroom"),
        "de": ("schlafenszeit", r"zu wach\? dann früher", "licht aus", "handy weg", "kühl, dunkel"),
    },
    "idle.rest_day": {"en": ("rest day",), "de": ("ruhetag",)},
    "idle.rest_is_part": {"en": ("rest is part",), "de": ("pause gehört dazu",)},
    "idle.not_yet": {"en": ("not yet today",), "de": ("noch offen",)},
    "spoken.rating": {"en": ("how tight do i feel today",), "de": ("wie verspannt",)},
    "spoken.confirm": {
        "en": ("was that you.*hold for yes, tap for no",),
        "de": ("lang drücken für ja, kurz für nein",),
    },
    "spoken.menu": {
        "en": ("tap for the next, hold to choose",),
        "de": ("kurz drücken für das nächste, lang zum wählen",),
    },
    "spoken.felt_wrong": {"en": ("felt wrong.*hold to note",), "de": ("beschwerden.*lang drücken zum notieren",)},
    "spoken.felt_wrong_logged": {
        "en": ("rest day.*hold to take it back",),
        "de": ("ruhetag.*lang drücken zum zurücknehmen",),
    },
    "spoken.hold_to_confirm": {"en": ("hold to confirm",), "de": ("lang drücken zum bestätigen",)},
    "spoken.rated": {"en": ("hold to change",), "de": ("lang drücken zum ändern",)},
    "spoken.discarded": {
        "en": ("discarded.*hold to bring it back",),
        "de": ("verworfen.*lang drücken zum zurückholen",),
    },
    "spoken.weight_tens": {"en": ("tap for ten more, hold to go on",), "de": ("kurz .* zehn mehr, lang für weiter",)},
    "spoken.weight_ones": {"en": ("tap for one more, hold to go on",), "de": ("kurz .* eins mehr, lang für weiter",)},
    "spoken.get_up": {"en": ("get up slowly",), "de": ("steh langsam auf",)},
    "command.not_answered": {
        "en": ("not answered yet", "--none or --some"),
        "de": ("noch nicht beantwortet", r"--none \(nichts davon\)", r"--some \(etwas davon, oder unsicher\)"),
    },
    "command.none": {"en": ("none of these",), "de": ("nichts davon",)},
    "command.some": {"en": ("one of these, or unsure",), "de": ("etwas davon, oder unsicher",)},
    "command.ask_first": {
        "en": ("ask a doctor before you use the mat", "has agreed: .*command", "no reminder", "minutes only"),
        "de": ("erst einen arzt, bevor", "arzt ja sagt: .*command", "erinnert .* nicht", "nur die minuten"),
    },
    "command.agreed": {"en": ("doctor agreed",), "de": ("arzt hat.* zugestimmt",)},
    "clothing.thin_shirt": {"en": ("thin shirt",), "de": ("dünnes shirt",)},
    "clothing.thin_or_bare": {"en": ("thin shirt, or bare",), "de": ("dünnes shirt / ohne",)},
    "clothing.your_choice": {"en": ("your choice",), "de": ("kleidung nach wahl",)},
    "bar.not_today": {"en": ("^not today: fine$",), "de": ("^heute nicht: ok$",)},
    "bar.week_done": {"en": ("^week done$",), "de": ("^woche geschafft$",)},
    "bar.from_day_1": {"en": ("^fresh start: day 1$",), "de": ("^sanft ab tag 1$",)},
    "bar.little": {"en": ("min is enough$",), "de": ("min reichen$",)},
    "bar.paused": {"en": ("paused. tap: on$",), "de": ("ruht. kurz: an$",)},
    "people.asks": {"en": ("^hold if .name",), "de": ("^.name.. lang$",)},
    "people.not_you": {"en": ("^not you. hold$",), "de": ("^nicht du. lang$",)},
    "people.missing": {"en": ("^not yet: ",), "de": ("^offen: ",)},
    "on_mat.more_today": {"en": ("more today counts",), "de": ("heute zählt jede",)},
    "on_mat.not_kept": {"en": ("not kept",), "de": ("zählt nicht",)},
    "on_mat.waits": {"en": ("^waits",), "de": ("^wartet",)},
    "on_mat.not_counted": {"en": ("^not counted$",), "de": ("^nicht gezählt$",)},
    "menu.light_off": {"en": ("^light off$",), "de": ("^licht aus$",)},
    "menu.light_on": {"en": ("^light on$",), "de": ("^licht an$",)},
    "trend.too_few": {"en": ("^too few",), "de": ("^zu wenige",)},
    "calibration.in_the_middle": {"en": ("in the middle",), "de": ("^mittig",)},
    "spoken.done_today": {"en": ("done for today",), "de": ("für heute geschafft",)},
    "spoken.safety": {"en": ("^safety, page",), "de": ("^sicherheit, seite",)},
}
"""Key -> language -> what each text must carry: patterns, in lower case, lines joined by a space."""
NEGATIONS: Final = frozenset(
    ["no", "not", "never", "without", "nothing", "nicht", "kein", "keine", "keinen", "keinem", "nie", "ohne", "nichts"]
)
"""A text has one only where its terms do."""
NORMAL: Final[Terms] = {"en": ("sharp", "sting", "red"), "de": ("stech", "piek", "röt", "rot")}
"""What every mat does for two minutes, and every back: no sign to stop at."""
LOUD: Final = {
    "en": r"!|\b(great|awesome|amazing|perfect|proud|congrat\w*|hero|failed|lazy|shame|must|again nothing)\b",
    "de": r"!|\b(toll|super|spitze|perfekt|prima|stolz|glückwunsch|held|versagt|faul|schäm\w*|musst|schon wieder)\b",
}
"""Praise, scolding, shouting: this is training and no punishment, and more is not better."""


def plain(text: str) -> str:
    return " ".join(text.lower().replace("* ", "").split())


@every("key", NEEDS)
def test_a_text_says_what_it_must(key: str) -> None:
    for language, words in LANGUAGES.items():
        text = plain(words(key))
        for term in NEEDS[key][language]:
            assert re.search(term, text), f"{language} {key}: {text!r} lacks {term!r}"
        said, meant = (set(re.findall(r"[\w']+", part)) for part in (text, " ".join(NEEDS[key][language])))
        assert not (said - meant) & NEGATIONS, f"{language} {key}: {text!r} denies what it must say"


def test_every_routine_has_what_its_advice_must_carry() -> None:
    assert {f"routines.{name}.advice" for name in ROUTINES} <= set(NEEDS)


def test_what_is_normal_is_no_sign_to_stop_at() -> None:
    for language, words in LANGUAGES.items():
        *signs, normal = plain_lines(words("safety.stop"))
        for text in (" ".join(signs), plain(words("questions.signs"))):
            assert not any(re.search(rf"\b{term}", text) for term in NORMAL[language]), f"{language}: {text}"
        assert any(term in normal for term in NORMAL[language]), f"{language}: {normal}"


def test_nothing_praises_scolds_or_shouts() -> None:
    for language, words in LANGUAGES.items():
        assert {key: text for key, text in words.texts.items() if re.search(LOUD[language], plain(text))} == {}


def test_one_person_has_one_word() -> None:
    for language, words in LANGUAGES.items():
        every_text = plain(" ".join(words.texts.values()))
        other = {"en": r"clinician|physician|\bgp\b", "de": r"praxis|mediziner|doktor"}[language]
        assert not re.search(other, every_text)


def test_who_is_to_ask_first_is_led_to_the_entry_of_the_menu_that_clears() -> None:
    for words in LANGUAGES.values():
        assert plain(words("safety.ask_first")).endswith(plain(words("menu.doctor_agreed")))


def test_a_tap_and_a_hold_are_never_exchanged() -> None:
    """Where a line names both, the tap comes first: next, no, less; the hold does it."""
    for words in LANGUAGES.values():
        tap, hold = {"en": ("tap", "hold"), "de": ("kurz", "lang")}[words.language]
        both = [
            plain(text) for key, text in words.texts.items() if {tap, hold} <= set(re.findall(r"\w+", text.lower()))
        ]
        drawn = [text for text in both if "." not in text]
        assert len(drawn) >= 5
        assert [text for text in drawn if text.index(tap) > text.index(hold)] == []


def plain_lines(text: str) -> list[str]:
    return [plain(line) for line in text.splitlines()]

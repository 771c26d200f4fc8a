"""The language of the config, or of the settings, reaches the panel, the sentence beside it and the first fault."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from matpi.cli import run
from matpi.config import Config, PanelConfig, load, panel_of, reference
from matpi.core import model
from matpi.core.effects import Effect, Show
from matpi.core.events import SettingWished
from matpi.core.views import Safety
from matpi.errors import ConfigError
from matpi.screen.render import render
from matpi.twin.twin import Twin
from matpi.twin.world import VirtualWorld
from matpi.words import ENGLISH, GERMAN, LANGUAGES, Words, running_text

DEUTSCH = Config(panel=PanelConfig(language="de"))


def rig(folder: Path, config: Config, effects: list[Effect]) -> VirtualWorld:
    made = VirtualWorld(folder / "log.db", utc=1_773_586_800.0, config=config, watch=effects.append)
    made.power_on()
    made.run_until(10.0)
    return made


def test_the_panel_shows_the_language_of_the_config(tmp_path: Path) -> None:
    effects: list[Effect] = []
    own = rig(tmp_path, DEUTSCH, effects)
    show = [effect for effect in effects if isinstance(effect, Show)][-1]
    assert isinstance(show.view, Safety)
    assert own.panel.image is not None
    assert own.panel.image.tobytes() == render(show.view, show.shift, GERMAN).tobytes()
    assert own.panel.image.tobytes() != render(show.view, show.shift).tobytes()
    own.shut_down()


def test_the_panel_follows_the_settings_at_once_and_over_a_restart(tmp_path: Path) -> None:
    effects: list[Effect] = []
    own = rig(tmp_path, Config(), effects)

    def shown() -> bytes:
        assert own.panel.image is not None
        return own.panel.image.tobytes()

    def expected(words: Words) -> bytes:
        show = [effect for effect in effects if isinstance(effect, Show)][-1]
        return render(show.view, show.shift, words).tobytes()

    assert expected(GERMAN) != expected(ENGLISH)
    for language, words in (("de", GERMAN), ("en", ENGLISH), ("de", GERMAN), ("", ENGLISH), ("de", GERMAN)):
        own.take(SettingWished(own.t, "language", language))
        assert (shown(), own.words) == (expected(words), words), language
    own.power_off()
    assert own.words is ENGLISH
    own.power_on()
    own.run_until(own.t + 10.0)
    assert (shown(), own.words) == (expected(GERMAN), GERMAN)
    own.shut_down()


def test_safety_speaks_the_language_of_the_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = str(tmp_path / "log.db")
    for language, words in (("de", GERMAN), ("auto", ENGLISH)):
        assert run(["settings", f"language={language}", "--store", log]) == 0
        capsys.readouterr()
        assert run(["safety", "--store", log]) == 0
        out = capsys.readouterr().out
        assert running_text(words("safety.stop")) in out
        assert words("command.not_answered") in out


def test_the_page_of_the_simulator_says_the_same_in_words(tmp_path: Path) -> None:
    heard = {text: threading.Event() for text in ("Sicherheit, Seite 1 von 4", "Kein Strom.")}

    def put(kind: str, payload: dict[str, Any]) -> None:
        for text, event in heard.items():
            if kind == "frame" and payload["text"].startswith(text) and payload["lang"] == "de":
                event.set()

    twin = Twin(
        lambda watch: VirtualWorld(tmp_path / "log.db", utc=1_773_586_800.0, config=DEUTSCH, watch=watch), warp=60
    )
    twin.subscribe(put)
    twin.start()
    try:
        assert heard["Sicherheit, Seite 1 von 4"].wait(60.0)
        twin.power(on=False)
        assert heard["Kein Strom."].wait(60.0)
    finally:
        twin.stop()


def test_a_language_that_is_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "matpi.toml"
    file.write_text('[panel]\nlanguage = "fr"\n')
    with pytest.raises(ConfigError, match=r'panel\.language = "fr" is not allowed; give "en" or "de"'):
        load(file)


def test_a_fault_in_another_section_is_told_in_the_language_of_the_panel(tmp_path: Path) -> None:
    file = tmp_path / "matpi.toml"
    file.write_text('[panel]\nlanguage = "de"\n[page]\nport = 0\n')
    assert panel_of(file).language == "de"


def test_the_config_knows_every_language_and_no_other() -> None:
    (allowed,) = (row.bounds for row in reference() if row.key == "panel.language")
    assert allowed == " or ".join(f'"{language}"' for language in LANGUAGES)
    assert all(words.language == language for language, words in LANGUAGES.items())
    assert ("", *LANGUAGES) == model.LANGUAGES

"""Every wrong line of a config is told with its file, key, value, what is allowed and what to do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from matpi.config import Config, load, reference
from matpi.core.rules import PresenceRules
from matpi.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "matpi.toml"
    file.write_bytes(text.encode())
    return file


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert caught.value.exit_code == 2
    assert "matpi.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_without_a_file_the_defaults_hold() -> None:
    assert load() == Config()


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Config()


def test_every_default_lies_within_its_bounds() -> None:
    config = Config()
    assert msgspec.convert(msgspec.to_builtins(config), Config) == config


def test_the_defaults_are_those_the_core_was_built_with() -> None:
    config, rules = Config().presence, PresenceRules()
    shared = set(config.__struct_fields__) & set(rules.__struct_fields__)
    assert len(shared) == 7
    assert {name: getattr(config, name) for name in shared} == {name: getattr(rules, name) for name in shared}
    assert config.zero_reach_kg == rules.zero.reach_kg


def test_what_is_given_is_taken_and_the_rest_stays(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            "\ufeff[presence]\r\non_kg = 9\r\n[panel]\naddress = 0x3D\nrotate_deg = 180\n"
            "[[scale.channels]]\ndata = 5\nclock = 13\n",
        )
    )
    assert config.presence.on_kg == 9.0
    assert (config.panel.address, config.panel.rotate_deg) == (0x3D, 180)
    assert [(c.data, c.clock) for c in config.scale.channels] == [(5, 13)]
    assert config.presence.away_s == Config().presence.away_s
    assert config.page == Config().page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[presence]\non_kg = 99", ["presence.on_kg = 99", "3 to 40", "default (12)"]),
        ("[presence]\non_kg = 2.99", ["presence.on_kg = 2.99", "3 to 40"]),
        ("[presence]\non_kg = nan", ["presence.on_kg = nan", "3 to 40"]),
        ("[presence]\non_kg = inf", ["presence.on_kg = inf", "3 to 40"]),
        ("[presence]\non_kg = true", ["presence.on_kg = true", "3 to 40"]),
        ("[presence]\non_kg = 1979-05-27", ["presence.on_kg = 1979-05-27", "3 to 40"]),
        ('[presence]\non_kg = "twelve"', ['presence.on_kg = "twelve"', "3 to 40"]),
        ("[presence]\non_kq = 9", ["presence.on_kq", "did you mean presence.on_kg?"]),
        ("[presense]\non_kg = 9", ["presense", "did you mean presence?"]),
        ("on_kg = 9", ["on_kg", "did you mean presence.on_kg?"]),
        ("[panel]\nfrobnicate = 9", ["panel.frobnicate", "driver, port, address, rotate_deg"]),
        ("presence = 3", ["presence = 3", "[presence]"]),
        ("[[presence]]\non_kg = 9", ["presence", "[presence]"]),
        ("[scale]\nrate = 20", ["scale.rate = 20", "10 or 80"]),
        ('[panel]\ndriver = "lcd"', ['panel.driver = "lcd"', '"sh1106" or "ssd1306" or "ssd1309" or "none"']),
        ("[page]\nport = 8377.5", ["page.port = 8377.5", "1 to 65535"]),
        ("[page]\nport = 70000", ["page.port = 70000", "1 to 65535"]),
        ("[page]\nenabled = 1", ["page.enabled = 1", "true or false"]),
        ('[store]\npath = "matpi.db"', ['store.path = "matpi.db"', "absolute path"]),
        ('[store]\npath = "/a\\u0000b"', ["store.path", "absolute path"]),
        ("[scale]\nchannels = []", ["scale.channels", "1 to 4"]),
        ("[scale]\nchannels = 3", ["scale.channels = 3", "1 to 4"]),
        ("[scale]\nchannels = [3]", ["scale.channels[0] = 3", "[[scale.channels]]"]),
        ("[[scale.channels]]\ndata = 5", ["scale.channels[0].clock is missing", "2 to 27"]),
        ("[[scale.channels]]\ndata = 5\nclock = 28", ["scale.channels[0].clock = 28", "2 to 27"]),
        ("[[scale.channels]]\ndata = 5\nclock = 6\nspeed = 1", ["scale.channels[0].speed", "data, clock"]),
        (
            "".join(f"[[scale.channels]]\ndata = {n}\nclock = {n + 1}\n" for n in range(5, 15, 2)),
            ["scale.channels", "1 to 4"],
        ),
        ("a = 1\na = 2\n", ["not TOML", "overwrite"]),
        ("[presence\n", ["not TOML", "line 1"]),
        ("a = " + "[" * 50_000, ["brackets"]),
        ("[page]\nport = " + "9" * 5000, ["digits"]),
        ("#" + "x" * (1 << 20), ["1 MiB"]),
    ],
)
def test_a_wrong_line_is_told_in_one_sentence(tmp_path: Path, text: str, words: list[str]) -> None:
    told = refusal(tmp_path, text)
    assert [word for word in words if word not in told] == [], told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[button]\npin = 18", ["lamp.pin = 18 is already button.pin", "17"]),
        ("[[scale.channels]]\ndata = 5\nclock = 5", ["scale.channels[0].clock = 5", "scale.channels[0].data"]),
        ("[lamp]\npin = 3", ["lamp.pin = 3", "I2C"]),
    ],
)
def test_a_pin_has_one_owner(tmp_path: Path, text: str, words: list[str]) -> None:
    told = refusal(tmp_path, text)
    assert [word for word in words if word not in told] == [], told


def test_a_part_that_is_not_there_owns_no_pin(tmp_path: Path) -> None:
    config = load(written(tmp_path, '[lamp]\ndriver = "none"\n[button]\npin = 18\n'))
    assert config.button.pin == config.lamp.pin == 18


def test_files_that_are_none(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# fine\n# \xe9\n")
    cases = {
        tmp_path / "absent.toml": "no such",
        tmp_path: "folder",
        latin: "line 2",
        Path("/dev/zero"): "1 MiB",
        tmp_path / "a\0b": "cannot be read",
    }
    for path, word in cases.items():
        with pytest.raises(ConfigError, match=word):
            load(path)


def test_the_reference_has_a_row_a_key_with_bounds_and_text() -> None:
    rows = {row.key: row for row in reference()}
    assert len(rows) == len(reference())
    assert all(row.bounds and row.text for row in rows.values())
    assert rows["presence.on_kg"][1:3] == ("12", "a number from 3 to 40")
    assert rows["scale.channels[].clock"].default == ""
    assert {key.partition(".")[0] for key in rows} == set(Config.__struct_fields__)


def test_the_defaults_of_the_reference_can_be_pasted_into_a_file(tmp_path: Path) -> None:
    text = "".join(f"{row.key} = {row.default}\n" for row in reference() if row.default and "[]" not in row.key)
    assert load(written(tmp_path, text)) == Config()


def test_the_device_shows_where_the_page_is_and_nothing_when_it_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matpi.config.uname", lambda: SimpleNamespace(nodename="Mat-Room.fritz.box"))
    cases = {
        "": "http://mat-room.local:8377",
        "[page]\nport = 80\n": "http://mat-room.local",
        "[page]\nenabled = false\n": "",
    }
    for text, address in cases.items():
        assert load(written(tmp_path, text)).device_rules().page_address == address

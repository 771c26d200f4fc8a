"""Read /etc/matpi/matpi.toml: hardware and deployment. What a user sets is in the database instead.

Every key has its default and its bounds beside it; an unknown key is an error, so a typing mistake is never ignored.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from contextlib import suppress
from os import uname
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from matpi.errors import ConfigError
from matpi.paths import DEVICE_STORE
from matpi.upstream.config import UpstreamConfig

if TYPE_CHECKING:
    from matpi.core.rules import DeviceRules

S = TypeVar("S", bound=Struct)
LIMIT_BYTES: Final = 1 << 20  # a config is a page of text; anything larger was named by mistake


def about(text: str, low: float | None = None, high: float | None = None) -> Meta:
    """Describe a key and the bounds of its number."""
    return Meta(description=text, ge=low, le=high)


def tables(text: str) -> Meta:
    """Describe a list of one to four tables."""
    return Meta(description=text, min_length=1, max_length=4)


# BCM number. 0 and 1 belong to the EEPROM of an add-on board; the header ends at 27.
Gpio = Annotated[int, Meta(ge=2, le=27)]
# A value there may be a secret, put there by mistake, and journals store errors.
_HIDDEN: Final = {"url", "secret", "password"}
SPI_PINS: Final = {0: {"MOSI": 10, "MISO": 9, "SCLK": 11}, 1: {"MOSI": 20, "MISO": 19, "SCLK": 21}}
"""Of the buses every model has on its header, without chip selects: an overlay may move them."""


class PresenceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """When the mat is occupied; within the bounds what docs/dev/behaviour.md 1 promises still holds."""

    on_kg: Annotated[float, about("A load over this is a person, in kg.", 3, 40)] = 12.0
    off_ratio: Annotated[float, about("Under this part of `on_kg` the load is gone (hysteresis).", 0.2, 0.9)] = 0.5
    dwell_s: Annotated[float, about("A load this long is a session, in s.", 0.5, 30)] = 3.0
    away_s: Annotated[float, about("Time to come back before the session ends, in s.", 1, 300)] = 20.0
    min_session_s: Annotated[float, about("Shorter ones are only counted, in s.", 5, 300)] = 30.0
    cap_min: Annotated[float, about("A session is closed after this long, in min.", 10, 120)] = 45.0
    object_s: Annotated[float, about("A load still for this long is an object, in s; 40 at least.", 10, 600)] = 40.0
    object_ratio: Annotated[float, about("No longer used; stillness has a fixed limit.", 1, 5)] = 2.0
    stale_s: Annotated[float, about("Sensor timeout that is held, in s.", 0.5, 10)] = 2.0
    sensor_gone_s: Annotated[float, about("Sensor timeout that ends the session, in s.", 10, 300)] = 60.0
    zero_reach_kg: Annotated[float, about("Reach of the zero from the calibrated reference, in kg.", 0.5, 10)] = 3.0


class ChannelConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The two wires of one HX711. A clock for each chip: a shared one pulses chips not yet ready, too."""

    data: Annotated[Gpio, about("GPIO (BCM number) of DOUT.")]
    clock: Annotated[Gpio, about("GPIO (BCM number) of PD_SCK.")]


class SpiConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One HX711 on an SPI bus of its own: MOSI to PD_SCK, MISO to DOUT, the bus's own clock unconnected."""

    bus: Annotated[int, about("N of /dev/spidevN.M.", 0, 9)]
    device: Annotated[int, about("M of /dev/spidevN.M.", 0, 2)] = 0


class ScaleConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The load cells. The default is real: a device that simulates unasked would invent sessions."""

    driver: Annotated[
        Literal["adafruit", "spi", "sim"],
        about("Chips on GPIO pins or SPI buses; sim: no hardware, every part is emulated."),
    ] = "adafruit"
    rate: Annotated[Literal[10, 80], about("Samples/s as the RATE jumper of the boards is set.")] = 80
    # GPIO 9 to 27 are pulled down at boot, so the chips are awake; these lie side by side on header pins 13 to 18.
    channels: Annotated[tuple[ChannelConfig, ...], tables("One table a chip, from the head end to the foot end.")] = (
        ChannelConfig(data=23, clock=24),
        ChannelConfig(data=27, clock=22),
    )
    spi: Annotated[tuple[SpiConfig, ...], tables('With driver = "spi": one table a chip, head end first.')] = (
        SpiConfig(bus=0),
        SpiConfig(bus=1),
    )
    # 128 * 2^24 * 1e-3 = 2 147 484 counts per mV/V; two 50 kg half bridges of 1 mV/V as one full bridge give 1 mV/V at
    # 50 kg: 42 950 (docs/dev/sources.md, cells; measured on a dog bed of four: 23 879 where 21 475 is nominal).
    counts_per_kg: Annotated[
        float, about("Nominal sensitivity of a chip's bridge, until you calibrate.", 1000, 1_000_000)
    ] = 43_000.0

    @property
    def channel_count(self) -> int:
        return len(self.spi if self.driver == "spi" else self.channels)


class PanelConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The OLED, 128x64, on I2C."""

    driver: Annotated[
        Literal["auto", "sh1106", "ssd1306", "ssd1309", "none"], about("The panel's controller; auto asks the panel.")
    ] = "auto"
    port: Annotated[int, about("Number N of /dev/i2c-N.", 0, 99)] = 1
    address: Annotated[int, about("I2C address; 0x3D = 61 with the jumper moved.", 0x08, 0x77)] = 0x3C
    rotate_deg: Annotated[Literal[0, 180], about("180 when the panel is mounted upside down.")] = 0
    dim: Annotated[
        Literal["full", "contrast"],
        about("contrast: leave the panel's voltages alone when dimming; some modules turn black."),
    ] = "full"
    # The codes of `words.LANGUAGES`. Here, so that a fault in another section is shown in it.
    language: Annotated[
        Literal["en", "de"], about("What the panel speaks, unless `matpi settings language=` says otherwise.")
    ] = "en"


class GpioConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Through which library gpiozero reaches the button and the LED."""

    factory: Annotated[
        Literal["auto", "lgpio", "rpigpio", "pigpio", "native"],
        about("auto: lgpio, else native; the first one that works here."),
    ] = "auto"


class ButtonConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The one button, between its pin and ground."""

    driver: Annotated[Literal["gpio", "none"], about("none: there is no button.")] = "gpio"
    pin: Annotated[Gpio, about("GPIO (BCM number) of the button.")] = 17


class LampConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The LED, from its pin through a resistor to ground."""

    driver: Annotated[Literal["gpio", "none"], about("none: there is no LED.")] = "gpio"
    pin: Annotated[Gpio, about("GPIO (BCM number) of the LED.")] = 18


class ChimeConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A passive piezo, from its pin to ground: marks phases, the end and the breath for closed eyes."""

    driver: Annotated[Literal["none", "gpio"], about("none: it is silent.")] = "none"
    pin: Annotated[Gpio, about("GPIO (BCM number) of the piezo.")] = 13


class StoreConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The session log."""

    path: Annotated[str, Meta(pattern="^/[^\\x00-\\x1f]*$", description="The database file.")] = str(DEVICE_STORE)


class PageConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The page for browsers on the local network, served by `matpi page`."""

    enabled: Annotated[bool, about("false: no page is served, and the menu has no entry for it.")] = True
    port: Annotated[int, about("TCP port; under 1024 needs a right of its own.", 1, 65535)] = 8377

    @property
    def address(self) -> str:
        """Return where browsers on the local network find the page by mDNS, "" when it is not served."""
        port = "" if self.port == 80 else f":{self.port}"
        return f"http://{uname().nodename.partition('.')[0].lower()}.local{port}" if self.enabled else ""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    presence: PresenceConfig = PresenceConfig()
    scale: ScaleConfig = ScaleConfig()
    panel: PanelConfig = PanelConfig()
    gpio: GpioConfig = GpioConfig()
    button: ButtonConfig = ButtonConfig()
    lamp: LampConfig = LampConfig()
    chime: ChimeConfig = ChimeConfig()
    store: StoreConfig = StoreConfig()
    page: PageConfig = PageConfig()
    upstream: UpstreamConfig = UpstreamConfig()

    def device_rules(self) -> DeviceRules:
        """Return the numbers as the core's rules."""
        # Here: the splash is shown before the core is loaded.
        from matpi.core.rules import DeviceRules, PresenceRules, ZeroRules

        p = self.presence
        return DeviceRules(
            presence=PresenceRules(
                on_kg=p.on_kg,
                off_ratio=p.off_ratio,
                dwell_s=p.dwell_s,
                away_s=p.away_s,
                object_s=max(p.object_s, PresenceRules().object_s),
                stale_s=p.stale_s,
                sensor_gone_s=p.sensor_gone_s,
                zero=ZeroRules(reach_kg=p.zero_reach_kg),
            ),
            min_session_s=p.min_session_s,
            cap_s=p.cap_min * 60.0,
            counts_per_kg=self.scale.counts_per_kg,
            page_address=self.page.address,
        )

    def unstored_minutes(self, own_plan: str) -> str:
        """Return why a session long enough for a day of the plan may not be stored, "" if each one is."""
        from matpi.core.plan.custom_plan import course_of

        given_s, tiers = self.presence.min_session_s, course_of(own_plan)[0].tiers
        if given_s <= (least_s := 60 * min(tier.lower_min for tier in tiers)):
            return ""
        why = f"min_session_s = {given_s:g} in [presence] is longer than the {least_s} s that are enough on some days"
        return f"{why} of the plan, so such sessions are not stored; give {least_s} or less"


class KeyReference(NamedTuple):
    """One row of the table of keys. `default` is as TOML writes it, "" when the key must be given."""

    key: str
    default: str
    bounds: str
    text: str


def load(path: Path | None = None) -> Config:
    """Return the config in `path`, or the defaults without one. Raises ConfigError."""
    if path is None:
        return Config()
    config = _struct(Config, _parse(path), path, "")
    _check_pins(config, path)
    if fault := config.upstream.fault():
        raise ConfigError(f"{path}: {fault}.")
    return config


def panel_of(path: Path | None) -> PanelConfig:
    """Return the panel to show a config's fault on: its [panel] if valid, else the default."""
    with suppress(ConfigError):
        if path is not None:
            return _struct(PanelConfig, _parse(path).get("panel", {}), path, "panel.")
    return PanelConfig()


def reference() -> list[KeyReference]:
    """Return every key, in the order of the file, for the documentation."""
    return _rows(Config, "")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such config file; check the name given with --config.") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; name the config file in it.") from None
    except PermissionError:
        raise ConfigError(f"{path} may not be read by this user; change its owner or mode.") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path!s} cannot be read ({error}); check the name given with --config.") from error
    if len(raw) > LIMIT_BYTES:
        raise ConfigError(f"{path} is larger than 1 MiB and so no config file; check the name given with --config.")
    return raw


def _parse(path: Path) -> dict[str, Any]:
    raw = _read(path)
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}; correct that place.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} holds a number of thousands of digits or endless brackets; correct that.") from None


def _struct(kind: type[S], given: Any, path: Path, prefix: str) -> S:
    if not isinstance(given, dict):
        where = prefix.removesuffix(".")
        title = f"[[{where.partition('[')[0]}]]" if where.endswith("]") else f"[{where}]"
        raise ConfigError(f"{path}: {where} = {_toml(given)} is not a table; write {title} and its keys below.")
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in given:
        if name not in fields:
            raise ConfigError(_unknown(path, prefix, name, list(fields)))
    for name, field in fields.items():
        if field.required and name not in given:
            raise ConfigError(f"{path}: {prefix}{name} is missing; allowed: {_bounds(field.type)}.")
    return kind(**{name: _value(fields[name], value, path, prefix + name) for name, value in given.items()})


def _value(field: FieldInfo, given: Any, path: Path, key: str) -> Any:
    hint, inner = field.type, _item(field.type)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _struct(hint, given, path, f"{key}.")
    if inner is not None and isinstance(given, list):
        given = tuple(_struct(inner, item, path, f"{key}[{at}].") for at, item in enumerate(given))
    try:
        value = msgspec.convert(given, hint)
    except msgspec.ValidationError:
        value = None
    # A comparison with nan is never true, so nan lies within any bounds.
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        if key.rpartition(".")[2] in _HIDDEN:
            raise ConfigError(f"{path}: {key} is not allowed; give {_bounds(hint)}.")
        shown = f"{len(given)} tables" if isinstance(given, tuple) else _toml(given)
        back = "" if field.required else f", or take the line out to get the default ({_toml(field.default)})"
        raise ConfigError(f"{path}: {key} = {shown} is not allowed; give {_bounds(hint)}{back}.")
    return value


def _unknown(path: Path, prefix: str, name: str, known: list[str]) -> str:
    close = [prefix + key for key in difflib.get_close_matches(name, known, n=1, cutoff=0.6)]
    close += [row.key for row in reference() if row.key.rpartition(".")[2] == name]
    advice = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}."
    return f"{path}: the key {prefix}{_toml(name)[1:-1]} is unknown; {advice}"


def _check_pins(config: Config, path: Path) -> None:
    """Raise ConfigError for a pin with two owners; those of the I2C port are the panel's."""
    uses: list[tuple[int, str]] = []
    if config.panel.driver != "none" and config.panel.port == 1:
        uses += [(2, "the panel's I2C data"), (3, "the panel's I2C clock")]
    if config.scale.driver == "adafruit":
        for at, channel in enumerate(config.scale.channels):
            uses += [(channel.data, f"scale.channels[{at}].data"), (channel.clock, f"scale.channels[{at}].clock")]
    if config.scale.driver == "spi":
        for at, chip in enumerate(config.scale.spi):
            uses += [(pin, f"{wire} of scale.spi[{at}]") for wire, pin in SPI_PINS.get(chip.bus, {}).items()]
    parts: dict[str, ButtonConfig | LampConfig | ChimeConfig]
    parts = {"button": config.button, "lamp": config.lamp, "chime": config.chime}
    uses += [(part.pin, f"{name}.pin") for name, part in parts.items() if part.driver != "none"]
    owner: dict[int, str] = {}
    for pin, key in uses:
        if pin in owner:
            free = ", ".join(str(n) for n in range(4, 28) if n not in {used for used, _ in uses})
            raise ConfigError(f"{path}: {key} = {pin} is already {owner[pin]}; free are {free}.")
        owner[pin] = key


def _item(hint: Any) -> type[Any] | None:
    """Return the struct of a list of tables, None for everything else."""
    kind = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def _bounds(hint: Any) -> str:
    kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if get_origin(kind) is Literal:
        return " or ".join(_toml(choice) for choice in get_args(kind))
    if kind is bool:
        return "true or false"

    def given(*names: str) -> Any:
        return next((value for note in notes for name in names if (value := getattr(note, name)) is not None), None)

    low, high = given("ge", "min_length"), given("le", "max_length")
    if kind is str:
        length = "a text in quotes" if high is None else f"a text of {low or 0} to {high} characters"
        return given("title") or ("an absolute path in quotes" if given("pattern") else length)
    if _item(hint) is not None:
        return f"{low} to {high} tables"
    return f"a {'whole ' if kind is int else ''}number from {low} to {high}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        short = value if len(value) <= 60 else value[:57] + "..."
        return '"' + "".join(c if c.isprintable() else repr(c)[1:-1] for c in short) + '"'
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"[:200]
    if isinstance(value, Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"[:200]
    return str(value)[:60]


def _rows(kind: type[Struct], prefix: str) -> list[KeyReference]:
    rows: list[KeyReference] = []
    for field in msgspec.structs.fields(kind):
        key, hint, inner = prefix + field.name, field.type, _item(field.type)
        if isinstance(hint, type) and issubclass(hint, Struct):
            rows += _rows(hint, f"{key}.")
            continue
        text = next(note.description for note in get_args(hint)[::-1] if isinstance(note, Meta) and note.description)
        rows.append(KeyReference(key, "" if field.required else _toml(field.default), _bounds(hint), text))
        rows += [] if inner is None else _rows(inner, f"{key}[].")
    return rows

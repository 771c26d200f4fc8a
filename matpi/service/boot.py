"""Boot the device from its log, on a real mat and on a simulated one."""

from __future__ import annotations

import uuid

from msgspec.structs import replace

from matpi import __version__
from matpi.config import Config, ScaleConfig
from matpi.core.device import Device
from matpi.core.model import Calibration, Memory
from matpi.paths import stored_zone, zone_doubts
from matpi.store.writer import PatientStore


def boot(
    config: Config, store: PatientStore, memory: Memory, t: float, boot_id: str, page_address: str | None = None
) -> Device:
    """Return the device at monotonic `t`, with `memory` as loaded and the calibration in use.

    `page_address`: of its page; None: as the config says.
    """
    rules = config.device_rules()
    return Device(
        t,
        boot_id=boot_id,
        memory=replace(
            memory,
            doubts=memory.doubts + zone_doubts(memory.settings.zone),
            set_aside=store.damaged_name,
            restored=store.restored,
        ),
        rules=rules if page_address is None else replace(rules, page_address=page_address),
        zone_for=stored_zone,
        new_id=lambda: uuid.uuid4().hex,
        version=__version__,
    )


def calibration_of(found: Calibration | None, scale: ScaleConfig) -> tuple[Calibration, str]:
    """Return the calibration to use, `found` if it fits, and what is wrong with it ("" for nothing)."""
    channels = scale.channel_count
    if found is not None and len(found.counts_per_kg) == channels:
        return found, ""
    nominal = Calibration((0,) * channels, (scale.counts_per_kg,) * channels, approximate=True)
    if found is None:
        return nominal, ""
    return nominal, (
        f"The calibration is for {len(found.counts_per_kg)} load cell chips and {channels} are configured, "
        f"so weights are approximate; run matpi calibrate."
    )

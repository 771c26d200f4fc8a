"""The config's numbers as the core's rules."""

from __future__ import annotations

from matpi.config import Config
from matpi.core.plan.custom_plan import course_of
from matpi.core.presence.zero import ZeroRules
from matpi.core.rules import DeviceRules, PresenceRules


def device_rules(config: Config) -> DeviceRules:
    """The config's numbers as the core's rules."""
    p = config.presence
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
        counts_per_kg=config.scale.counts_per_kg,
    )


def unstored_minutes(config: Config, own_plan: str) -> str:
    """What is wrong when a session can be long enough for a day of the plan and is not stored; "" when none can."""
    least_s = min(tier.lower_min for tier in course_of(own_plan)[0].tiers) * 60
    if config.presence.min_session_s <= least_s:
        return ""
    return (
        f"min_session_s = {config.presence.min_session_s:g} in [presence] is longer than the {least_s} s that are "
        f"enough on some days of the plan, so such sessions are not stored; give {least_s} or less"
    )

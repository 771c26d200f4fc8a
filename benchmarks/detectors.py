"""The detectors compared: matpi and its peers, each a function from a recording to what it reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.peers import Peer, heard_by, seen_by_peers
from benchmarks.peers.bed_presence_sensor import BedPresenceSensor
from benchmarks.peers.cat_scale import CatScale
from benchmarks.peers.elevated_sensors import ElevatedSensors, ElevatedSensorsShared
from benchmarks.peers.meowton import Meowton
from benchmarks.peers.plain_rule import PlainRule
from benchmarks.peers.sleepypod import Sleepypod
from benchmarks.peers.smart_scale import SmartScale
from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import Heard, joined
from benchmarks.under_test import VARIANTS, heard_by_matpi

MATPI = "matpi"
PLAIN = PlainRule.name
PEERS: tuple[type[Peer], ...] = (
    PlainRule,
    Sleepypod,
    CatScale,
    ElevatedSensors,
    ElevatedSensorsShared,
    Meowton,
    BedPresenceSensor,
    SmartScale,
)
COMPARED: tuple[str, ...] = (MATPI, *(peer.name for peer in PEERS))
WITHOUT: tuple[str, ...] = tuple(variant.without for variant in VARIANTS if variant.without)

_PEERS = {peer.name: peer for peer in PEERS}
_VARIANTS = {variant.without: variant for variant in VARIANTS}


def heard(name: str, recording: Recording) -> Heard:
    """`name`: one of COMPARED, or one of WITHOUT for matpi without that part. KeyError for another."""
    if name == MATPI:
        return heard_by_matpi(recording)
    peer = _PEERS.get(name)
    return heard_by_matpi(recording, _VARIANTS[name]) if peer is None else heard_by(peer, seen_by_peers(recording))


def heard_by_all(recording: Recording, *, peers_only: bool = False) -> Iterator[tuple[str, Heard]]:
    """Every one of COMPARED, or the peers only."""
    if not peers_only:
        yield MATPI, heard_by_matpi(recording)
    seen = seen_by_peers(recording)
    for peer in PEERS:
        yield peer.name, heard_by(peer, seen)


def logged(name: str, report: Heard) -> Heard:
    """A peer's sessions as a log like matpi's would store them; matpi's are left as they are."""
    return replace(report, sessions=joined(report.sessions)) if name in _PEERS else report

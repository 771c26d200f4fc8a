"""What the tables of all sinks share: the name, and which addresses are private."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated, Final

from msgspec import Meta

SinkName = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9_-]{1,24}$",
        title="up to 24 of a-z, 0-9, _ and -",
        description="What it is called here; with another name it is another receiver.",
    ),
]
_OWN: Final = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip


def is_private(address: str) -> bool:
    """Return whether an address is loopback, RFC 1918, link-local or unique local (RFC 4193).

    Raises ValueError for a name.
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in _OWN if network.version == found.version)

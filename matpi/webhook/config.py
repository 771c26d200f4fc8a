"""Define the table of a webhook in matpi.toml."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from msgspec import Meta, Struct

from matpi.upstream.fields import SinkName, is_private


class WebhookConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver of Standard Webhooks. Certificates are always verified, redirects never followed."""

    url: Annotated[
        str,
        Meta(pattern=r"^https?://[\x21\x23-\x7e]{1,1000}$", title="an address such as https://house.example/matpi"),
        Meta(description="Where each record is sent, as it is: a path in it may be a secret and is shown nowhere."),
    ]
    secret: Annotated[
        str,
        Meta(
            pattern=r"^(/[^\x00-\x1f]+|[A-Za-z0-9_][A-Za-z0-9_.-]*)$",
            title="a credential's name or a file's full path",
            description="Where the signing secrets lie, one a line, newest first.",
        ),
    ]
    name: SinkName = "webhook"
    ca_file: Annotated[
        str,
        Meta(pattern=r"^(/[^\x00-\x1f]+)?$", title="an absolute path in quotes"),
        Meta(description="Certificates to trust instead of the system's (PEM); empty: the system's."),
    ] = ""
    timeout_s: Annotated[float, Meta(ge=5, le=30, description="How long an answer is waited for, in s.")] = 20.0
    allow_insecure: Annotated[
        bool,
        Meta(description="true: http:// is allowed too, to an address of the own network. Anybody there can read it."),
    ] = False

    @property
    def address(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def where(self) -> str:
        """Return the receiver, without what may be a secret."""
        parts = self.address
        return f"{parts.scheme}://{parts.netloc}"

    def fault(self) -> str:
        """Return what is wrong with the table and what to do, as the end of a sentence; "" for nothing."""
        if self.secret.startswith("whsec_"):
            return "secret holds the secret itself; write it into a file that only matpi may read, and name that file"
        try:
            parts = self.address
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "the address in url cannot be read; check its host and port"
        if not host or port == 0:
            return "the address in url has no host or no port that can be; check it"
        if parts.username is not None or parts.password is not None:
            return "url holds a password, which would stand in this file; take it out, the signature proves who sends"
        if parts.fragment:
            return "url ends in a #part, which is never sent; take it out"
        if parts.scheme == "http":
            if not self.allow_insecure:
                return "url is not encrypted; write https://, or allow_insecure = true for a receiver at home"
            with suppress(ValueError):  # a name: checked when it is resolved
                if not is_private(host):
                    return "url is not encrypted and leaves the own network; write https://"
        return ""

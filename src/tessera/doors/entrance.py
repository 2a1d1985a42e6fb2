"""How people come in here: from which site, who needs one factor, who vouches for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tessera.access.signing.core.words import Kind
from tessera.access.signing.flows import Site
from tessera.access.signing.wire import Provider
from tessera.base.problem import PostgresProblem

# Where a provider sends people, each kind to its own pages; to be registered there.
BACK: Mapping[Kind, str] = {"staff": "/console/sign-in/back", "member": "/m/sign-in/back"}


HERE = "http://localhost:%d"  # where nobody signs in from outside: the port that is served
_HERE = Site(HERE % 8321, "localhost")


@dataclass(frozen=True, slots=True)
class Entrance:
    """How people come in.

    site        as browsers see it; passkeys belong to its host
    one_factor  roles of staff that a password alone lets in
    providers   identity providers, of staff and of members
    """

    site: Site = _HERE
    one_factor: frozenset[str] = frozenset()
    providers: Mapping[Kind, Provider] = field(default_factory=dict)


def entrance(public_url: str, one_factor: str, providers: Mapping[Kind, str]) -> Entrance:
    """From the settings.

    public_url  https://shop.example, without a path
    one_factor  names of roles with commas between
    providers   {kind: address with client and secret}, "" for none
    errors      PostgresProblem setting_invalid
    """
    site = _site(public_url)
    known: dict[Kind, Provider] = {
        kind: Provider(url, site.origin + BACK[kind], f"TESSERA_OIDC_{kind.upper()}_URL")
        for kind, url in providers.items()
        if url
    }
    roles = frozenset(word.strip() for word in one_factor.split(",") if word.strip())
    return Entrance(site, roles, known)


def _site(url: str) -> Site:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fine = parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    except ValueError:
        host, fine = "", False
    if not (fine and host and parts.scheme in ("http", "https")):
        raise PostgresProblem(
            "setting_invalid", "TESSERA_PUBLIC_URL", "this is no address of a site",
            "write it as https://shop.example",
        )  # fmt: skip
    return Site(f"{parts.scheme}://{parts.netloc.lower()}", host)

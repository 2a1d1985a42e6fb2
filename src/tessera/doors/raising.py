"""How a house is raised on its ground: what it is built of, by the settings."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec

from tessera.access.codes.wire import ways
from tessera.access.signing.core.words import Kind
from tessera.base import postgres
from tessera.doors import erasures, setup, uploads
from tessera.doors.crew import Crew
from tessera.doors.entrance import HERE, Entrance, entrance
from tessera.doors.ground import Ground, Settings, settle
from tessera.doors.house import House, Plan
from tessera.doors.reading import reader_of


def house(ground: Ground, *, runs: bool) -> House:
    """A house on this ground, still closed.

    runs  it posts what time has done to points, as long as it stands
    """
    settings = ground.settings
    place = settings.data_dir

    def room() -> int:
        """Bytes free on the disk of the embedded server."""
        return shutil.disk_usage(place).free

    async def revive() -> None:
        """Start the embedded server again after it was killed."""
        await asyncio.to_thread(postgres.ensure, place)

    ours = settings.database_url is None
    settle(settings)
    sending = ways(settings.smtp_url, settings.sms_url, settings.mail_from, place / "outbox")
    return House(
        Plan(
            ground.dsn, settings.currency, reader_of(settings), revive if ours else None,
            settings.lanes, room if ours else None, place / "incidents", runs,
            sending, settings.strangers_per_s, entrance_of(settings),
            place / erasures.NAME, settings.seals_dir if runs else None,
            crew_of(settings) if runs and settings.worker else None,
            place / uploads.NAME, place / setup.NAME,
        )
    )  # fmt: skip


def entrance_of(settings: Settings) -> Entrance:
    """How people come in. Errors: PostgresProblem setting_invalid."""
    providers: dict[Kind, str] = {
        "staff": settings.oidc_staff_url, "member": settings.oidc_members_url,
    }  # fmt: skip
    return entrance(settings.public_url or HERE % settings.port, settings.one_factor, providers)


def crew_of(settings: Settings) -> Crew:
    """A worker over the same settings; they go to it by its standard input."""
    told = msgspec.json.encode(settings, enc_hook=str)
    return Crew(told, settings.data_dir / uploads.NAME)


def settings_from(told: bytes) -> Settings:
    """The settings that `crew_of` tells."""

    def path(kind: type, word: object) -> object:
        assert kind is Path, "all else is JSON"
        return Path(str(word))

    return msgspec.json.decode(told, type=Settings, dec_hook=path)

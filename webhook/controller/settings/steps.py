"""A change of settings in three steps, so that no replica refuses what another one filled in.

1. Every replica fills in by the settings before, and accepts the new ones.
2. Every replica fills in by the new settings, and accepts those before.
3. Every replica knows the new settings alone.

The next step begins when every replica has reported this one. So two replicas are never more than
one step apart, and each accepts what the other one fills in by. Settings may change again amid the
steps: what was to come and was never in force is dropped, what was in force is kept for a while.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace

from webhook.controller.settings.effective import EffectiveSettings
from webhook.settings import (
    ACCEPTED_FILE,
    FILE,
    NAMESPACES_FILE,
    SettingsError,
    Stage,
    WrittenSettings,
    parse_stage,
)

STEPS = 3
# An object is filled in and checked within a second or two; these are at least two changes old.
MOST_BEFORE = 2
# A ConfigMap ends at a MiB. All files are ASCII.
LARGEST_FILES = 1000 * 1024
# Of it, what the differences of overlays between two steps can take.
ROOM_FOR_STEPS = 100 * 1024


def read_stage(files: Mapping[str, str]) -> Stage | None:
    """The step that a ConfigMap says; None where no replica could use it.

    What it holds as binary is in base64.
    """
    try:
        namespaces = base64.b64decode(files.get(NAMESPACES_FILE, ""), validate=True)
        return parse_stage(files.get(FILE, ""), files.get(ACCEPTED_FILE, ""), namespaces)
    except (SettingsError, binascii.Error):
        return None


def following_stage(stage: Stage, wanted: WrittenSettings, *, reached: bool, over: bool) -> Stage:
    """What comes after this step on the way to the wanted settings; the same while it is to stay.

    `reached` says that every replica has reported the step, `over` that what was filled in before
    is checked by now.
    """
    if wanted == stage.current:
        if stage.upcoming is not None:
            return replace(stage, upcoming=None)
        return Stage(wanted) if over else stage
    if wanted == stage.upcoming or wanted in stage.before:
        if not reached:
            return stage
        older = [each for each in stage.before if each != wanted]
        return Stage(wanted, before=(stage.current, *older)[:MOST_BEFORE])
    return replace(stage, upcoming=wanted)


def room_for_overlays(effective: EffectiveSettings, locked: int) -> int:
    """How large the overlays can be, so that a step of a change has room, too.

    `locked` is how long the file of what is locked is.
    """
    others = len(effective.source) + locked + 2 * len(effective.text)
    return max(0, LARGEST_FILES - ROOM_FOR_STEPS - others)


def fitting_stage(stage: Stage, effective: EffectiveSettings, locked: int = 0) -> Stage:
    """The step with as many settings as a ConfigMap holds; the wanted ones alone at worst."""
    fewer = [stage, replace(stage, before=stage.before[:1])]
    if stage.upcoming is not None:
        fewer.append(replace(stage, before=()))
    room = LARGEST_FILES - len(effective.source) - locked
    fit = (each for each in fewer if each.size <= room and each.is_readable)
    return next(fit, Stage(effective.written))


def step_number(stage: Stage, wanted: WrittenSettings) -> int:
    """Which of the three steps towards the wanted settings this is."""
    if stage.current != wanted:
        return 1
    return STEPS - 1 if stage.accepted else STEPS

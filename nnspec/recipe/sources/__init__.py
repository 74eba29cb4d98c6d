"""Where data comes from. A source declares its fields without loading the data where its format allows."""

from __future__ import annotations

from nnspec.recipe.definition import by_name
from nnspec.recipe.sources import digits, fake, folders, hub, tables, text, vision

ALL = by_name([*digits.OWN, *vision.OWN, *folders.OWN, *tables.OWN, *text.OWN, *hub.OWN, *fake.OWN])

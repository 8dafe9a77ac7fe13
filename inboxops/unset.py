"""Not given at all, as opposed to None: what an action's changes leave as it is."""

from enum import Enum
from typing import Final, Literal


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
UnsetType = Literal[_Unset.UNSET]

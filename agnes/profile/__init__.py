"""What is in a table: how many rows, and of each column how full, how various, how distributed.

    profiles = Profiles(Path("data/profiles"))
    profiles.refresh(Subject("orders", [Path("data/parquet/orders.parquet")]))
    profiles.read("orders")

Of a column that is marked as personal data nothing is shown but how many values it has.
"""

from agnes.profile.store import Profiles, profile_changed_tables
from agnes.profile.subject import Subject, personal
from agnes.profile.table import profile_table
from agnes.profile.types import classify_type

__all__ = [
    "Profiles",
    "Subject",
    "classify_type",
    "personal",
    "profile_changed_tables",
    "profile_table",
]

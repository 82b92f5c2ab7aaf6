"""The customers of the demo company and what they subscribe to: every other table follows them."""

from __future__ import annotations

import calendar
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = TypeVar("Key")
PLANS = ("starter", "team", "business", "enterprise")
SEAT_PRICE = {"starter": 16.0, "team": 26.0, "business": 39.0, "enterprise": 58.0}  # USD a month
ANNUAL_DISCOUNT = 0.15
TRIAL_DAYS = 14
OPENING_CUSTOMERS = 240
FIRST_WINS = 15.0  # customers won in the first month, before the season
WINS_GROWTH = 1.024  # from month to month
WINS_BY_CALENDAR_MONTH = (0.95, 1.0, 1.15, 1.0, 1.0, 1.1, 0.85, 0.8, 1.1, 1.1, 1.15, 0.85)
REGIONS = {"north_america": 46, "europe": 33, "asia_pacific": 12, "latin_america": 7, None: 2}
INDUSTRIES = {"software": 30, "retail": 22, "manufacturing": 16, "healthcare": 14, None: 4}
CHANNELS = {
    "organic": 30,
    "paid_search": 22,
    "referral": 18,
    "outbound": 15,
    "partner": 12,
    None: 3,
}
NAME_STARTS = (
    "Alder Amber Anchor Aspen Atlas Basalt Beacon Birch Bright Cedar Cobalt Copper Coral Crescent "
    "Delta Ember Fern Flint Garnet Granite Harbor Hazel Indigo Ivory Juniper Lark Linden Maple "
    "Meadow Nimbus North Onyx Opal Orchard Pine Quartz River Sable Summit Willow"
)
NAME_ENDS = (
    "Analytics Bakery Clinic Collective Dental Design Dynamics Energy Farms Foods Forge Freight "
    "Gear Health Hotels Imports Labs Learning Legal Logistics Media Mills Mobility Motors Networks "
    "Optics Outfitters Partners Press Robotics Schools Studio Supply Systems Textiles Travel Works"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """How customers of one size behave. Shares and probabilities are between 0 and 1."""

    name: str
    weight: int
    seats: tuple[int, int]
    plans: tuple[str, str]
    annual_share: float
    monthly_churn: float  # a month, on monthly terms
    renewal_churn: float  # a renewal, on annual terms
    trial_share: float


SEGMENTS = (
    Segment("smb", 66, (2, 16), ("starter", "team"), 0.25, 0.030, 0.20, 0.75),
    Segment("mid_market", 29, (14, 60), ("team", "business"), 0.60, 0.016, 0.12, 0.20),
    Segment("enterprise", 5, (70, 170), ("business", "enterprise"), 0.95, 0.010, 0.06, 0.0),
)


@dataclass(frozen=True, slots=True)
class Phase:
    """One row of `subscriptions`: unchanged terms, in force from `start` until before `end`."""

    plan: str
    contract_term: str
    seats: int
    is_trial: bool
    start: date
    start_reason: str
    end: date | None = None
    end_reason: str | None = None

    @property
    def mrr(self) -> float:
        """The price in USD a month."""
        discount = ANNUAL_DISCOUNT if self.contract_term == "annual" else 0.0
        return (
            0.0 if self.is_trial else round(self.seats * SEAT_PRICE[self.plan] * (1 - discount), 2)
        )


@dataclass(frozen=True, slots=True)
class Account:
    """One company: a customer, a former one, or one that only tried the product."""

    id: str
    name: str
    segment: Segment
    region: str | None
    industry: str | None
    channel: str | None
    created: date
    phases: tuple[Phase, ...]

    @property
    def domain(self) -> str:
        """The domain of its e-mail addresses, under a reserved name that nobody owns."""
        return self.name.lower().replace(" ", "-") + ".example"

    def paid_phase(self, day: date) -> Phase | None:
        """The paid phase in force on `day`, at most one."""
        for phase in self.phases:
            if phase.start <= day and (phase.end is None or day < phase.end):
                return None if phase.is_trial else phase
        return None


@dataclass(frozen=True, slots=True)
class Company:
    """All accounts, and the first and last day of the data."""

    accounts: tuple[Account, ...]
    start: date
    end: date

    @property
    def months(self) -> list[date]:
        """The first day of each month that the data touch."""
        return months_between(self.start, self.end)


def months_between(first: date, last: date) -> list[date]:
    """The first day of each month from the month of `first` to the month of `last`."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def day_of(rng: random.Random, month: date) -> date:
    """Any day of the month that begins on `month`."""
    return month + timedelta(rng.randrange(month_end(month).day))


def pick(rng: random.Random, weights: dict[Key, int]) -> Key:
    """One of the keys, as likely as its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def found_company(seed: int, start: date, end: date) -> Company:
    """Simulate the customers of the demo company.

    Arguments: a seed; the first and the last day of the data. Returns the company; the same
    arguments give the same company. Raises ValueError if `end` is before `start`.
    """
    if end < start:
        raise ValueError(f"the last day {end} is before the first day {start}")
    rng = random.Random(f"{seed}/accounts")  # noqa: S311 (invented data, no secrets)
    names = _names(rng)
    company = Company((), start, end)
    accounts = [
        _account(rng, company, f"A{number:05d}", next(names), arrival)
        for number, arrival in enumerate(_arrivals(rng, company), start=1)
    ]
    return replace(company, accounts=tuple(accounts))


def _names(rng: random.Random) -> Iterator[str]:
    """Yield invented company names without end, each one once."""
    names = [f"{first} {last}" for first in NAME_STARTS.split() for last in NAME_ENDS.split()]
    rng.shuffle(names)
    yield from names
    for lap in range(2, 1_000_000):
        yield from (f"{name} {lap}" for name in names)


def _arrivals(rng: random.Random, company: Company) -> Iterator[tuple[date, str]]:
    """Yield day and reason of each account's first subscription: migration, new or trial.

    The customers of before the first day were moved to the billing system on that day. Trials are
    those that nobody buys.
    """
    yield from [(company.start, "migration")] * OPENING_CUSTOMERS
    for age, month in enumerate(company.months):
        season = WINS_BY_CALENDAR_MONTH[month.month - 1]
        won = round(FIRST_WINS * WINS_GROWTH**age * season * rng.uniform(0.9, 1.1))
        reasons = ["new"] * won + ["trial"] * round(won * rng.uniform(0.55, 0.75))
        arrivals = sorted((day_of(rng, month), reason) for reason in reasons)
        yield from (one for one in arrivals if company.start <= one[0] <= company.end)


def _account(
    rng: random.Random, company: Company, account_id: str, name: str, arrival: tuple[date, str]
) -> Account:
    """Draw one account with all its phases."""
    first, reason = arrival
    segments = SEGMENTS[:2] if reason == "trial" else SEGMENTS
    segment = rng.choices(segments, [segment.weight for segment in segments])[0]
    created = first
    phases: list[Phase] = []
    if reason == "migration":
        created -= timedelta(rng.randint(30, 1100))
    elif reason == "trial":
        phases.append(_trial(first, "trial_ended"))
    elif rng.random() < segment.trial_share and (first - company.start).days >= TRIAL_DAYS:
        created -= timedelta(TRIAL_DAYS)
        phases.append(_trial(created, "converted"))
    if reason != "trial":
        phases += _paid_phases(rng, segment, first, reason, company.end)
    return Account(
        id=account_id,
        name=name,
        segment=segment,
        region=pick(rng, REGIONS),
        industry=pick(rng, INDUSTRIES),
        channel=pick(rng, CHANNELS),
        created=created,
        phases=tuple(_as_known_on(company.end, phase) for phase in phases),
    )


def _trial(first: date, end_reason: str) -> Phase:
    last = first + timedelta(TRIAL_DAYS)
    return Phase("starter", "monthly", 3, True, first, "trial", last, end_reason)


def _as_known_on(day: date, phase: Phase) -> Phase:
    """The phase without its end if that lies after `day`."""
    return replace(phase, end=None, end_reason=None) if phase.end and phase.end > day else phase


def _paid_phases(
    rng: random.Random, segment: Segment, first: date, reason: str, end: date
) -> list[Phase]:
    """Live one customer's months from `first` on: growth, shrinking, leaving, coming back."""
    phase = Phase(
        plan=segment.plans[rng.random() < 0.4],
        contract_term="annual" if rng.random() < segment.annual_share else "monthly",
        seats=rng.randint(*segment.seats),
        is_trial=False,
        start=first,
        start_reason=reason,
    )
    renewal = rng.randrange(12) if reason == "migration" else 0  # months into the running year
    phases: list[Phase] = []
    for age, month in enumerate(months_between(first, end)[1:], start=1):
        day = day_of(rng, month)
        if day > end:
            break
        if rng.random() < _churn(segment, phase, month, is_renewal=age % 12 == renewal):
            end_reason = "non_payment" if rng.random() < 0.2 else "canceled"
            phases.append(replace(phase, end=day, end_reason=end_reason))
            back = day + timedelta(rng.randint(45, 150))
            if rng.random() < 0.08 and back <= end:
                phases += _paid_phases(rng, segment, back, "win_back", end)
            return phases
        changed = _change(rng, phase, day)
        if changed is not None:
            phases.append(replace(phase, end=day, end_reason="changed"))
            phase = changed
    return [*phases, phase]


def _churn(segment: Segment, phase: Phase, month: date, *, is_renewal: bool) -> float:
    """The probability that the customer leaves in `month`; budgets are cut in January."""
    season = 1.25 if month.month == 1 else 1.0
    if phase.contract_term == "annual":
        return segment.renewal_churn * season if is_renewal else 0.0
    return segment.monthly_churn * season


def _change(rng: random.Random, phase: Phase, day: date) -> Phase | None:
    """The customer's next phase, from `day` on, or None when nothing changes (most months)."""
    roll = rng.random()
    if roll < 0.007 and phase.plan != PLANS[-1]:
        plan = PLANS[PLANS.index(phase.plan) + 1]
        return replace(phase, plan=plan, start=day, start_reason="upgrade")
    if roll < 0.060:
        seats = phase.seats + max(1, round(phase.seats * rng.uniform(0.06, 0.28)))
        return replace(phase, seats=seats, start=day, start_reason="upgrade")
    if roll < 0.075 and phase.seats > 2:
        seats = phase.seats - max(1, round(phase.seats * rng.uniform(0.06, 0.25)))
        return replace(phase, seats=seats, start=day, start_reason="downgrade")
    return None

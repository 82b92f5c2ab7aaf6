"""Rows about what people do with the product: users, events, usage, support tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from agnes.demo.company import PLANS, month_end, months_between, pick

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from agnes.demo.company import Account, Company
    from agnes.demo.schema import Row

ROLES = {"admin": 12, "member": 63, "viewer": 25}
ACTIVE_SHARE = {"admin": 0.85, "member": 0.70, "viewer": 0.45}  # of the users, in a month
ACTIVE_BY_CALENDAR_MONTH = (1.0, 1.0, 1.02, 1.0, 1.0, 0.98, 0.92, 0.9, 1.02, 1.03, 1.02, 0.88)
NEW_FEATURE = "ai_assistant"  # launched halfway through the data
TAKE_UP = {  # share of the users who ever take a feature up
    "dashboards": 0.42,
    "reports": 0.30,
    "automations": 0.18,
    "integrations": 0.12,
    NEW_FEATURE: 0.32,
}
CORE_EVENTS = ("signed_in", "page_viewed", "record_edited")
LIMITS: dict[str, tuple[float | None, ...]] = {  # in the order of PLANS; None: no limit
    "api_calls": (20_000.0, 100_000.0, 500_000.0, None),
    "automation_runs": (500.0, 3_000.0, 15_000.0, 60_000.0),
    "storage_gb": (25.0, 100.0, 500.0, 2_000.0),
}
USED_WITHOUT_LIMIT = 1_500_000.0
PRIORITIES = {"low": 30, "normal": 50, "high": 16, "urgent": 4}
HOURS_TO_RESOLVE = {"low": 30.0, "normal": 16.0, "high": 7.0, "urgent": 2.5}  # the median
TICKET_CHANNELS = {"email": 55, "chat": 35, "phone": 10}
TOPICS = {"how_to": 30, "bug": 25, "access": 18, "billing": 15, "integration": 12, None: 8}
FIRST_NAMES = (
    "Ada Amir Ana Ben Carla Chen David Elif Emma Farid Grace Hana Hugo Ines Ivan Jana Kofi Lars "
    "Leila Liam Maria Mateo Mia Nadia Noah Olga Omar Petra Ravi Rosa Sam Sara Tomas Uma Vera Yuki"
)
LAST_NAMES = (
    "Adams Ahmed Almeida Bauer Brown Castro Clark Costa Dvorak Evans Fischer Garcia Haddad Ito "
    "Jensen Kim Kovac Larsen Lopez Martin Mensah Meyer Novak Okoye Patel Reyes Rossi Sato Silva "
    "Singh Smith Svoboda Tanaka Wagner Wang Young"
)
EMPLOYEES = 12


@dataclass(frozen=True, slots=True)
class User:
    """One person with a login; employees of the demo company itself have no account."""

    id: str
    account: Account | None
    name: str
    role: str
    created: datetime
    deactivated: datetime | None


def sign_up_users(rng: random.Random, company: Company) -> list[User]:
    """Return all users: an account has fewer of them than it has seats."""
    firsts, lasts = FIRST_NAMES.split(), LAST_NAMES.split()
    logins: list[tuple[Account | None, date, date | None]] = [(None, company.start, None)]
    logins *= EMPLOYEES
    for account in company.accounts:
        logins += _logins(rng, company, account)
    return [
        User(
            id=f"U{number:05d}",
            account=account,
            name=f"{rng.choice(firsts)} {rng.choice(lasts)}",
            role=pick(rng, ROLES),
            created=_moment(rng, created),
            deactivated=datetime.combine(last, time(23)) if last else None,
        )
        for number, (account, created, last) in enumerate(logins, start=1)
    ]


def _logins(
    rng: random.Random, company: Company, account: Account
) -> Iterator[tuple[Account, date, date | None]]:
    """Yield the account and the first and last day of each login; None: still open."""
    seats = max(phase.seats for phase in account.phases)
    account_end = account.phases[-1].end
    lifetime = ((account_end or company.end) - account.created).days
    for number in range(max(1, min(45, round(seats * rng.uniform(0.2, 0.4))))):
        wait = 0
        if number > 0 and lifetime > 0:  # most people come at once, the others over time
            wait = rng.randrange(min(20, lifetime) if rng.random() < 0.6 else lifetime)
        created = account.created + timedelta(wait)
        last = account_end
        if number > 0 and rng.random() < 0.12:  # and some leave
            last = created + timedelta(rng.randint(0, lifetime - wait))
        yield account, created, last


def user_rows(users: list[User]) -> Iterator[Row]:
    """Yield the rows of `users`."""
    for user in users:
        account_id = user.account.id if user.account else None
        domain = user.account.domain if user.account else "agnes-demo.example"
        email = f"{user.name.lower().replace(' ', '.')}.{int(user.id[1:])}@{domain}"
        head = (user.id, account_id, user.name, email, user.role)
        yield *head, user.account is None, user.created, user.deactivated


def event_rows(rng: random.Random, company: Company, users: list[User]) -> Iterator[Row]:
    """Yield the rows of `events` by time."""
    rows = [row for user in users for row in _events_of(rng, company, user)]
    rows.sort(key=itemgetter(-1))
    return ((number, *row) for number, row in enumerate(rows, start=1))


def _events_of(rng: random.Random, company: Company, user: User) -> Iterator[Row]:
    """Yield what one user does."""
    account_id = user.account.id if user.account else None
    device = "mobile" if rng.random() < 0.2 else "web"
    features = _features(rng, company, user)
    for first, last in _stays(company, user):
        days = (last - first).days + 1
        share = ACTIVE_SHARE[user.role] * ACTIVE_BY_CALENDAR_MONTH[first.month - 1]
        if rng.random() > share * min(1.0, days / 15):
            continue
        for _ in range(1 + int(rng.expovariate(0.3) * days / 30)):
            day = first + timedelta(rng.randrange(days))
            if day.weekday() >= 5 and rng.random() < 0.75:  # few work on weekends
                day = max(first, day - timedelta(2))
            feature = None
            if features and rng.random() < 0.5:
                name, since = rng.choice(features)
                feature = name if since <= day else None
            event = "feature_used" if feature else rng.choice(CORE_EVENTS)
            is_automated = rng.random() < 0.04
            platform = device if rng.random() < 0.9 else "web"
            platform = "api" if is_automated else platform
            moment = _moment(rng, day)
            yield user.id, account_id, event, feature, platform, is_automated, moment


def _features(rng: random.Random, company: Company, user: User) -> list[tuple[str, date]]:
    """The features that the user takes up, each with its first day."""
    joined = user.created.date()
    launch = company.start + (company.end - company.start) / 2
    return [
        (feature, start + timedelta(int(rng.expovariate(1 / 45))))
        for feature, share in TAKE_UP.items()
        for start in [max(joined, launch) if feature == NEW_FEATURE else joined]
        if rng.random() < share
    ]


def _stays(company: Company, user: User) -> Iterator[tuple[date, date]]:
    """Yield first and last day of each stretch, within one month, in which the user may act.

    It begins the day after the login was created and ends the day before it, or the phase, ends.
    """
    phases = user.account.phases if user.account else ()
    spans = [(phase.start, phase.end) for phase in phases] or [(company.start, None)]
    for start, end in spans:
        first = max(start, user.created.date() + timedelta(1), company.start)
        ends = [end, user.deactivated.date() if user.deactivated else None]
        last = min([company.end, *(day - timedelta(1) for day in ends if day)])
        for month in months_between(first, last) if first <= last else ():
            yield max(first, month), min(last, month_end(month))


def plan_limit_rows() -> Iterator[Row]:
    """Yield the rows of `plan_limits`."""
    for resource, limits in LIMITS.items():
        for plan, limit in zip(PLANS, limits, strict=True):
            yield f"{plan}:{resource}", plan, resource, limit


def account_usage_rows(rng: random.Random, company: Company) -> Iterator[Row]:
    """Yield the rows of `account_usage`: customers slowly use more of what their plan includes."""
    number = 0
    for account in company.accounts:
        appetite = {resource: rng.betavariate(2.2, 2.6) for resource in LIMITS}
        for age, month in enumerate(company.months):
            phase = account.paid_phase(min(month_end(month), company.end))
            if phase is None:
                continue
            for resource, limits in LIMITS.items():
                limit = limits[PLANS.index(phase.plan)] or USED_WITHOUT_LIMIT
                level = appetite[resource] * (0.9 + 0.012 * age) * rng.uniform(0.85, 1.15)
                used = round(limit * min(level, 1.3), 1)
                number += 1
                yield number, account.id, month, phase.plan, resource, used


def ticket_rows(rng: random.Random, company: Company, users: list[User]) -> Iterator[Row]:
    """Yield the rows of `tickets` by time of creation."""
    rows = [
        _ticket(rng, company, user, first + timedelta(rng.randrange((last - first).days + 1)))
        for user in users
        if user.account is not None
        for first, last in _stays(company, user)
        if rng.random() < 0.08 * ((last - first).days + 1) / 30
    ]
    rows.sort(key=itemgetter(6))
    return ((f"T{number:05d}", *row) for number, row in enumerate(rows, start=1))


def _ticket(rng: random.Random, company: Company, user: User, day: date) -> Row:
    """Draw one ticket; support gets faster over the years, and is slower in December."""
    priority = pick(rng, PRIORITIES)
    pace = (1.15 - 0.0003 * (day - company.start).days) * (1.2 if day.month == 12 else 1.0)
    hours = HOURS_TO_RESOLVE[priority] * pace * rng.lognormvariate(0, 0.75)
    created = _moment(rng, day)
    answered = created + timedelta(seconds=round(3600 * hours * rng.uniform(0.05, 0.4)))
    resolved = created + timedelta(seconds=round(3600 * hours))
    now = datetime.combine(company.end, time.max)
    status = "merged" if rng.random() < 0.04 else "resolved"
    if resolved > now or rng.random() < 0.01:
        status = "open"
    score = rng.choices((1, 2, 3, 4, 5), (4, 5, 11, 32, 48))[0]
    is_rated = status == "resolved" and rng.random() < 0.35
    account_id = user.account.id if user.account else None
    user_id = user.id if rng.random() < 0.97 else None
    channel, topic = pick(rng, TICKET_CHANNELS), pick(rng, TOPICS)
    return (
        *(account_id, user_id, priority, channel, topic, status, created),
        answered if answered <= now else None,
        resolved if status != "open" else None,
        score if is_rated else None,
    )


def _moment(rng: random.Random, day: date) -> datetime:
    """A moment of `day`, UTC, most likely around noon."""
    return datetime.combine(day, time.min) + timedelta(
        seconds=int(rng.triangular(6, 22, 13) * 3600)
    )

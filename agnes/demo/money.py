"""Rows about money: accounts, subscriptions, orders, opportunities, infrastructure costs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from agnes.demo.company import CHANNELS, REGIONS, day_of, month_end, months_between, pick

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from agnes.demo.company import Account, Company
    from agnes.demo.schema import Row

TAX_RATE = {"north_america": 0.07, "europe": 0.21, "asia_pacific": 0.10, "latin_america": 0.16}
SERVICES_BY_CALENDAR_MONTH = (0.8, 0.9, 1.0, 1.0, 1.0, 0.95, 0.75, 0.7, 1.1, 1.2, 1.3, 1.1)
REPS = ("amelia.hart", "jonas.weber", "lucia.moreno", "priya.nair", "tom.okafor")
STAGES = (("qualification", 0.10), ("discovery", 0.25), ("proposal", 0.50), ("contract", 0.80))
WIN_SHARE = 0.25
DEALS_GROWTH = 1.022  # from month to month
DAILY_COST = {  # USD at the start, and the team that owns the service
    ("compute", "platform"): 480.0,
    ("database", "platform"): 290.0,
    ("storage", "data"): 110.0,
    ("network", "platform"): 85.0,
    ("observability", None): 65.0,
}
ENVIRONMENT_SHARE = {"production": 0.72, "staging": 0.16, "development": 0.12}


def account_rows(company: Company) -> Iterator[Row]:
    """Yield the rows of `accounts`."""
    for one in company.accounts:
        email = f"billing@{one.domain}"
        segment = one.segment.name
        yield one.id, one.name, segment, one.industry, one.region, one.channel, email, one.created


def subscription_rows(company: Company) -> Iterator[Row]:
    """Yield the rows of `subscriptions`, one per phase."""
    for account in company.accounts:
        for number, phase in enumerate(account.phases, start=1):
            subscription_id = f"S{account.id[1:]}-{number}"
            head = (subscription_id, account.id, phase.plan, account.segment.name, account.region)
            terms = (phase.contract_term, phase.seats, phase.mrr, phase.is_trial)
            yield *head, *terms, phase.start, phase.start_reason, phase.end, phase.end_reason


def order_rows(rng: random.Random, company: Company) -> Iterator[Row]:
    """Yield the rows of `orders` by date."""
    sales = [
        (day, account, product_line, amount)
        for account in company.accounts
        for month in company.months
        for day, product_line, amount in _sales(rng, account, month)
        if company.start <= day <= company.end
    ]
    sales.sort(key=itemgetter(0))
    for number, (day, account, product_line, amount) in enumerate(sales, start=1):
        status, refunded = rng.choices(("paid", "refunded", "canceled"), (975, 15, 10))[0], None
        if status == "refunded":
            refunded = min(day + timedelta(rng.randint(2, 40)), company.end)
        elif status == "paid" and (company.end - day).days < 7 and rng.random() < 0.3:
            status = "pending"
        channel = "self_serve" if account.segment.name == "smb" else "sales_team"
        channel = "partner" if account.channel == "partner" else channel
        tax = round(amount * TAX_RATE.get(account.region or "", 0.0), 2)
        head = (f"O{number:06d}", account.id, f"billing@{account.domain}", day, product_line)
        yield *head, channel, account.region, status, amount, tax, refunded


def _sales(rng: random.Random, account: Account, month: date) -> Iterator[tuple[date, str, float]]:
    """Yield day, product line and USD of what `account` buys: a subscription, and at times more."""
    first = next((phase for phase in account.phases if not phase.is_trial), None)
    if first is None:
        return
    # Migrated customers are invoiced on a day of their own, others on the day on which they joined.
    is_migrated = first.start_reason == "migration"
    day_in_month = int(account.id[1:]) % 28 + 1 if is_migrated else first.start.day
    day = month.replace(day=min(day_in_month, month_end(month).day))
    phase = account.paid_phase(day)
    if phase is None:
        return
    yield day, "subscription", phase.mrr
    later = max(day_of(rng, month), phase.start)
    if rng.random() < 0.10:
        yield later, "add_on", round(20 + phase.mrr * rng.uniform(0.1, 0.5), 2)
    season = SERVICES_BY_CALENDAR_MONTH[month.month - 1]
    chance = 0.35 if day == first.start else 0.035 * season  # most projects are onboarding
    if account.segment.name != "smb" and rng.random() < chance:
        yield later, "services", 250.0 * rng.randint(4, 24)


@dataclass(frozen=True, slots=True)
class Deal:
    """One opportunity: `closed` is when it was, or would be, decided."""

    created: date
    closed: date
    account: Account | None
    kind: str
    source: str | None
    region: str | None
    stage: str
    chance: float
    usd: float


def opportunity_rows(rng: random.Random, company: Company) -> Iterator[Row]:
    """Yield the rows of `opportunities` by date of creation."""
    deals = [*_won_deals(rng, company), *_other_deals(rng, company)]
    deals.sort(key=attrgetter("created"))
    for number, deal in enumerate(deals, start=1):
        account_id = deal.account.id if deal.account else None
        owner = f"{rng.choice(REPS)}@agnes-demo.example"
        expected = max(deal.closed + timedelta(rng.randint(-30, 15)), deal.created)
        closed = deal.closed if deal.stage in {"won", "lost"} else None
        head = (f"D{number:05d}", account_id, owner, deal.kind, deal.source, deal.region)
        yield *head, deal.stage, deal.usd, deal.chance, deal.created, expected, closed


def _won_deals(rng: random.Random, company: Company) -> Iterator[Deal]:
    """Yield a deal for each sale to a larger customer, worth the MRR gained in a year."""
    for account in company.accounts:
        mrr_before = 0.0
        for phase in account.phases:
            gain, mrr_before = phase.mrr - mrr_before, phase.mrr
            if account.segment.name == "smb" or phase.start_reason not in {"new", "upgrade"}:
                continue
            kind = "new_business" if phase.start_reason == "new" else "expansion"
            source = account.channel if kind == "new_business" else "customer_success"
            created = max(phase.start - _sales_cycle(rng, kind), company.start)
            usd = round(gain * 12, 2)
            yield Deal(created, phase.start, account, kind, source, account.region, "won", 1.0, usd)


def _other_deals(rng: random.Random, company: Company) -> Iterator[Deal]:
    """Yield the deals that were lost or are open; those of before the first day were moved on it.

    A deal that would be won is among them only while it is open.
    """
    customers = [account for account in company.accounts if account.segment.name != "smb"]
    for age, month in enumerate(months_between(company.start - timedelta(150), company.end), -5):
        for _ in range(round(27 * DEALS_GROWTH**age * rng.uniform(0.85, 1.15))):
            created = day_of(rng, month)
            customer = rng.choice(customers) if customers and rng.random() < 0.3 else None
            if customer and not customer.paid_phase(created):
                customer = None
            kind = "expansion" if customer else "new_business"
            closed = created + _sales_cycle(rng, kind)
            is_open, would_win = closed > company.end, rng.random() < WIN_SHARE
            if closed < company.start or created > company.end or (would_win and not is_open):
                continue
            stage, chance = rng.choice(STAGES) if is_open else ("lost", 0.0)
            usd = rng.lognormvariate(8.2, 0.7) if customer else rng.lognormvariate(9.4, 0.8)
            source = "customer_success" if customer else pick(rng, CHANNELS)
            region = customer.region if customer else pick(rng, REGIONS)
            created, usd = max(created, company.start), round(usd / 100) * 100.0
            yield Deal(created, closed, customer, kind, source, region, stage, chance, usd)


def _sales_cycle(rng: random.Random, kind: str) -> timedelta:
    """The time from the creation of a deal to its decision."""
    mean, deviation = (75, 25) if kind == "new_business" else (35, 12)
    return timedelta(max(5, round(rng.gauss(mean, deviation))))


def infrastructure_cost_rows(rng: random.Random, company: Company) -> Iterator[Row]:
    """Yield the rows of `infrastructure_costs` by day."""

    def customers(day: date) -> int:
        return sum(account.paid_phase(day) is not None for account in company.accounts)

    opening = customers(company.start)
    numbers = itertools.count(1)
    for month in company.months:
        load = (customers(month_end(month)) / opening) ** 0.85  # the larger, the cheaper
        for day in (month + timedelta(offset) for offset in range(month_end(month).day)):
            if not company.start <= day <= company.end:
                continue
            busy = load * (0.88 if day.weekday() >= 5 else 1.0)
            has_credit = (day - company.start).days < 90  # the provider's welcome
            for (service, team), usd in DAILY_COST.items():
                for environment, share in ENVIRONMENT_SHARE.items():
                    cost = round(usd * share * busy * rng.uniform(0.95, 1.08), 2)
                    credit = round(cost * 0.1, 2) if has_credit else None
                    yield next(numbers), day, service, environment, team, cost, credit

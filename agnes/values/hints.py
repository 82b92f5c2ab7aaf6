"""What a column's name says of its values; it decides only what they leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agnes.values.words import words

_KEY = frozenset("id ids key sk fk pk uid guid oid nk hk rowid".split())
_MONEY = frozenset(
    """
    amount price cost costs revenue sales net gross tax taxes fee fees salary wage wages bonus
    budget spend spent balance debit credit refund refunds discount discounts mrr arr acv tcv ltv
    clv cpc cpm cpa cpl aov arpu charge charges payment payments payout payouts income profit
    subtotal tariff premium deposit commission royalty rent payroll turnover expense expenses vat
    tip tips interest principal valuation margin budgeted usd eur gbp czk chf pln jpy cad aud
    dollars euros betrag preis kosten umsatz gehalt summe steuer rabatt cena castka mzda precio
    importe prix montant money pay
    """.split()
)
_MAYBE_MONEY = frozenset("total value worth sum order wish".split())
_SHARE = frozenset("rate pct percent percentage share prozent".split())
_MINOR = frozenset("cents cent pence minor haler subunits micros".split())
_MEASURE = frozenset(
    """
    lat latitude lon lng long longitude temp temperature humidity pressure voltage volt volts amps
    ampere current power energy speed velocity weight height width length depth distance volume
    altitude elevation area score probability prob likelihood ratio index avg average mean std
    stddev variance median confidence sentiment similarity rating hours hrs duration seconds secs
    sec kwh mwh kw wind rain mm cm km kg lb lbs hpa ppm celsius fahrenheit level factor uplift lift
    risk frequency fte latency coefficient weightage delta slope angle radius acceleration gyro
    signal noise density concentration moisture ph radiation irradiance throughput utilization usage
    oee ctr cvr roas cover time measured threshold x y z theta volume_l
    """.split()
)
_POSITION = frozenset("lat latitude lon lng longitude".split())
_COUNT = frozenset(
    """
    count counts cnt qty quantity num items users visits views pageviews clicks impressions sessions
    days weeks months years minutes seats size bytes employees recipients orders units stock rank
    age attempts retries conversions visitors followers likes shares downloads rows lines anzahl
    menge pocet inventory headcount n pieces parcels participants transactions reach
    """.split()
)
_CODES = frozenset(
    """
    zip zipcode postal postcode postalcode plz psc phone telephone tel telefon mobile fax cell
    msisdn ean ean13 gtin upc isbn issn imei imsi iccid iban bic swift duns ssn sin tin vat ico dic
    siren siret barcode sku passport
    """.split()
)
_AUTHORITIES = frozenset("tax national passport vat license personal social".split())
"""Who gives out an id that is no key of a table."""
_MAYBE_CODES = frozenset(
    """
    code codes number no nr nummer num account konto article model version room unit branch center
    centre bank station badge license serial lot batch reference ref project extension class cislo
    last4 tracking policy tax customs routing personnel po
    """.split()
)
_FLAG_FIRST = frozenset(
    "is has was were can should did does do allow allows needs need will ist hat je ma".split()
)
_FLAG = frozenset(
    """
    flag ind indicator bool yn enabled disabled active inactive deleted optin optout optout valid
    paid won lost trial default primary visible public private internal external online running peak
    motion winner done gift bounced bounce churn churned spam test admin remote mandatory optional
    billable taxable available indexed ignition insured automatic renew overdue current manual
    """.split()
)
_TIME = frozenset(
    """
    at ts time timestamp datetime date day dt on since until epoch unix created updated modified
    started ended start end due expires expiry expiration expired birth birthday birthdate dob
    begin began finished completed closed opened published recorded received sent seen login
    logged ordered shipped delivered installed observed measured posted updatedat createdat
    datum zeit tag erstellt geaendert angelegt fecha hora heure dato mtime ctime atime when
    available initiated raised cleared registration applied held arrival
    """.split()
)
_VERSIONS = frozenset("version versions release firmware ver build revision semver".split())


@dataclass(frozen=True)
class Hints:
    """What a name hints at.

    Args:
        words: of the name, in lower case.
    """

    words: Sequence[str]

    @classmethod
    def of(cls, name: str) -> Hints:
        """The hints of a column's name."""
        return cls([word for word in words(name) if not word.isdigit()])

    @property
    def last(self) -> str:
        """What it is, where the words before say whose or of what."""
        return self.words[-1] if self.words else ""

    def any(self, known: frozenset[str]) -> bool:
        """Whether one of its words is among these."""
        return not known.isdisjoint(self.words)

    @property
    def key(self) -> bool:
        """A key of this table or another."""
        return self.last in _KEY

    @property
    def money(self) -> bool:
        """An amount of money, or a rate that money is computed with."""
        if self.count or self.key:
            return False
        return self.last in _MONEY or (self.any(_MONEY) and not self.minor and not self._about)

    @property
    def maybe_money(self) -> bool:
        """Perhaps an amount of money."""
        return self.any(_MAYBE_MONEY) and not self.count and not self.key

    @property
    def minor(self) -> bool:
        """An amount in the smallest coin."""
        return self.any(_MINOR)

    @property
    def share(self) -> bool:
        """A part of a whole."""
        return self.any(_SHARE)

    @property
    def measure(self) -> bool:
        """What is measured or computed."""
        return self.last in _MEASURE or (
            self.any(_MEASURE | _SHARE) and not self.money and not self.count
        )

    @property
    def position(self) -> bool:
        """A place on the globe."""
        return self.any(_POSITION)

    @property
    def count(self) -> bool:
        """How many there are."""
        return self.last in _COUNT or bool(self.words and self.words[0] in {"num", "n", "count"})

    @property
    def code(self) -> bool:
        """Digits that the world outside gave out, and that nobody adds up."""
        outside = self.key and self.any(_AUTHORITIES)
        return outside or (self.any(_CODES) and not self._is_rate and not self.count)

    @property
    def maybe_code(self) -> bool:
        """Perhaps such digits."""
        return (self.last in _MAYBE_CODES or self.any(_MAYBE_CODES)) and not self.money

    @property
    def flag(self) -> bool:
        """A yes or no."""
        if not self.words or self.count or self.key:
            return False
        past = len(self.last) > 4 and self.last.endswith(("ed", "able", "ible"))
        return self.words[0] in _FLAG_FIRST or self.last in _FLAG or past or self._opts

    @property
    def time(self) -> bool:
        """A day, or a time of one."""
        return not self.count and self.any(_TIME) and not self.key

    @property
    def day(self) -> bool:
        """A day rather than a time."""
        return self.last in {"date", "day", "on", "dt", "datum", "dob", "birthdate", "birthday"}

    @property
    def year(self) -> bool:
        """A year."""
        return self.any(frozenset(["year", "jahr", "rok", "yr", "founded", "since"]))

    @property
    def version(self) -> bool:
        """A version."""
        return self.any(_VERSIONS)

    @property
    def _is_rate(self) -> bool:
        return self.last in _SHARE or (self.last in {"vat", "tax"} and len(self.words) == 1)

    @property
    def _opts(self) -> bool:
        return list(self.words[-2:]) in (["opt", "in"], ["opt", "out"], ["auto", "renew"])

    @property
    def _about(self) -> bool:
        """Whether money is only what it is about: `payment_method`, `tax_class`."""
        return self.last in _MAYBE_CODES | _FLAG | {
            "method",
            "type",
            "status",
            "name",
            "date",
            "at",
        }

"""How long until something is tried again, and when it is believed: every such number, on one page.

`Policy` holds one frozen dataclass for each topic. It is passed in: `Session`, `Client`, `Pace` (so every `Account`),
`Service` and `Watch` take one and hand its topics down, so a test gives another policy and patches nothing.

Elsewhere stand the settings of a configuration (`wpsync.config`; `Ages` takes them from there), facts about the vendor
(the life of its tokens, its page sizes), sizes of batches and buffers, the parameters of a connection to Postgres
(`db.database`), the throttle of passwords (`web.security`),
and the waits of the embedded server, a program of its own (`wpsync.embedded`).

A `Ladder` is shown by its steps. Names are `Topic.field`, modules those of `wpsync`. A test compares this table with
the code.

| name | value | meaning | used in |
|---|---|---|---|
| `Clocks.skew` | 5 s | clocks may differ by this much without anything being wrong | sync.passes, sync.recheck |
| `Clocks.tolerated` | 2 min | `check` complains of clocks that differ by more | daemon.preflight |
| `Clocks.jump` | 10 s | a wall clock that moves by more has jumped: jobs are set anew | daemon.scheduler |
| `RequestRetries.attempts` | 5 | how often a request is tried | api.retry |
| `RequestRetries.wait_initial` | 0.5 s | the first wait between attempts; it doubles each time | api.retry |
| `RequestRetries.wait_max` | 15 s | the longest wait | api.retry |
| `RequestRetries.jitter` | 0.5 | the random share that is added to a wait | api.retry |
| `RequestRetries.look` | 0.5 s | between two looks at whether to stop | api.retry, api.client |
| `RequestRetries.damaged` | 8 | how often a reply that comes damaged is asked for | api.client |
| `RequestRetries.damaged_wait` | 0.1 s | between them | api.client |
| `RequestRetries.believed` | 5 min | how long a refusal that no rule knows, and no repeating helped against, is not repeated | api.client |
| `RateLimits.minute` | 60.05 s | how long a request counts after its reply; the vendor's clock is not ours | api.limits |
| `RateLimits.lost` | 1 min | a request without a recorded end (its process died) is taken to have ended after this | api.limits |
| `RateLimits.skew` | 5 s | an entry of a budget further in the future is from a wrong clock | api.limits |
| `RateLimits.pause` | 1 s | the pause after a refusal for speed that names none | api.limits |
| `RateLimits.pause_max` | 1 h | the longest pause that the vendor can ask for | api.limits, api.client |
| `RateLimits.wanted` | 2 s | how long lower priorities yield to a caller that was not served | api.limits |
| `RateLimits.look` | 0.5 s | between two looks at whether a request may be sent | api.limits |
| `RateLimits.tick` | 0.01 s | the shortest wait for a place | api.limits |
| `RateLimits.creep_every` | 20 | successes until a lowered rate rises by a quarter | api.limits |
| `RateLimits.calm` | 15 s | without a refusal, after which a lowered rate doubles, up to half of the limit | api.limits |
| `RateLimits.unlimited_start` | 120 | the rate taken as a base where there was no limit | api.limits |
| `TokenRenewal.early` | 5 min | an access token is renewed this long before its end | api.auth |
| `TokenRenewal.rotate_after` | 27 d | from this age on a pair is replaced | api.auth |
| `TokenRenewal.rotate_again` | 1 d | until a failed rotation is tried again | api.auth |
| `TokenRenewal.login_pause` | 15 min | until rejected credentials are tried again | api.auth |
| `TokenRenewal.young` | 15 min | a younger pair whose refresh token works is not replaced by a login | api.auth |
| `TokenRenewal.just_renewed` | 30 s | a token that a renewal kept so lately is alive | api.auth |
| `TokenRenewal.in_a_row` | 3 | renewals for one cause, as long as each replaces a dead token | api.client |
| `TokenRenewal.overdue` | 28 d | `check` complains of an older pair | daemon.preflight |
| `TokenDistrust.first` | 15 min | how long refusals that a fresh token met too are not blamed on tokens | api.token_doubts |
| `TokenDistrust.longest` | 1 d | the longest such time; it doubles each time | api.token_doubts |
| `TokenDistrust.without_reason` | 5 min | the same for a refusal without a reason | api.token_doubts |
| `TokenDistrust.look` | 30 s | until a renewal is asked if the token is dead after all; the waits double | api.token_doubts |
| `VendorOutages.after` | 5 s | a vendor that has answered nothing for so long is away | api.availability |
| `VendorOutages.endpoints` | 2 | and of which so many endpoints were asked | api.availability |
| `VendorOutages.lone` | 2 min | the same where fewer were asked | api.availability |
| `VendorOutages.log_again` | 1 h | until a lasting outage is logged again | api.availability |
| `VendorOutages.look` | 60 s | between two looks for the note of a process that died | api.availability |
| `WindowRetries.readings` | 3 | readings in a row before a window is entered as incomplete | extract.reading |
| `WindowRetries.later` | 1 min, 5 min, 15 min, 1 h, 4 h, 12 h, then 1 d | until an incomplete window is read again | sync.unit, sync.recheck |
| `WindowRetries.pauses` | 1, 2, 5, 10, 20 s | between attempts after a failure that may pass by itself | sync.attempts, sync.window_sync |
| `WindowRetries.look` | 0.5 s | between two looks at whether to stop | sync.attempts |
| `WindowRetries.failures` | 60 | readings that may fail before a stretch is bisected no further | sync.window_sync |
| `WindowRetries.unproved` | 8 | of which so many pass before the vendor is asked again whether it answers at all | sync.window_sync |
| `WindowRetries.deadlocks` | 5 | transactions that are tried where Postgres breaks a deadlock | sync.unit, sync.reports |
| `ListingRetries.failed_pages` | 60 | failed pages after which a further one is left out undivided | extract.bisect_listing |
| `ListingRetries.in_a_row` | 12 | failures in a row after which the rest of the listing counts as not shown | extract.bisect_listing |
| `ListingRetries.parents_in_a_row` | 3 | rooms or agents in a row that fail before others are asked for | sync.one_by_one |
| `ListingRetries.others` | 3 | how many other rooms are asked for then | sync.listings |
| `Surveys.every` | 1 d | until it is asked anew in which way the vendor shows all chats | sync.ways |
| `Surveys.piece` | 28 d | the longest span of chats that is taken to be served whole | extract.ways |
| `Surveys.shortest` | 1 h | the shortest that is tried | extract.ways |
| `Surveys.empty` | 12 | empty spans in a row before which no chat is looked for | extract.ways |
| `Surveys.most` | 1000 | how many spans are counted at most | extract.ways |
| `Surveys.ahead` | 1 d | how far in the future a span of chats ends | extract.ways |
| `Surveys.readings` | 3 | readings in a pass until a listing shows as many as were counted | sync.ways |
| `Surveys.many` | 30 | so many spans of chats are read again at each time | sync.ways |
| `Surveys.pause` | 10 s | where there are more, each puts the next reading off by so much | sync.ways |
| `Surveys.recent` | 1 d | a chat first named so lately is looked for among the newest | sync.named |
| `Surveys.margin` | 2 min | how long before the first message its chat may have begun | sync.named |
| `Surveys.look_every` | 5 s | between two looks at chats that messages name and are not there | daemon.jobs |
| `Distrust.empty_asks` | 3 | counts that confirm an empty answer where nothing lies beside; how often one that cannot be is asked for | sync.emptiness, extract.reading |
| `Distrust.beside` | 31 d | how far away rows may lie whose count confirms that a stretch is empty | sync.emptiness |
| `Distrust.beside_before` | 1 d | the same before it, both together: a longer span may be cut in silence | sync.emptiness |
| `Distrust.live_span` | 5 min | an empty stretch of the present this long is confirmed by the probes that follow | sync.window_sync |
| `Distrust.odd_pages` | 3 | how often a page that shows nothing where rows are expected is asked for again | extract.reading |
| `Distrust.window_unheld` | 3 | empty readings of a window of which we hold nothing until it is believed | extract.probing, ledger |
| `Distrust.window_readings` | 5 | empty readings of a window until our rows count as gone | extract.probing |
| `Distrust.window_since` | 4 h | how long ago the last of them was | extract.probing |
| `Distrust.window_since_everywhere` | 23 h | the same where the vendor shows none of our rows anywhere | extract.probing |
| `Distrust.listing_readings` | 5 | empty readings of a listing until our rows count as gone | sync.listings |
| `Distrust.listing_readings_everywhere` | 10 | the same where no other listing shows rows | sync.listings |
| `Distrust.listing_apart` | 6 h | an empty reading sooner after another does not count | sync.listings, sync.unit, sync.reports |
| `Distrust.many_windows` | 20 | a count that cuts a window into more pieces is asked for twice | extract.reading |
| `Distrust.short_span` | 1 h | a window this long is not suspected of being cut short | extract.served_spans |
| `Distrust.short_stretch` | 1 min | a stretch without rows at the end of a span this short is not asked for by itself | extract.served_spans |
| `Distrust.proof_span` | 1 d | so long a span is asked for to prove that spans are served whole, where rows lie so far apart | sync.span_proof |
| `Distrust.proof_again` | 1 h | until it is asked again how long a span is served whole | sync.span_proof |
| `Distrust.nearly_a_day` | 22 h | a proved span from which on one longer by `short_span` is believed too | extract.served_spans |
| `Distrust.letters` | 50 | new dead letters from which on nothing of a window is loaded | sync.unit |
| `Distrust.letters_share` | 0.2 | and their share of its rows | sync.unit |
| `Distrust.refused` | 5 | rows refused in one way from which on, where they are most, their table is at fault | loading.staging |
| `Rechecks.failures_an_hour` | 60 | readings an hour of stretches that the vendor cannot serve | extract.probing |
| `Rechecks.failures_apart` | 1 min | beyond that, one so long after the other | extract.probing |
| `Rechecks.another` | 1 h | so far away no reading meets the same broken row | extract.probing |
| `Rechecks.put_off` | 1 h | until a window that cannot be checked is tried again, at most | sync.recheck |
| `Rechecks.in_vain` | 3 | such windows in a row that mean that the vendor's archive is down | sync.recheck |
| `Rechecks.gathered` | 45 s | how long a row that is due to be followed up waits for others | sync.recheck, extract.follow_up |
| `Rechecks.follow_ups` | 5 min, 15 min, 1 h, 4 h, 12 h, then 1 d | the ages at which an open row is read again | extract.follow_up |
| `Rechecks.follow_up_groups` | 12 | into how many groups a step is cut, whose rows are read again together | extract.follow_up |
| `Rechecks.sample_every` | 23 h | between two samples of a resource | sync.passes |
| `Rechecks.not_sampled` | 23 h | a window read within this time is not sampled | sync.recheck |
| `Rechecks.catch_up` | 30 s | how long gaps are read before due windows have their turn | sync.passes |
| `Rechecks.next_pass` | 10 min | a stretch that settled, or a look that was due, within this time is no finding yet | sync.verify, sync.unit |
| `Rechecks.comparisons` | 3 | comparisons of a window that changes while it is compared | sync.verify |
| `Rechecks.lock_look` | 0.2 s | between two looks at whether a resource's lock is free | sync.account |
| `LiveReads.newest_pages` | 5 | about how much a tick reads before it leaves a gap | sync.passes |
| `LiveReads.newest_days` | 7 | how many days a tick goes back where each holds little | sync.live |
| `LiveReads.caught_up_pages` | 10 | about how much of a gap is read in one window | sync.passes |
| `Backfills.listing_fresh` | 1 h | a listing read completely within this time is not read again | backfill.plan |
| `Backfills.look` | 1 s | between two looks at a window that another process reads | backfill.run |
| `Backfills.note_every` | 2 s | between two notes of the progress | backfill.progress_recorder |
| `Jobs.recheck_every` | 15 s | between two rechecks of a resource | daemon.jobs |
| `Jobs.alerts_every` | 1 min | between two looks for incidents | daemon.jobs |
| `Jobs.tokens_every` | 10 min | between two looks at the tokens | daemon.jobs |
| `Jobs.deadline` | 6 h | a job that takes longer is stopped, and runs again at its next time | daemon.jobs |
| `Jobs.jitter` | 0.05 | the random share by which a job's times vary | daemon.scheduler |
| `Jobs.log_again` | 1 h | until a lasting failure is logged again | daemon.service |
| `Leading.look` | 0.5 s | between two looks at whether to stop | daemon.service |
| `Leading.beat` | 5 s | between two signs of life, and two looks at the lock | daemon.service |
| `Leading.take_again` | 2 s | until a standby, or an instance without a database, tries again | daemon.service, cli.run |
| `Leading.leave_within` | 8 s | from a stop signal until the process ends, even where a request hangs | cli.leaving |
| `LeaseRules.beat` | 3 s | between two signs of life of a process | db.heartbeat |
| `LeaseRules.silent` | 20 s | a process without a sign of life for so long is taken over | db.leases |
| `LeaseRules.watched` | 6 s | of which the process that takes over has looked on for so long itself | db.leases |
| `LeaseRules.again` | 0.1 s | until a lease that another holds is asked for again | db.leases |
| `LeaseRules.statement` | 5 s | how long a statement about leases may take, and the end of an old holder's sessions | db.database, db.heartbeat, db.leases |
| `Incidents.gone` | 3 | looks without a condition after which its incident is over | alerts.watch |
| `Incidents.away` | 2 min | how long the database is away before a message | alerts.watch |
| `Incidents.away_standby` | 5 min | the same where another instance led | alerts.watch |
| `Incidents.waiting` | 20 | messages that wait for a target that takes none | alerts.watch |
| `Incidents.hold` | 2 min | how long a condition holds until it is an incident | alerts.conditions |
| `Incidents.catching_up` | 10 min | the same for a resource that is behind while its job does well | alerts.conditions |
| `Incidents.silence` | 10 min | the same for a resource without rows today | alerts.conditions |
| `Incidents.budget` | 15 min | the same for a request limit that is used up | alerts.conditions |
| `Incidents.token_age` | 1 h | the same for tokens that could not be rotated | alerts.conditions |
| `Incidents.failures` | 3 | failures in a row after which a job keeps failing | alerts.conditions |
| `Incidents.drift` | 1 d | how long an unknown field is new | alerts.conditions |
| `Incidents.clock` | 1 d | a vendor's clock that differs from ours by more is wrong, or ours is | alerts.conditions |
| `Incidents.usual_weeks` | 3 | weeks with rows by this time of day that make none today a silence | alerts.conditions |
| `Incidents.usual_rows` | 5 | rows that each of them has at least | alerts.conditions |
| `Kept.vendor_words` | 3 d | how long the vendor's words are kept after an error | state.vendor_words |
| `Kept.drift_names` | 50 | names within `drift_new` of a resource's unknown fields, types and kinds; beyond them they are counted | state.drift |
| `Kept.drift_new` | 1 d | for how long a name uses up one of these | state.drift |
| `Kept.drift` | 90 d | how long one that no longer comes is kept | state.drift |
| `DatabaseWaits.pool` | 10 s | how long a free connection is waited for | db.database |
| `DatabaseWaits.reason` | 2 s | how long it is waited for the server's reason after that | db.database |
| `DatabaseWaits.statement` | 600 s | a statement that takes longer is cancelled by the server | db.connecting |
| `DatabaseWaits.beyond` | 10 s | after that our side gives the statement up too | db.connecting |
| `DatabaseWaits.commit` | 30 s | until a COMMIT is given up, which no timeout of the server ends | db.connecting |
| `DatabaseWaits.cancel` | 2 s | how long cancelling it on the server may take | db.connecting |
| `DatabaseWaits.probe` | 5 s | between two tries whether a commit ends | db.commits |
| `DatabaseWaits.hangs` | 10 s | a try that takes longer says that commits hang | db.commits |
| `DatabaseWaits.sweep` | 3600 s | the vacuum of a table from which people's rows were deleted may take so long | loading.sweeping |
| `DatabaseWaits.sweep_lock` | 10 s | it waits so long for others to let go of the table, and is tried again later | loading.sweeping |
| `DatabaseWaits.migrations` | 30 | tries to migrate where a table is locked | db.migrations |
| `DatabaseWaits.migration_wait` | 0.2 s | the first wait between them; it doubles each time | db.migrations |
| `DatabaseWaits.migration_wait_max` | 5 s | the longest | db.migrations |
"""

from dataclasses import dataclass, field
from datetime import timedelta


def _minutes(*numbers: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=number) for number in numbers)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Waits that grow from step to step; after the last step they stay the same."""

    steps: tuple[timedelta, ...]
    then: timedelta

    def after(self, attempts: int) -> timedelta:
        """Return the wait after so many attempts, 1 or more."""
        return self.steps[attempts - 1] if attempts <= len(self.steps) else self.then


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far clocks may differ."""

    skew: timedelta = timedelta(seconds=5)
    tolerated: timedelta = timedelta(minutes=2)
    jump: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class RequestRetries:
    """How often a request that failed is tried again, and the waits between, in seconds."""

    attempts: int = 5
    wait_initial: float = 0.5
    wait_max: float = 15.0
    jitter: float = 0.5
    look: float = 0.5
    damaged: int = 8
    damaged_wait: float = 0.1
    believed: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How a budget of requests counts, yields and recovers."""

    minute: timedelta = timedelta(seconds=60.05)
    lost: timedelta = timedelta(seconds=60)
    skew: timedelta = timedelta(seconds=5)
    pause: timedelta = timedelta(seconds=1)
    pause_max: timedelta = timedelta(hours=1)
    wanted: timedelta = timedelta(seconds=2)
    look: float = 0.5
    tick: float = 0.01
    creep_every: int = 20
    calm: timedelta = timedelta(seconds=15)
    unlimited_start: int = 120


@dataclass(frozen=True, slots=True)
class TokenRenewal:
    """When tokens are renewed and replaced."""

    early: timedelta = timedelta(minutes=5)
    rotate_after: timedelta = timedelta(days=27)
    rotate_again: timedelta = timedelta(days=1)
    login_pause: timedelta = timedelta(minutes=15)
    young: timedelta = timedelta(minutes=15)
    just_renewed: timedelta = timedelta(seconds=30)
    in_a_row: int = 3
    overdue: timedelta = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class TokenDistrust:
    """How long a refusal that reads like a dead token's is not blamed on tokens."""

    first: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(days=1)
    without_reason: timedelta = timedelta(minutes=5)
    look: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class VendorOutages:
    """When a vendor counts as away."""

    after: timedelta = timedelta(seconds=5)
    endpoints: int = 2
    lone: timedelta = timedelta(minutes=2)
    log_again: timedelta = timedelta(hours=1)
    look: float = 60.0


@dataclass(frozen=True, slots=True)
class WindowRetries:
    """How often a window is read, at once and later."""

    readings: int = 3
    later: Ladder = Ladder(_minutes(1, 5, 15, 60, 240, 720), timedelta(days=1))
    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0)
    look: float = 0.5
    failures: int = 60
    unproved: int = 8
    deadlocks: int = 5


@dataclass(frozen=True, slots=True)
class ListingRetries:
    """How many failures a listing is read past."""

    failed_pages: int = 60
    in_a_row: int = 12
    parents_in_a_row: int = 3
    others: int = 3


@dataclass(frozen=True, slots=True)
class Surveys:
    """How it is found out in which way the vendor shows all of a listing, and how named rows are looked for."""

    every: timedelta = timedelta(days=1)
    piece: timedelta = timedelta(days=28)
    shortest: timedelta = timedelta(hours=1)
    empty: int = 12
    most: int = 1_000
    ahead: timedelta = timedelta(days=1)
    readings: int = 3
    many: int = 30
    pause: timedelta = timedelta(seconds=10)
    recent: timedelta = timedelta(days=1)
    margin: timedelta = timedelta(minutes=2)
    look_every: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Distrust:
    """When an answer that is empty, enormous or short is believed."""

    empty_asks: int = 3
    beside: timedelta = timedelta(days=31)
    beside_before: timedelta = timedelta(days=1)
    live_span: timedelta = timedelta(minutes=5)
    odd_pages: int = 3
    window_unheld: int = 3
    window_readings: int = 5
    window_since: timedelta = timedelta(hours=4)
    window_since_everywhere: timedelta = timedelta(hours=23)
    listing_readings: int = 5
    listing_readings_everywhere: int = 10
    listing_apart: timedelta = timedelta(hours=6)
    many_windows: int = 20
    short_span: timedelta = timedelta(hours=1)
    short_stretch: timedelta = timedelta(minutes=1)
    proof_span: timedelta = timedelta(days=1)
    proof_again: timedelta = timedelta(hours=1)
    nearly_a_day: timedelta = timedelta(hours=22)
    letters: int = 50
    letters_share: float = 0.2
    refused: int = 5


@dataclass(frozen=True, slots=True)
class Rechecks:
    """When windows that were read are looked at again. How often by age is set by `Ages`."""

    failures_an_hour: int = 60
    failures_apart: timedelta = timedelta(minutes=1)
    another: timedelta = timedelta(hours=1)
    put_off: timedelta = timedelta(hours=1)
    in_vain: int = 3
    gathered: timedelta = timedelta(seconds=45)
    follow_ups: Ladder = Ladder(_minutes(5, 15, 60, 240, 720), timedelta(days=1))
    follow_up_groups: int = 12
    sample_every: timedelta = timedelta(hours=23)
    not_sampled: timedelta = timedelta(hours=23)
    catch_up: float = 30.0
    next_pass: timedelta = timedelta(minutes=10)
    comparisons: int = 3
    lock_look: float = 0.2


@dataclass(frozen=True, slots=True)
class LiveReads:
    """How much is read at once before the present has its turn again."""

    newest_pages: int = 5
    newest_days: int = 7
    caught_up_pages: int = 10


@dataclass(frozen=True, slots=True)
class Backfills:
    """How a backfill waits for others and notes its progress."""

    listing_fresh: timedelta = timedelta(hours=1)
    look: float = 1.0
    note_every: float = 2.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """When the jobs of the service run that no setting times, and how long."""

    recheck_every: timedelta = timedelta(seconds=15)
    alerts_every: timedelta = timedelta(minutes=1)
    tokens_every: timedelta = timedelta(minutes=10)
    deadline: timedelta = timedelta(hours=6)
    jitter: float = 0.05
    log_again: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Leading:
    """The pace of an instance that leads or stands by, in seconds."""

    look: float = 0.5
    beat: float = 5.0
    take_again: float = 2.0
    leave_within: float = 8.0


@dataclass(frozen=True, slots=True)
class LeaseRules:
    """When the process that holds a lease counts as dead, in seconds.

    A process that stands still for less than `silent` - `beat` is never taken over.
    """

    beat: float = 3.0
    silent: float = 20.0
    watched: float = 6.0
    again: float = 0.1
    statement: float = 5.0


@dataclass(frozen=True, slots=True)
class Incidents:
    """When a condition becomes an incident, and when an incident is over."""

    gone: int = 3
    away: timedelta = timedelta(minutes=2)
    away_standby: timedelta = timedelta(minutes=5)
    waiting: int = 20
    hold: timedelta = timedelta(minutes=2)
    catching_up: timedelta = timedelta(minutes=10)
    silence: timedelta = timedelta(minutes=10)
    budget: timedelta = timedelta(minutes=15)
    token_age: timedelta = timedelta(hours=1)
    failures: int = 3
    drift: timedelta = timedelta(days=1)
    clock: timedelta = timedelta(days=1)
    usual_weeks: int = 3
    usual_rows: int = 5


@dataclass(frozen=True, slots=True)
class Kept:
    """How long, and how many, words and names of the vendor are kept beside its data."""

    vendor_words: timedelta = timedelta(days=3)
    drift_names: int = 50
    drift_new: timedelta = timedelta(days=1)
    drift: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class DatabaseWaits:
    """How long connections and locks of the database are waited for."""

    pool: float = 10.0
    reason: float = 2.0
    statement: float = 600.0
    beyond: float = 10.0
    commit: float = 30.0
    cancel: float = 2.0
    probe: float = 5.0
    hangs: float = 10.0
    sweep: float = 3600.0
    sweep_lock: float = 10.0
    migrations: int = 30
    migration_wait: float = 0.2
    migration_wait_max: float = 5.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything above, by topic."""

    clocks: Clocks = field(default_factory=Clocks)
    requests: RequestRetries = field(default_factory=RequestRetries)
    rate_limits: RateLimits = field(default_factory=RateLimits)
    tokens: TokenRenewal = field(default_factory=TokenRenewal)
    token_distrust: TokenDistrust = field(default_factory=TokenDistrust)
    outages: VendorOutages = field(default_factory=VendorOutages)
    windows: WindowRetries = field(default_factory=WindowRetries)
    listings: ListingRetries = field(default_factory=ListingRetries)
    surveys: Surveys = field(default_factory=Surveys)
    distrust: Distrust = field(default_factory=Distrust)
    rechecks: Rechecks = field(default_factory=Rechecks)
    live: LiveReads = field(default_factory=LiveReads)
    backfills: Backfills = field(default_factory=Backfills)
    jobs: Jobs = field(default_factory=Jobs)
    leading: Leading = field(default_factory=Leading)
    leases: LeaseRules = field(default_factory=LeaseRules)
    incidents: Incidents = field(default_factory=Incidents)
    kept: Kept = field(default_factory=Kept)
    database: DatabaseWaits = field(default_factory=DatabaseWaits)


DEFAULT = Policy()
"""The policy in force, where no other is given."""


@dataclass(frozen=True, slots=True)
class Ages:
    """How often windows are checked, by their age; ever more rarely. Set by the configuration (`[recheck]`).

    `recent` applies within `recent_until`, `yesterday` within `yesterday_until`, `daily` within the horizon (when rows
    still come late and change), `older` beyond it. `sample_rows` are read again whole once a day. A check may come
    `early` by that much: a job that looks every minute must not miss it by a moment.
    """

    horizon: timedelta = timedelta(days=14)
    recent: timedelta = timedelta(minutes=1)
    yesterday: timedelta = timedelta(hours=1)
    daily: timedelta = timedelta(days=1)
    older: timedelta = timedelta(days=7)
    sample_rows: int = 2_000
    recent_until: timedelta = timedelta(hours=6)
    yesterday_until: timedelta = timedelta(hours=48)
    early: timedelta = timedelta(seconds=5)

    def every(self, age: timedelta) -> timedelta:
        """Return how long a window of this age is left alone."""
        if age <= self.recent_until:
            return self.recent
        if age <= self.yesterday_until:
            return self.yesterday
        return self.daily if age <= self.horizon else self.older

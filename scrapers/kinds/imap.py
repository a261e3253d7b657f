"""A mailbox over IMAP: mails become posts, and nothing in the mailbox changes.

Going on means the folder's UIDVALIDITY and the highest UID read (RFC 3501, 2.3.1.1). With another UIDVALIDITY the
folder is read again, and mails are known by their Message-ID. A mail that is deleted or moved in the mailbox was put
away by its owner, not taken back by who wrote it: nothing is concluded from it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote

from scrapers.base import Batch, Cursor, Fetch, Note, Option, Payload, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.mailboxes import Account, Mailbox, MailRefused
from scrapers.reading.mails import Arrival, parse_mail
from scrapers.reading.posts import Item, Reading, read_zone, to_batch, utc_now
from scrapers.visiting.visits import OWN_SITE, TIMEZONE

BATCH = 50
WHOLE = 1_000_000
"""The largest mail that is fetched whole; of a larger one only the beginning is, where its words are."""

BEGINNING = 256 * 1024
_STEP = 1000
# RFC 3501 wants them in English, whatever the machine speaks.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RENUMBERED = "邮箱把邮件重新编了号（UIDVALIDITY 变了），已从头核对，按 Message-ID 去重。"


@dataclass(slots=True)
class _Position:
    """How far a folder was read."""

    validity: int = 0
    uid: int = 0
    since: str = ""
    """The day on which the first visit began to read."""
    until: int = 0
    """Up to this number only mails of `since` or later are wanted; what came after it is all new."""

    @classmethod
    def of(cls, cursor: Cursor) -> "_Position":
        return cls(**{name: cursor[name] for name in cls.__slots__ if name in cursor})

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Haul:
    """What was fetched so far."""

    items: list[Item] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    size: int = 0


def day_of(moment: date) -> str:
    """A day as SEARCH wants it."""
    return f"{moment.day}-{_MONTHS[moment.month - 1]}-{moment.year}"


def _search_up(mailbox: Mailbox, low: int, high: int, criteria: str = "") -> list[int]:
    """The first mails from `low` on that fit, found in ever wider steps: numbers have gaps, and mailboxes are large."""
    step = _STEP
    while low <= high:
        end = min(low + step - 1, high)
        found = [uid for uid in mailbox.search(f"UID {low}:{end}{criteria}") if low <= uid <= end]
        if found:
            return found
        low, step = end + 1, step * 8
    return []


def _search_down(mailbox: Mailbox, high: int) -> list[int]:
    """The last mails up to `high`, the newest first."""
    step = _STEP
    while high > 0:
        low = max(1, high - step + 1)
        found = [uid for uid in mailbox.search(f"UID {low}:{high}") if low <= uid <= high]
        if found:
            return found[::-1]
        high, step = low - 1, step * 8
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Imap:
    """Reads one folder of a mailbox."""

    title = "邮箱（IMAP）"
    options = (
        Option("host", "邮件服务器", required=True, placeholder="imap.example.com"),
        Option("port", "端口", type=int, default=993),
        Option("ssl", "加密方式；none 只能用于自己的服务器", default="tls", choices=("tls", "starttls", "none")),
        Option("user", "用户名，一般是邮箱地址", required=True, placeholder="kefu@example.com"),
        Option("password", "密码或授权码", required=True, secret=True, placeholder="env:KEFU_MAIL_PASSWORD"),
        Option("folder", "文件夹", default="INBOX"),
        Option("since_days", "第一次读多少天以来的邮件；0 表示只读以后新来的", type=int, default=30),
        Option(
            "own_domains", "自己系统发信的域名，用逗号分开：这些域名的 Message-ID 不当作投诉", placeholder="example.com"
        ),
        Option("ca_file", "自己的服务器用的证书（PEM 文件）；公网服务器不用填"),
        replace(TIMEZONE, help="邮件未写明时区的时间按哪个时区理解"),
        replace(OWN_SITE, help="这是自己的邮件服务器：可以在内网，可以不加密（要写 own_reason）"),
    )

    account: Account
    zone: tzinfo
    since_days: int = 30
    own_domains: tuple[str, ...] = ()
    most_bytes: int = 20_000_000
    """What one visit fetches at most, for it is all in memory at once."""
    clock: Callable[[], datetime] = utc_now
    open: Callable[[Account], AbstractContextManager[Mailbox]] = Mailbox

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "Imap":  # noqa: ARG003
        """A collector of the mails in one folder. Raises `CollectorNotConfigured`."""
        own = bool(options.get("own_site"))
        if options.get("ssl") == "none" and not own:
            raise CollectorNotConfigured(
                "选项 ssl 的值是 none：密码和邮件会明文传输，只能用于自己的服务器（own_site=true）。", option="ssl"
            )
        domains = (options.get("own_domains") or "").lower().replace("，", ",").split(",")
        return cls(
            account=Account(
                host=options["host"],
                port=options.get("port") or 993,
                user=options["user"],
                password=options["password"],
                folder=options.get("folder") or "INBOX",
                security=options.get("ssl") or "tls",
                own=own,
                ca_file=options.get("ca_file") or "",
            ),
            zone=read_zone(options.get("timezone") or "Asia/Shanghai"),
            since_days=min(max(options.get("since_days", 30), 0), 3650),
            own_domains=tuple(domain.strip(" @.") for domain in domains if domain.strip(" @.")),
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The next mails, some fifty at most; the first visit begins `since_days` ago."""
        with self.open(self.account) as mailbox:
            position, notes = self._begin(cursor, mailbox)
            haul = _Haul(notes=notes)
            uids = self._wanted(mailbox, position)
            done = self._take(mailbox, uids[:BATCH], haul)
        position.uid = max(position.uid, *done, 0)
        broken_off = any(note.sign is Sign.PAGE_FAILED for note in haul.notes)
        more = not broken_off and (len(done) < len(uids) or position.uid < position.until)
        batch = to_batch(haul.items, position.as_json(), notes=haul.notes, more=more)
        return replace(batch, payloads=tuple(haul.payloads))

    def history(self, cursor: Cursor) -> Batch:
        """The fifty mails before those of the last step, the newest first."""
        with self.open(self.account) as mailbox:
            fresh = cursor.get("validity") != mailbox.validity
            top = mailbox.next_uid if fresh else int(cursor["top"])
            uids = _search_down(mailbox, top - 1 if fresh else int(cursor["next"]) - 1)
            haul = _Haul()
            done = self._take(mailbox, uids[:BATCH], haul)
        following = min(done, default=1)
        after = {
            "validity": mailbox.validity,
            "top": top,
            "next": following,
            "pages": int(cursor.get("pages", 0)) + 1,
            "progress": 1 - (following - 1) / max(top - 1, 1),
        }
        batch = to_batch(haul.items, after, notes=haul.notes, more=following > 1)
        return replace(batch, payloads=tuple(haul.payloads))

    def _begin(self, cursor: Cursor, mailbox: Mailbox) -> tuple[_Position, list[Note]]:
        position = _Position.of(cursor)
        if position.validity == mailbox.validity and position.since:
            return position, []
        moved = bool(position.since)
        now = self.clock()
        # A day more than asked for: the server compares days without regard to zones.
        since = position.since or (now - timedelta(days=self.since_days + 1)).date().isoformat()
        fresh = _Position(validity=mailbox.validity, since=since, until=mailbox.next_uid - 1)
        if not moved and self.since_days == 0:
            fresh.uid = fresh.until
        return fresh, [Note(Sign.OTHER, _RENUMBERED)] if moved else []

    @staticmethod
    def _wanted(mailbox: Mailbox, position: _Position) -> list[int]:
        """The numbers of some of the mails not yet read, in ascending order; none only when there is none."""
        day = day_of(date.fromisoformat(position.since))
        older = _search_up(mailbox, position.uid + 1, position.until, f" SINCE {day}")
        if older:
            return older
        first = position.uid = max(position.uid, position.until)
        # "n:*" always names the last mail, even when that is before n.
        return [uid for uid in mailbox.search(f"UID {first + 1}:*") if uid > first]

    def _take(self, mailbox: Mailbox, uids: Sequence[int], haul: _Haul) -> list[int]:
        """Fetches mails in this order, while they are not too many bytes; gives the numbers that are done with."""
        sizes = mailbox.sizes(uids) if uids else {}
        done: list[int] = []
        for uid in uids:
            size = sizes.get(uid, 0)
            if done and haul.size + min(size, WHOLE) > self.most_bytes:
                break
            try:
                item = self._read(mailbox, uid, size, haul) if uid in sizes else None
            except MailRefused as error:
                item = Rejection(f"邮件 {uid}", str(error))
            except CollectError as error:
                if not done or error.permanent:
                    raise
                haul.notes.append(Note(Sign.PAGE_FAILED, f"读到邮件 {uid} 时中断，下次接着读：{error}"))
                break
            done.append(uid)
            if item is not None:
                haul.items.append(item)
        return done

    def _read(self, mailbox: Mailbox, uid: int, size: int, haul: _Haul) -> Item | None:
        """The mail of this number as a post or a rejection; None when somebody deleted it a moment ago."""
        too_large = size > WHOLE
        mail = mailbox.fetch(uid, most=BEGINNING if too_large else 0)
        if mail is None:
            return None
        arrival = Arrival(
            place=f"邮件 {uid}", received=mail.received, size=size if too_large else 0, own_domains=self.own_domains
        )
        haul.size += len(mail.body)
        item = parse_mail(mail.body, arrival, Reading(self.clock(), self.zone))
        if isinstance(item, Rejection):
            return item
        folder = quote(self.account.folder)
        address = f"imap://{self.account.host}/{folder};UIDVALIDITY={mailbox.validity}/;UID={uid}"  # RFC 5092
        haul.payloads.append(Payload(address, mail.body, "message/rfc822"))
        return item

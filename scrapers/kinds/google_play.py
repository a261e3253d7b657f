"""Reviews of one's own app on Google Play, through the Developer API: what changed within the last 7 days."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrapers.base import Batch, Cursor, Fetch, Note, Option, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.fetching.interfaces import Interface, base_address, interface_at
from scrapers.fetching.limits import Rationed, rationed
from scrapers.reading.answers import read_json, rows, table, whole, word
from scrapers.reading.posts import Fields, Item, Reading, digest, shape_post, to_batch, utc_now
from scrapers.reading.stamps import stamp_of, told_as_edit
from scrapers.visiting.visits import OWN_SITE

if TYPE_CHECKING:
    from scrapers.fetching.google_account import ServiceAccount

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
WINDOW = timedelta(days=7)
"""How far back the interface goes; what is older is only in the monthly reports of the console."""
ALARM = timedelta(days=3)
"""After how long without a visit one must act, so that nothing is lost."""

_SITE = "https://androidpublisher.googleapis.com"
_STORE = "https://play.google.com/store/apps/details"
_PAGE_SIZE = 100
_PAGES = 50
_KEPT = 250
# Google's word for people who gave no name; it is nobody in particular.
_NOBODY = {"a google user", "google 用户", "google用户", "一位 google 用户"}


def parse_reviews(data: Any, package: str, reading: Reading, place: str) -> list[Item]:
    """The reviews in an answer; the company's own replies to them are left. Raises `CollectError` when it is none."""
    found = table(data).get("reviews", [])
    if not isinstance(data, dict) or not isinstance(found, list):
        raise CollectError(f"{place} 返回的不是评论列表，接口可能改了。")
    return [_review(row, package, reading, f"{place} 第 {number} 条") for number, row in enumerate(found, start=1)]


def _review(row: Any, package: str, reading: Reading, place: str) -> Item:
    name = word(table(row).get("reviewId"))
    comments = [table(table(part).get("userComment")) for part in rows(table(row).get("comments"))]
    comment = next(filter(None, comments), None)
    if not name or comment is None:
        return Rejection(place, "不是评论（没有编号或没有用户的话）")
    # What a customer wrote, not what a machine made of it, where the account asks for translations.
    words = word(comment.get("originalText")) or word(comment.get("text"))
    title, tab, body = words.partition("\t")
    author = word(table(row).get("authorName")).strip()
    fields = Fields(
        id=name,
        title=title if tab else "",
        text=body if tab else words,
        url=f"{_STORE}?id={package}&reviewId={name}",
        author="" if author.lower() in _NOBODY else author,
        created=word(table(comment.get("lastModified")).get("seconds")),
        rating=word(comment.get("starRating")),
    )
    post = shape_post(fields, reading)
    return post if post.text else Rejection(place, "评论里没有文字")


def notes_on_absence(visited: str, now: datetime) -> list[Note]:
    """A remark when so long has passed since the last visit that reviews will soon be, or are, out of reach."""
    try:
        away = now - datetime.fromisoformat(visited)
    except (ValueError, TypeError):
        return []
    if away >= WINDOW:
        return [
            Note(
                Sign.GAP,
                f"距上次采集已 {away.days} 天，而 Google 只给最近 7 天变动的评论：更早的漏掉了。"
                "请在 Play 管理中心下载每月的评论报告（CSV）导入。",
            )
        ]
    if away >= ALARM:
        return [
            Note(Sign.RUNNING_OUT, f"距上次采集已 {away.days} 天；满 7 天后更早的评论就取不到了，请确保采集不中断。")
        ]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePlay:
    """Reads the reviews of an app whose owner gave a service account the right to see them."""

    title = "Google Play 评论（自家应用）"
    options = (
        Option("package", "应用的包名", required=True, placeholder="com.example.app"),
        Option(
            "credentials",
            "服务账号的 JSON 密钥文件；须在 Play 管理中心授予它“回复评价”权限",
            required=True,
            placeholder="file:/etc/xianwai/google.json",
            secret=True,
        ),
        interface_at(_SITE),
        OWN_SITE,
    )

    package: str
    account: "ServiceAccount"
    url: str
    fetch: Fetch
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def build(cls, options: Mapping[str, Any], fetch: Fetch) -> "GooglePlay":
        """A collector of the reviews of `package`. Raises `CollectorNotConfigured`."""
        package = options["package"]
        if not re.fullmatch(r"[A-Za-z]\w{0,99}(\.[A-Za-z]\w{0,99}){1,20}", package, re.ASCII):
            raise CollectorNotConfigured(
                f"选项 package 的值“{package}”不是包名，应类似 com.example.app。", option="package"
            )
        return cls(
            package=package, account=_account(options["credentials"]), url=base_address(options["url"]), fetch=fetch
        )

    def collect(self, cursor: Cursor) -> Batch:
        """The reviews written or edited since `cursor`, as far as Google still gives them."""
        now, fetch = self.clock(), rationed(self.fetch, self.clock, cursor)
        api = Interface(address=self.url, fetch=fetch, headers={"Authorization": f"Bearer {self._token(fetch, now)}"})
        stamps = table(cursor.get("stamps"))
        items, are_all = self._read(api, stamps)
        posts = [item for item in items if isinstance(item, RawPost)]
        fresh = {_key(post): stamp_of(post) for post in posts}
        after = {
            "visited": now.isoformat(),
            "stamps": dict(list({**fresh, **stamps, **fresh}.items())[:_KEPT]),
            **fetch.as_cursor(),
        }
        notes = notes_on_absence(str(cursor.get("visited", "")), now)
        if not are_all:
            notes.append(Note(Sign.GAP, f"翻了 {_PAGES} 页仍未读完，可能漏评。请缩短采集间隔。"))
        told = [told_as_edit(post, whole(stamps.get(_key(post))) or 0) for post in posts]
        return to_batch([*told, *(item for item in items if isinstance(item, Rejection))], after, notes=notes)

    def _token(self, fetch: Rationed, now: datetime) -> str:
        request = import_module("scrapers.fetching.google_account").token_request(self.account, SCOPE, now)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address = self.account.token_address
        try:
            answer = table(read_json(fetch(address, headers=headers, data=request), address))
        except CollectError as error:
            _explain(error, {400, 401, 403}, "Google 不接受这个服务账号；请检查密钥是否已停用或删除。")
            raise
        token = word(answer.get("access_token"))
        if not token:
            raise CollectError(f"Google 没有给出令牌：{word(answer.get('error'))[:100]}", permanent=True)
        return token

    def _read(self, api: Interface, stamps: Mapping[str, Any]) -> tuple[list[Item], bool]:
        """Page after page, the newest change first, until one where nothing changed; whether that was all."""
        items: list[Item] = []
        query: dict[str, Any] = {"maxResults": _PAGE_SIZE}
        met: set[str] = set()
        for _ in range(_PAGES):
            data, page = self._page(api, query)
            items += page
            token = word(table(table(data).get("tokenPagination")).get("nextPageToken"))
            if not token or token in met or _nothing_changed(page, stamps):
                return items, True
            met.add(token)
            query = {"maxResults": _PAGE_SIZE, "token": token}
        return items, False

    def _page(self, api: Interface, query: Mapping[str, Any]) -> tuple[Any, list[Item]]:
        try:
            answer = api.ask(f"/androidpublisher/v3/applications/{self.package}/reviews", query)
        except CollectError as error:
            advice = "服务账号看不到这个应用的评论；请在 Play 管理中心给它“回复评价”权限，并检查包名。"
            _explain(error, {401, 403, 404}, advice)
            raise
        return answer.data, parse_reviews(answer.data, self.package, answer.reading(5), "Google Play")


def _key(post: RawPost) -> str:
    # Google's ids are some ninety letters long, too long to keep hundreds of.
    return digest(post.external_id)[:12]


def _nothing_changed(page: Sequence[Item], stamps: Mapping[str, Any]) -> bool:
    posts = [item for item in page if isinstance(item, RawPost)]
    return bool(posts) and all(stamps.get(_key(post)) == stamp_of(post) for post in posts)


def _explain(error: CollectError, statuses: set[int], advice: str) -> None:
    """Raises the error anew, with what to do, where the refusal is of the account and not of us."""
    if error.status in statuses and error.retry_after is None:
        raise CollectError(f"{advice}（{error.status}）", permanent=True, status=error.status) from error


def _account(key_file: str) -> "ServiceAccount":
    try:
        module = import_module("scrapers.fetching.google_account")
    except ImportError as error:
        raise CollectorNotConfigured(
            "采集 Google Play 需要 google-auth：请先 pip install 'xianwai[google]'", option="credentials"
        ) from error
    account: ServiceAccount = module.read_account(key_file)
    return account

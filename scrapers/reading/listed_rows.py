"""The rows of a page: which become posts, which are refused and why, and which the source says are deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrapers.base import Gone, Rejection
from scrapers.errors import CollectorNotConfigured
from scrapers.reading.pages import Page
from scrapers.reading.posts import Item, Reading, absolute, digest, fields_of, next_address, shape_post

MARK = "_mark"
"""The key in `RawPost.extra` of what changes in a listing when a post's own page has something new."""
LINK = "_link"
"""The key in `RawPost.extra` of the address of a post's own page."""


@dataclass(slots=True)
class Rows:
    """Takes the rows of one page in their order. `required` are the fields without which a row is no post."""

    reading: Reading
    url: str
    required: Sequence[str] = ()
    items: list[Item] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    taken: int = 0

    def take(self, words: dict[str, str], *, deleted: bool = False, mark: str = "", detail: str = "") -> None:
        """Adds a row: its plain words by field, whether it says it is deleted, and its mark and page of its own."""
        self.taken += 1
        words["url"] = absolute(self.url, words.pop("link", ""))
        named = bool(words.get("id", "").strip() or words["url"])
        extra = {MARK: digest(mark)[:8]} if mark else {}
        if detail:
            extra[LINK] = next_address(self.url, detail)
        post = shape_post(fields_of(words, extra), self.reading)
        reason = self._why_not(words, named=named, deleted=deleted)
        if named or not reason:
            self.names.append(f"{post.external_id} {extra[MARK]}" if mark else post.external_id)
        if not reason and deleted:
            self.gone.append(Gone(post.external_id, "来源标明这一条已删除"))
        elif not reason and post.text:
            self.items.append(post)
        else:
            self.items.append(Rejection(f"{self.url} 第 {self.taken} 条", reason or "正文里没有可读的文字"))
            self.refused += [post.external_id] if named else []

    def _why_not(self, words: Mapping[str, str], *, named: bool, deleted: bool) -> str:
        """Why a row is of no use, or nothing."""
        if deleted:
            return "" if named else "来源标明已删除，但没有编号，不知道是哪一条"
        missing = [name for name in self.required if not words.get("url" if name == "link" else name, "").strip()]
        if missing:
            return f"缺少必填项 {'、'.join(missing)}"
        empty = not words.get("text", "").strip() and not words.get("title", "").strip()
        return "text 和 title 都没有取到文字" if empty else ""

    def all_lack(self, least: int) -> bool:
        """Whether there are rows, `least` or more, and none of them is of any use."""
        return self.taken >= least and self.taken == sum(isinstance(item, Rejection) for item in self.items)

    def first_reason(self) -> str:
        """Why the first row was refused."""
        return next((item.reason for item in self.items if isinstance(item, Rejection)), "")

    def page(self) -> Page:
        """The page of these rows."""
        return Page(items=self.items, gone=self.gone, names=self.names, refused=self.refused)


def required_of(options: Mapping[str, Any], known: Mapping[str, Any], default: str = "") -> tuple[str, ...]:
    """The fields that each row must have. Raises `CollectorNotConfigured` for one that is not read at all."""
    named = str(options.get("required") or default).replace("，", ",").replace("、", ",").split(",")
    names = tuple(name.strip() for name in named if name.strip())
    for name in names:
        if name not in known:
            raise CollectorNotConfigured(
                f"选项 required 里的“{name}”没有填写取法；已填的有：{'、'.join(known)}。", option="required"
            )
    return names

"""The Link header (RFC 8288), with which an interface says where its next page is."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_LINK = re.compile(r'<([^<>]{1,2000})>((?:\s*;\s*[\w*-]{1,40}\s*=\s*(?:"[^"]{0,400}"|[^\s",;]{0,400})){0,20})')
_RELATION = re.compile(r'(?i);\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))')


def read_links(header: str) -> dict[str, str]:
    """The addresses that a Link header names, by relation (`next`, `prev`); the first of each."""
    found: dict[str, str] = {}
    for address, parameters in _LINK.findall(header[:20_000]):
        relation = _RELATION.search(parameters)
        for name in (relation[1] or relation[2] or "").lower().split() if relation else ():
            found.setdefault(name, address.strip())
    return found


def linked_query(headers: Mapping[str, str], relation: str) -> str:
    """The query of the address that a response names for `relation`, or nothing.

    Only the query: what follows is asked at the address we know, so that a header can send no token to another host.
    """
    try:
        return urlsplit(read_links(headers.get("link", "")).get(relation, "")).query
    except ValueError:
        return ""

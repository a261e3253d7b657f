"""What can go wrong while collecting.

CollectError
└── CollectorNotConfigured
"""


class CollectError(Exception):
    """A visit failed. The message says what, where and how to mend it, in Chinese, for a person who runs the source.

    `permanent` means that trying again changes nothing until a person acts (login wall, refused by robots.txt, gone).
    `status` is the HTTP status that the site answered with, or 0 where there was no answer or another reason: a kind
    that reads one page per thread needs it to tell a deleted thread from a site that is down.
    """

    code = "collect_error"

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: float | None = None, status: int = 0
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status


class CollectorNotConfigured(CollectError):
    """A source's options are wrong; `option` names the one."""

    code = "collector_not_configured"

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message, permanent=True)
        self.option = option

"""What can go wrong while collecting.

CollectError
└── CollectorNotConfigured
"""


class CollectError(Exception):
    """A visit failed. The message says what, where and how to mend it, in Chinese, for a person who runs the source.

    `permanent` means that trying again changes nothing until a person acts (login wall, refused by robots.txt, gone).
    """

    code = "collect_error"

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class CollectorNotConfigured(CollectError):
    """A source's options are wrong; `option` names the one."""

    code = "collector_not_configured"

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message, permanent=True)
        self.option = option

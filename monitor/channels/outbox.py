"""Mail that stays at home: the message is to be read on the outbox page, and nothing leaves the machine."""

from monitor.domain.alerts import Message


class OutboxChannel:
    """Takes every message; the row in the database is the mail."""

    def send(self, message: Message) -> None:
        """Nothing to do: the outbox page shows the row."""

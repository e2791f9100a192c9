"""The mail backend if no mail server is configured: logs a warning for each message."""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class NoMailServer(BaseEmailBackend):
    """Sends nothing and logs it. Set EMAIL_URL to send mail."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Log each message; returns 0, the number sent."""
        for message in email_messages:
            log.warning("No mail server is configured (EMAIL_URL); not sent: %s", message.subject)
        return 0

"""What stands in where no mail server is configured: mail is refused with a warning in the log,
never in silence.
"""

import logging
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class NoMailServer(BaseEmailBackend):
    """Sends nothing and says so; set EMAIL_URL to send mail."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Log each message that could not be sent; returns 0, the number sent."""
        for message in email_messages:
            log.warning("No mail server is configured (EMAIL_URL); not sent: %s", message.subject)
        return 0

import os
import smtplib
from email.message import EmailMessage


def send_mail(to: str, subject: str, text: str) -> None:
    """Runs in a worker thread: BackgroundTasks hands plain functions to one."""
    message = EmailMessage()
    message["To"] = to
    message["From"] = "shop@example.com"
    message["Subject"] = subject
    message.set_content(text)
    host = os.environ.get("SHOP_MAIL_HOST")
    if not host:
        return
    with smtplib.SMTP(host, timeout=10) as server:
        server.send_message(message)

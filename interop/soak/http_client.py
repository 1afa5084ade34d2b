"""One connection that is made again when it breaks."""

import http.client
import time

TIMEOUT_SECONDS = 30
PAUSE_SECONDS = 0.2
# Come back later: what HTTP says so with, and a key that is being sealed.
LATER = (408, 409, 425, 429, 503, 504)


class Client:
    def __init__(self, port, headers):
        self.port, self.headers, self.connection = port, headers, None

    def once(self, method, path, body=b"", headers=None):
        """Status and body of one attempt; None if there was no answer."""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
            self.connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
            status, text = answer.status, answer.read()
            if answer.will_close:
                self.close()
            return status, text
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def is_later(answered):
    """Whether the same has to be sent again."""
    return answered is None or answered[0] in LATER


def pause():
    time.sleep(PAUSE_SECONDS)

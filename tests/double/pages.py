"""The HTML that providers answer where JSON was asked for."""

MAINTENANCE = """<!DOCTYPE html><html lang="en"><head><title>Maintenance</title></head>
<body><h1>We'll be back soon!</h1><p>Sorry for the inconvenience, we're performing some maintenance.</p></body></html>
"""
JUST_A_MOMENT = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript></body></html>
"""


def _nginx(status: str) -> str:
    heading = f"<center><h1>{status}</h1></center><hr><center>nginx</center>"
    return f"<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n{heading}\r\n</body>\r\n</html>\r\n"


HTTP_PAGES = {
    "http500": (500, _nginx("500 Internal Server Error")),
    "http502": (502, _nginx("502 Bad Gateway")),
    "http503": (503, _nginx("503 Service Temporarily Unavailable")),
    "http403": (403, JUST_A_MOMENT),
}

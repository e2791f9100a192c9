"""`python -m tests.double`: run the provider until a signal, or until standard input ends."""

import asyncio
import signal
import sys

from tests.double.options import Options
from tests.double.server import Server


async def run(options: Options) -> None:
    """Serve; prints the control address, then `ready` with the API's address, each on its own
    line.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.until_eof:
        # an ended parent closes the pipe, however it died and on whatever system
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        watch = loop.create_task(reader.read())
        watch.add_done_callback(lambda _: stop.set())

    server = Server(options)
    await server.start()
    say(f"control http://{options.host}:{server.control_port}/_control")
    say(f"ready http://{options.host}:{server.port}/api/v2")
    await stop.wait()
    server.close()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    chosen = Options.from_command_line()
    try:
        asyncio.run(run(chosen))
    except OSError as problem:
        sys.exit(f"cannot listen on {chosen.host}:{chosen.port}: {problem.strerror}")

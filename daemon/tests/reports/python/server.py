"""A mail server on a free port of this machine: it wants STARTTLS and a password, prints its port, and then each message as
one line of JSON."""

import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import AuthResult

CERTIFICATE, KEY, PASSWORD = sys.argv[1:]


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        message = base64.b64encode(envelope.content).decode()
        told = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "encrypted": session.ssl is not None, "message": message}
        print(json.dumps(told), flush=True)
        return "250 taken"


def signed_in(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password.decode() == PASSWORD)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
loop = asyncio.new_event_loop()
controller = UnthreadedController(
    Keeper(),
    hostname="127.0.0.1",
    port=0,
    loop=loop,
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=signed_in,
)
controller.begin()
print(controller.server.sockets[0].getsockname()[1], flush=True)
loop.run_forever()

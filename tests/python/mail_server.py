"""A mail server by aiosmtpd. Says its port and then every mail it took, each as a line of JSON.

    mail_server.py SECURITY PORT CERTIFICATE KEY USER PASSWORD

SECURITY is starttls or tls. Takes nothing without a sign-in. What comes to refused@ it refuses, to
later@ it cannot take now, and slow@ it never answers.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

_, security, port, certificate, key, user, password = sys.argv


def say(value):
    print(json.dumps(value), flush=True)


class Taker:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name == "refused":
            return "550 5.1.1 No such person here"
        if name == "later":
            return "451 4.3.0 Come back later"
        if name == "slow":
            say({"stuck": address})
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        protocol = server.transport.get_extra_info("cipher")[1]
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "protocol": protocol,
                "data": envelope.content.decode(),
            }
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    is_right = (data.login, data.password) == (user.encode(), password.encode())
    return AuthResult(success=is_right)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    is_wrapped = security == "tls"

    def begin():
        return SMTP(
            Taker(),
            hostname="localhost",
            tls_context=None if is_wrapped else context,
            require_starttls=not is_wrapped,
            auth_required=True,
            auth_require_tls=not is_wrapped,
            authenticator=authenticate,
            loop=asyncio.get_running_loop(),
        )

    wrapped = context if is_wrapped else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(begin, "127.0.0.1", int(port), ssl=wrapped)
    say({"port": server.sockets[0].getsockname()[1]})
    await server.serve_forever()


asyncio.run(main())

"""NTP and plain HTTP with a `Date`, in virtual time: right or wrong as the plan says."""

import asyncio
import email.utils

from megacam.sim import ntp_server

from soak.plan import Plan
from soak.truth import Truth

NTP_HOSTS = ("pool.ntp.org", "time.google.com")
HTTP_HOSTS = ("connectivitycheck.gstatic.com", "detectportal.firefox.com")


class TimeServers:
    """Both servers. `asked` counts their requests, `ignored` is whether one gets no answer."""

    def __init__(self, truth: Truth, plan: Plan):
        self.asked = 0
        self.ignored = False
        self._truth = truth
        self._plan = plan

    async def start(self) -> tuple[int, int]:
        """Listen on loopback; return the ports of NTP (UDP) and HTTP."""
        loop = asyncio.get_running_loop()
        self._ntp, _ = await loop.create_datagram_endpoint(
            lambda: _NTP(self), local_addr=("127.0.0.1", 0)
        )
        self._http = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._ntp.get_extra_info("sockname")[1], self._http.sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._ntp.close()
        self._http.close()

    def active(self, kind: str):
        return self._plan.active(kind, self._truth.now_s)

    def utc(self) -> float:
        """Return the UTC time that these servers report."""
        lie = self.active("ntp-lies")
        return self._truth.utc() + (int(lie.detail) if lie else 0)

    async def _serve(self, reader, writer) -> None:
        self.asked += 1
        fault = self.active("date-wrong")
        wrong = fault.detail if fault else ""
        try:
            await reader.readuntil(b"\r\n\r\n")
            lines = (
                ""
                if wrong == "none"
                else f"Date: {email.utils.formatdate(self.utc(), usegmt=True)}\r\n"
            )
            if wrong == "cached":
                lines += "Age: 4000\r\n"
            status = "204 No Content"
            if wrong == "redirect":
                status, lines = "302 Found", lines + "Location: http://login.example/\r\n"
            if wrong != "closed":
                writer.write(f"HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _NTP(asyncio.DatagramProtocol):
    def __init__(self, servers: TimeServers):
        self._servers = servers

    def connection_made(self, transport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        servers = self._servers
        servers.asked += 1
        servers.ignored = bool(servers.active("ntp-blocked") or servers.active("packets-lost"))
        if servers.ignored:
            return
        fault = servers.active("ntp-wrong")
        now = servers.utc()
        self._transport.sendto(
            ntp_server.reply(data, now, now, str(fault.detail) if fault else ""), addr
        )

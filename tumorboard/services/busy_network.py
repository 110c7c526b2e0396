"""Which machines a calendar may be fetched from: addresses of the public internet only, found once and kept."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from tumorboard.domain.errors import BadInput

HTTPS_PORT = 443
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_IPV4_COMPATIBLE = IPv6Network("::/96")
_PLATFORM = frozenset({IPv4Address("168.63.129.16")})
"""Public numbers that a cloud answers from inside the machine."""

Resolver = Callable[[str, float], Sequence[str]]
"""A host name and how many seconds there are → its addresses. Raises OSError."""


def is_public(address: str) -> bool:
    """True for an address that belongs to the public internet, whatever is wrapped in it.

    Not so: private, loopback, link-local, shared, reserved, multicast and unspecified ones, also as IPv4 inside of
    IPv6 (mapped, compatible, NAT64, 6to4, Teredo).
    """
    try:
        number = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _is_public(number) and "%" not in address


def _is_public(number: IPv4Address | IPv6Address) -> bool:
    if number.is_multicast or number.is_reserved or not number.is_global or number in _PLATFORM:
        return isinstance(number, IPv6Address) and number in _NAT64 and _is_public(_last_four(number))
    if isinstance(number, IPv4Address):
        return True
    if number.is_site_local or number.teredo is not None or number in _LOCAL_NAT64 or number in _IPV4_COMPATIBLE:
        return False
    if number in _NAT64:
        return _is_public(_last_four(number))
    inner = number.ipv4_mapped or number.sixtofour
    return inner is None or _is_public(inner)


def _last_four(number: IPv6Address) -> IPv4Address:
    return IPv4Address(number.packed[-4:])


def resolve_host(host: str, seconds: float) -> Sequence[str]:
    """Every address of a host in the system's order. Raises OSError, TimeoutError after `seconds`."""
    answers: queue.Queue[list[str] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            answers.put([str(entry[4][0]) for entry in found])
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="resolve-host", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer from the name servers within {seconds:g} seconds") from None
    if isinstance(answer, OSError):
        raise answer
    return tuple(dict.fromkeys(answer))


def make_context() -> ssl.SSLContext:
    """Checks certificate and name against the authorities of the system."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found and trusted. The default is for the service; tests have a small network of their own."""

    resolve: Resolver = resolve_host
    is_allowed: Callable[[str], bool] = is_public
    make_context: Callable[[], ssl.SSLContext] = make_context
    port: int = HTTPS_PORT
    connect_seconds: float = 10.0
    total_seconds: float = 20.0

    def find_addresses(self, host: str, seconds: float) -> tuple[str, ...]:
        """The addresses of a host, all of them allowed.

        Raises BadInput `fetch-unresolved`, `fetch-timeout`, `address-private` when one of them is not public.
        """
        try:
            found = tuple(self.resolve(host, seconds))
        except TimeoutError:
            raise BadInput(f"the name of {host} was not resolved in time; try later", code="fetch-timeout") from None
        except OSError:
            found = ()
        if not found:
            raise BadInput(f"there is no host {host}; look at the address again", code="fetch-unresolved")
        if not all(self.is_allowed(address) for address in found):
            raise BadInput(
                f"{host} lies in a private network, and nothing is fetched from there; let the IT staff put the "
                "calendar into the folder",
                code="address-private",
            )
        return found

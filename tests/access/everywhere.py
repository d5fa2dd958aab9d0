"""All tiers of `shardplane up`: whoever lies to one of them is nobody there, be it a router, a frontend or a member."""
import entry, nodes
from calls import call, credential, hold, sign, user
from tiers import system


def run():
    with system(frontends=1, members=1, routers=1) as tiers:
        pki = tiers.folder / "pki"
        for process in tiers.processes:
            entry.spoofed_headers(process, process.name)
            entry.client_certificates(process, pki, tiers.folder, process.name)
            if process in tiers.routers:
                no_proxies(process, pki, tiers.folder)
                known_users(process, pki, tiers.folder)
            else:
                entry.front_proxies(process, pki, tiers.folder, process.name)
    with system(frontends=2, members=2, routers=1) as tiers:
        nodes.run(tiers)


def no_proxies(router, pki, folder):
    """A router believes no proxy: what it says of users, it has found out itself."""
    for subject, authority, wanted in [("/CN=front-proxy-client", "front-proxy-ca", 401), ("/CN=someone-else", "front-proxy-ca", 401),
                                       ("/CN=front-proxy-client", "ca", 403)]:
        certificate = sign(pki, authority, subject, folder)
        for headers in [entry.SPOOFED, *entry.OTHERS]:
            found = call(router, "GET", entry.SECRETS, token=None, headers=headers, certificate=certificate)[0]
            hold(f"{router.name}: {subject} of {authority} with {list(headers)}", found, wanted)


def known_users(router, pki, folder):
    """Who shows a router a certificate is known behind it with all that it says."""
    certificate = sign(pki, "ca", "/O=devs/CN=sue", folder)
    hold(f"{router.name}: a user of a certificate", user(router, token=None, headers=entry.SPOOFED, certificate=certificate), {
        "username": "sue", "groups": ["devs", "system:authenticated"], "extra": credential(certificate[0])})

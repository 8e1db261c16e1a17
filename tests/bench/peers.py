"""Proxies, configured alike: one serving thread on one core, keep-alive on both sides, idle connections shared by all
clients, sessions hashed with loads bounded at 125 %, X-Forwarded-For, no log.
"""

import os

from children import Child, free_ports, version

MAX_CONNECTIONS = 8192
BALANCE = "hash req.hdr(x-session-id)"

HAPROXY_CONFIG = """\
global
  nbthread 1
  maxconn {connections}
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 600s
  timeout http-keep-alive 75s
frontend clients
  bind 127.0.0.1:{port}
  default_backend replicas
backend replicas
  balance {balance}
  hash-type consistent
  hash-balance-factor 125
  http-reuse always
  option forwardfor
{more}{servers}
"""


class HAProxy:
    name = "haproxy"

    def __init__(self, directory, core, origin_ports, more=(), connections=MAX_CONNECTIONS, balance=BALANCE):
        self.port = free_ports(1)[0]
        servers = "\n".join(f"  server r{i} 127.0.0.1:{port}" for i, port in enumerate(origin_ports))
        path = os.path.join(directory, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(HAPROXY_CONFIG.format(connections=connections, port=self.port, servers=servers,
                                             balance=balance, more="".join(f"  {line}\n" for line in more)))
        self.child = Child(self.name, ["haproxy", "-db", "-q", "-f", path], directory, core)
        self.child.wait_for_port(self.port)

    @staticmethod
    def describe(more=(), connections=MAX_CONNECTIONS, balance=BALANCE):
        return (f"{version(['haproxy', '-v']).partition(' - ')[0]}: nbthread 1, balance {balance}, "
                "hash-type consistent, hash-balance-factor 125, http-reuse always, option forwardfor, "
                f"maxconn {connections}, no log" + "".join(f", {line}" for line in more))


class Warmpath:
    name = "warmpathd"

    def __init__(self, build, directory, core, origin_ports, extra, connections=MAX_CONNECTIONS, name=name):
        self.name = name
        self.port, self.admin = free_ports(2)
        program = os.path.join(build, "controlplane", "warmpathd")
        replicas = [word for port in origin_ports for word in ("--replica", f"http://127.0.0.1:{port}")]
        arguments = [program, "--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{self.admin}",
                     "--shards", "1", "--no-pin", "--max-connections", str(connections), *replicas, *extra]
        self.child = Child(self.name, arguments, directory, core)
        self.child.wait_for_port(self.port)

    @staticmethod
    def describe(build):
        said = version([os.path.join(build, "controlplane", "warmpathd"), "--version"])
        return f"{said}: 1 shard, sessions by X-Session-ID, load factor 1.25, the rest as by default"

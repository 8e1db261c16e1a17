"""The origin and the two proxies, configured alike: one serving thread on one core, keep-alive on both sides, idle
connections shared by all clients, sessions hashed with loads bounded at 125 %, X-Forwarded-For, no log.
"""

import os
import subprocess

from children import Child, free_ports

ORIGINS = 4
MAX_CONNECTIONS = 8192

REPLY = (
    '{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,'
    '"message":{"role":"assistant","content":"The replica that has already read the beginning of this conversation '
    'answers it soonest."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":256,'
    '"completion_tokens":17,"total_tokens":273,"prompt_tokens_details":{"cached_tokens":240}}}'
)

# One worker that drops the request's body and answers from its configuration: the cheapest server of a fixed reply
# there is in Debian, and the same for both proxies. It listens on one port for each replica.
ORIGIN_CONFIG = """\
daemon off;
master_process off;
worker_processes 1;
error_log stderr;
pid {directory}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  client_body_temp_path {directory}/nginx-body;
  proxy_temp_path {directory}/nginx-proxy;
  fastcgi_temp_path {directory}/nginx-fastcgi;
  uwsgi_temp_path {directory}/nginx-uwsgi;
  scgi_temp_path {directory}/nginx-scgi;
  server {{
{listen}
    location / {{ return 200 '{reply}'; }}
  }}
}}
"""

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
  balance hash req.hdr(x-session-id)
  hash-type consistent
  hash-balance-factor 125
  http-reuse always
  option forwardfor
{more}{servers}
"""


def version(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


class Origin:
    def __init__(self, directory, core):
        self.ports = free_ports(ORIGINS)
        listen = "\n".join(f"    listen 127.0.0.1:{port} backlog=4096;" for port in self.ports)
        path = os.path.join(directory, "nginx.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(ORIGIN_CONFIG.format(directory=directory, listen=listen, reply=REPLY))
        self.child = Child("nginx", ["nginx", "-p", directory, "-c", path], directory, core)
        self.child.wait_for_port(self.ports[-1])

    @staticmethod
    def describe():
        return (f"{version(['nginx', '-v'])}: 1 worker on {ORIGINS} ports, {len(REPLY)} bytes of JSON, "
                "reads and drops the body, keep-alive")


class HAProxy:
    name = "haproxy"

    def __init__(self, directory, core, origin_ports, more=(), connections=MAX_CONNECTIONS):
        self.port = free_ports(1)[0]
        servers = "\n".join(f"  server r{i} 127.0.0.1:{port}" for i, port in enumerate(origin_ports))
        path = os.path.join(directory, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(HAPROXY_CONFIG.format(connections=connections, port=self.port, servers=servers,
                                             more="".join(f"  {line}\n" for line in more)))
        self.child = Child(self.name, ["haproxy", "-db", "-q", "-f", path], directory, core)
        self.child.wait_for_port(self.port)

    @staticmethod
    def describe(more=(), connections=MAX_CONNECTIONS):
        return (f"{version(['haproxy', '-v']).partition(' - ')[0]}: nbthread 1, balance hash req.hdr(x-session-id), "
                "hash-type consistent, hash-balance-factor 125, http-reuse always, option forwardfor, "
                f"maxconn {connections}, no log" + "".join(f", {line}" for line in more))


class Warmpath:
    name = "warmpathd"

    def __init__(self, build, directory, core, origin_ports, extra, connections=MAX_CONNECTIONS):
        self.port, admin = free_ports(2)
        program = os.path.join(build, "controlplane", "warmpathd")
        replicas = [word for port in origin_ports for word in ("--replica", f"http://127.0.0.1:{port}")]
        arguments = [program, "--listen", f"127.0.0.1:{self.port}", "--admin", f"127.0.0.1:{admin}", "--shards", "1",
                     "--no-pin", "--max-connections", str(connections), *replicas, *extra]
        self.child = Child(self.name, arguments, directory, core)
        self.child.wait_for_port(self.port)

    @staticmethod
    def describe(build):
        said = version([os.path.join(build, "controlplane", "warmpathd"), "--version"])
        return f"{said}: 1 shard, strategy prefix with X-Session-ID, load factor 1.25, the rest as by default"

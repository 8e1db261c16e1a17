"""Debian's servers with the least configuration under which they take what warmpathd may forward: long lines, many
fields, every name; and nothing that turns their own strictness off."""

import os
import re

from origins import BehindScgi, Forwarding, free_port, program

MODULES = "/usr/lib/apache2/modules"


class Nginx(BehindScgi):
    def __init__(self, directory):
        super().__init__("nginx", directory)
        port = free_port()
        folders = "\n".join(f"{kind}_temp_path {self.directory}/{kind};"
                            for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        path = self.write("nginx.conf", f"""
daemon off; master_process off; pid {self.directory}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; {folders}
  underscores_in_headers on; ignore_invalid_headers off;
  large_client_header_buffers 8 64k; merge_slashes off; keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      scgi_pass 127.0.0.1:{self.application.port};
      scgi_param REQUEST_METHOD $request_method;
      scgi_param REQUEST_URI $request_uri;
      scgi_param CONTENT_TYPE $content_type;
    }}
  }}
}}
""")
        self.start([program("nginx"), "-c", path, "-e", "stderr", "-p", self.directory], port)


class Apache(BehindScgi):
    # "Proxy" would become HTTP_PROXY (CVE-2016-5387), and a name with other bytes than these a shell's variable.
    unseen = staticmethod(lambda field: field[0] == b"proxy" or re.search(rb"[^a-z0-9-]", field[0]))

    def __init__(self, directory):
        super().__init__("apache2", directory)
        port = free_port()
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so"
                            for name in ("mpm_event", "authz_core", "proxy", "proxy_scgi"))
        path = self.write("apache2.conf", f"""
ServerRoot {self.directory}
{modules}
Listen 127.0.0.1:{port}
ServerName warmpath.test
User nobody
Group nogroup
PidFile {self.directory}/pid
Mutex pthread
ErrorLog /dev/stderr
KeepAlive On
MaxKeepAliveRequests 0
LimitRequestLine 65000
LimitRequestFieldSize 65000
LimitRequestFields 0
AllowEncodedSlashes NoDecode
ProxyPass / scgi://127.0.0.1:{self.application.port}/ nocanon
<Location "/">
  CGIPassAuth On
</Location>
""")
        self.start([program("apache2"), "-X", "-f", path], port)


class Lighttpd(BehindScgi):
    unseen = staticmethod(lambda field: not field[1])  # a field without a value is none to it

    def __init__(self, directory):
        super().__init__("lighttpd", directory)
        port = free_port()
        path = self.write("lighttpd.conf", f"""
server.document-root = "{self.directory}"
server.upload-dirs = ("{self.directory}")
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_scgi")
server.max-request-field-size = 65535
server.max-keep-alive-requests = 1000
scgi.server = ("/" => (("host" => "127.0.0.1", "port" => {self.application.port}, "check-local" => "disable")))
""")
        self.start([program("lighttpd"), "-D", "-f", path], port)


class Haproxy(Forwarding):
    def __init__(self, directory):
        super().__init__("haproxy", directory)
        port = free_port()
        path = self.write("haproxy.cfg", f"""
global
  maxconn 64
  tune.bufsize 131072
  tune.http.maxhdr 256
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend front
  bind 127.0.0.1:{port}
  default_backend back
backend back
  server recorder 127.0.0.1:{self.recorder_port}
""")
        self.start([program("haproxy"), "-db", "-f", path], port)


class Varnish(Forwarding):
    def __init__(self, directory):
        super().__init__("varnish", directory)
        port = free_port()
        path = self.write("default.vcl", f"""
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{self.recorder_port}"; }}
sub vcl_recv {{ return (pass); }}
sub vcl_backend_fetch {{ return (fetch); }}
""")
        settings = {"http_req_hdr_len": "64k", "http_req_size": "128k", "http_max_hdr": 256, "workspace_client": "512k",
                    "workspace_backend": "512k", "thread_pools": 1, "thread_pool_min": 10}
        parameters = [word for name, value in settings.items() for word in ("-p", f"{name}={value}")]
        self.start([program("varnishd"), "-F", "-f", path, "-a", f"127.0.0.1:{port}", "-T", "none", "-j", "none",
                    "-n", os.path.join(self.directory, "state"), "-s", "malloc,16m", *parameters], port)

    def take(self):
        views = super().take()
        for view in views:  # it adds whom it saw to the list, as every front should
            view.fields = [(name, value.removesuffix(b", 127.0.0.1") if name == b"x-forwarded-for" else value)
                           for name, value in view.fields]
        return views

"""A WS-Management host whose security is not ours: the tokens are accepted and
the messages unsealed by GSSAPI (MIT Kerberos, and gss-ntlmssp for NTLM).

One JSON object on the command line configures it; it prints "ready PORT" and,
for GET /stats, what it has counted. The commands that it knows:

  echo TEXT          TEXT to standard output
  exit N TEXT        TEXT to standard error, exit code N
  big N              N bytes
  split              a text of two-byte characters, cut inside one
  cat                standard input to standard output
  sleep N            N seconds, with OperationTimeout faults meanwhile
  hang               the connection, not answered any more
  quota              Receive is refused for want of operations
  empty              Receive is answered by status 400 and nothing else
  part               Receive is answered by half of a sealed body
  endless            Receive is answered by 64 MB that are not sealed
"""

import base64
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import gssapi
import gssapi.raw

CONF = json.loads(sys.argv[1])
STATS = {"posts": 0, "handshakes": 0, "plaintext": 0, "sealed": 0, "receives": 0, "open": 0, "created": 0,
         "deleted": 0, "signals": 0, "written": 0, "connections": 0, "mechanisms": []}
LOCK = threading.Lock()
SHELLS = {}

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
RSP = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
SEALED = f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"'


def count(key, by=1):
    with LOCK:
        STATS[key] += by


def envelope(action, relates, body):
    return (f'<s:Envelope xmlns:s="{S}" xmlns:a="{A}" xmlns:w="{W}" xmlns:rsp="{RSP}" '
            'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" '
            'xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault">'
            f'<s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>'
            f'<a:RelatesTo>{relates}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>').encode()


def fault(relates, code, subcode, text):
    body = (f'<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:{subcode}</s:Value></s:Subcode></s:Code>'
            f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail><f:WSManFault Code="{code}" Machine="acceptor">'
            f'<f:Message>{text}</f:Message></f:WSManFault></s:Detail></s:Fault>')
    return 500, envelope("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", relates, body)


class Command:
    def __init__(self, line):
        self.id = str(uuid.uuid4()).upper()
        self.word, _, self.rest = line.partition(" ")
        self.stdin, self.ended, self.begun, self.sent = b"", False, time.time(), False

    def pieces(self):
        """What one Receive gives: a list of (stream, bytes), and the exit code or None."""
        if self.word == "echo":
            return [("stdout", self.rest.encode())], 0
        if self.word == "exit":
            number, _, text = self.rest.partition(" ")
            return [("stderr", text.encode())], int(number)
        if self.word == "split":
            text = "äöü€".encode()
            if not self.sent:
                self.sent = True
                return [("stdout", text[:1]), ("stdout", text[1:4])], None
            return [("stdout", text[4:])], 0
        if self.word == "big":
            left = int(self.rest)
            step = min(left, 100000)
            self.rest = str(left - step)
            return [("stdout", b"x" * step)], (0 if left == step else None)
        if self.word == "cat":
            deadline = time.time() + 2
            while not self.ended and time.time() < deadline:
                time.sleep(0.01)
            return ([("stdout", self.stdin)], 0) if self.ended else (None, None)
        if self.word == "sleep":
            left = self.begun + float(self.rest) - time.time()
            if left > CONF.get("operation_timeout", 0.5):
                time.sleep(CONF.get("operation_timeout", 0.5))
                return None, None
            time.sleep(max(left, 0))
            return [("stdout", b"slept")], 0
        return [("stderr", f"'{self.word}' is not recognized".encode())], 9009


def text_of(root, path):
    found = root.find(path)
    return "" if found is None or found.text is None else found.text.strip()


def answer(soap):
    """The WS-Management of it: (status, bytes), or None to hang."""
    root = ElementTree.fromstring(soap)
    action = text_of(root, f"{{{S}}}Header/{{{A}}}Action").rsplit("/", 1)[1]
    relates = text_of(root, f"{{{S}}}Header/{{{A}}}MessageID")
    shell = text_of(root, f"{{{S}}}Header/{{{W}}}SelectorSet/{{{W}}}Selector")
    body = root.find(f"{{{S}}}Body")
    if action == "Create":
        with LOCK:
            if len(SHELLS) >= CONF.get("max_shells", 30):
                return fault(relates, 2150859173, "QuotaLimit", "too many shells")
            sid = str(uuid.uuid4()).upper()
            SHELLS[sid] = {}
            STATS["created"] += 1
            STATS["open"] += 1
        selector = f'<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">{sid}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>'
        return 200, envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse", relates,
                             selector + f"<rsp:Shell><rsp:ShellId>{sid}</rsp:ShellId></rsp:Shell>")
    commands = SHELLS.get(shell)
    if commands is None:
        return fault(relates, 2150858843, "InvalidSelectors", "the shell is gone")
    if action == "Delete":
        with LOCK:
            SHELLS.pop(shell, None)
            STATS["deleted"] += 1
            STATS["open"] -= 1
        return 200, envelope("http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse", relates, "")
    if action == "Command":
        command = Command(text_of(body, f"{{{RSP}}}CommandLine/{{{RSP}}}Command"))
        commands[command.id] = command
        return 200, envelope(RSP + "/CommandResponse", relates, f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>")
    if action == "Send":
        stream = body.find(f"{{{RSP}}}Send/{{{RSP}}}Stream")
        command = commands[stream.get("CommandId")]
        command.stdin += base64.b64decode(stream.text or "")
        command.ended = stream.get("End") == "true"
        return 200, envelope(RSP + "/SendResponse", relates, "<rsp:SendResponse/>")
    if action == "Signal":
        count("signals")
        return 200, envelope(RSP + "/SignalResponse", relates, "<rsp:SignalResponse/>")
    if action == "Receive":
        count("receives")
        command = commands[body.find(f"{{{RSP}}}Receive/{{{RSP}}}DesiredStream").get("CommandId")]
        if command.word == "hang":
            return None
        if command.word in ("empty", "part", "endless"):
            return command.word, b""
        if command.word == "quota":
            return fault(relates, 2150859174, "QuotaLimit", "too many operations")
        pieces, code = command.pieces()
        if pieces is None:
            return fault(relates, 2150858793, "TimedOut", "nothing yet")
        out = "".join(f'<rsp:Stream Name="{name}" CommandId="{command.id}">{base64.b64encode(data).decode()}</rsp:Stream>' for name, data in pieces)
        if code is None:
            out += f'<rsp:CommandState CommandId="{command.id}" State="{RSP}/CommandState/Running"/>'
        else:
            out += f'<rsp:Stream Name="stdout" CommandId="{command.id}" End="true"/>'
            out += f'<rsp:CommandState CommandId="{command.id}" State="{RSP}/CommandState/Done"><rsp:ExitCode>{code}</rsp:ExitCode></rsp:CommandState>'
        return 200, envelope(RSP + "/ReceiveResponse", relates, f"<rsp:ReceiveResponse>{out}</rsp:ReceiveResponse>")
    return fault(relates, 2150858817, "InternalError", "unknown action")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A handshake's small answers would wait for acknowledgements otherwise.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        count("connections")
        self.context, self.authenticated = None, False

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", kind="application/soap+xml;charset=UTF-8", token=None):
        self.send_response(status)
        if token is not None:
            self.send_header("WWW-Authenticate", ("Negotiate " + base64.b64encode(token).decode()).strip())
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with LOCK:
            self.reply(200, json.dumps(STATS).encode(), "application/json")

    def do_POST(self):
        count("posts")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        auth = self.headers.get("Authorization", "")
        if auth.startswith("Negotiate "):
            return self.negotiate(base64.b64decode(auth[10:]), body)
        kind = self.headers.get("Content-Type", "")
        if "multipart/encrypted" in kind and self.authenticated:
            return self.sealed(body)
        if CONF.get("tls") and self.authenticated and body:
            return self.soap(body)
        if b"Envelope" in body:
            count("plaintext")
            if CONF.get("allow_plain"):
                return self.soap(body)
            if CONF.get("unencrypted") == 500 and self.authenticated:
                return self.reply(500)
        if self.authenticated and CONF.get("empty_post") == 500:
            return self.reply(500)
        return self.reply(401, token=b"")

    def negotiate(self, token, body):
        count("handshakes")
        if CONF.get("broken") == "handshake":
            # As a host does that does not like the empty message.
            return self.reply(500)
        if self.context is None or self.authenticated or self.context.complete:
            self.authenticated = False
            self.context = gssapi.SecurityContext(creds=CREDENTIALS, usage="accept", channel_bindings=BINDINGS)
        out = b""
        try:
            out = self.context.step(token)
            complete = self.context.complete  # raises what step kept back to give a token first
        except gssapi.exceptions.GSSError as e:
            print("refused:", str(e).replace("\n", " "), file=sys.stderr, flush=True)
            self.context = None
            return self.reply(401, token=out or b"")
        if not complete:
            return self.reply(401, token=out or b"")
        self.authenticated = True
        mech = self.context.mech.dotted_form if hasattr(self.context.mech, "dotted_form") else str(self.context.mech)
        with LOCK:
            if mech not in STATS["mechanisms"]:
                STATS["mechanisms"].append(mech)
        if body and CONF.get("tls"):
            return self.soap(body, out)
        return self.reply(200, token=out)

    def odd(self, got):
        """Answers that no host should give; true when that was done."""
        if got is None:
            time.sleep(3600)
        elif got[0] == "empty":
            self.reply(400)
        elif got[0] == "part":
            self.reply(200, b"--Encrypted Boundary\r\n\tOriginalContent", SEALED)
        elif got[0] == "endless":
            self.send_response(200)
            self.send_header("Content-Type", "application/soap+xml")
            self.send_header("Content-Length", str(64 << 20))
            self.end_headers()
            for _ in range(64):
                self.wfile.write(b" " * (1 << 20))
                count("written")
        else:
            return False
        return True

    def soap(self, body, token=None):
        got = answer(body)
        if self.odd(got):
            return None
        self.forget(body)
        return self.reply(got[0], got[1], token=token)

    def forget(self, soap):
        """Some hosts want each request authenticated, or lose a connection's user."""
        if any(a.encode() in soap for a in CONF.get("forget", [])):
            self.authenticated = False

    def sealed(self, body):
        count("sealed")
        length = int(re.search(rb"Length=(\d+)", body).group(1))
        start = body.index(b"application/octet-stream\r\n") + len(b"application/octet-stream\r\n")
        size = struct.unpack("<I", body[start:start + 4])[0]
        end = body.rindex(b"--Encrypted Boundary--")
        plain, encrypted, _ = gssapi.raw.unwrap(self.context, body[start + 4:end])
        if not encrypted or len(plain) != length or size > end - start:
            return self.reply(400)
        got = answer(plain)
        if self.odd(got):
            return None
        self.forget(plain)
        header, data = self.wrap(got[1])
        out = (f"--Encrypted Boundary\r\n\tContent-Type: {SPNEGO}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(got[1])}\r\n"
               "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n").encode()
        out += struct.pack("<I", len(header)) + header + data + b"--Encrypted Boundary--\r\n"
        return self.reply(got[0], out, SEALED)

    def wrap(self, plain):
        if "1.2.840.113554.1.2.2" in STATS["mechanisms"]:
            iov = gssapi.raw.IOV(gssapi.raw.IOVBufferType.header, plain, gssapi.raw.IOVBufferType.padding, std_layout=False)
            gssapi.raw.wrap_iov(self.context, iov, confidential=True)
            return iov[0].value, iov[1].value + (iov[2].value or b"")
        token = gssapi.raw.wrap(self.context, plain, True).message
        return token[:16], token[16:]


def main():
    global CREDENTIALS, BINDINGS
    BINDINGS = None
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if CONF.get("tls"):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(CONF["tls"])
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        if CONF.get("bindings"):
            BINDINGS = gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + bytes.fromhex(CONF["bindings"]))
    mechs = [gssapi.OID.from_int_seq(m) for m in CONF["mechanisms"]]
    CREDENTIALS = gssapi.Credentials(usage="accept", mechs=mechs)
    print("ready", server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


main()

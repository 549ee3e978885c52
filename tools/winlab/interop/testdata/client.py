"""A WinRM client of GSS-API: it shares no code with the lab.

It logs on with gss-ntlmssp or MIT Kerberos, raw or in SPNEGO, seals with
gss_wrap or gss_wrap_iov, runs each line it is given in one shell, and prints
one JSON object a line.
"""
import argparse
import base64
import hashlib
import http.client
import json
import re
import ssl
import struct
import sys
import uuid

import gssapi
import gssapi.raw as gr

NTLM = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
KRB5 = gssapi.OID.from_int_seq("1.2.840.113554.1.2.2")
SPNEGO = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
BOUNDARY = b"--Encrypted Boundary"


class Client:
    def __init__(self, a):
        self.a = a
        self.secure = a.cafile is not None
        if self.secure:
            context = ssl.create_default_context(cafile=a.cafile)
            self.conn = http.client.HTTPSConnection(a.host, a.port, context=context, timeout=60)
        else:
            self.conn = http.client.HTTPConnection(a.host, a.port, timeout=60)
        self.conn.connect()
        bindings = None
        if a.bind:
            data = self.conn.sock.getpeercert(binary_form=True) if a.bind == "right" else b"other"
            bindings = gr.ChannelBindings(application_data=b"tls-server-end-point:" + hashlib.sha256(data).digest())
        inner = NTLM if a.mech == "ntlm" else KRB5
        mech = SPNEGO if a.wrap == "spnego" else inner
        usage = {"usage": "initiate"}
        name = gssapi.Name(a.user, gssapi.NameType.user)
        if a.mech == "ntlm":
            creds = gssapi.Credentials(name=name, mechs=[inner] if mech is inner else [SPNEGO, inner], **usage)
        else:
            creds = gssapi.Credentials(mechs=[inner] if mech is inner else [SPNEGO, inner], **usage)
        if a.wrap == "spnego":
            gr.set_neg_mechs(creds, [inner])
        flags = (gssapi.RequirementFlag.confidentiality | gssapi.RequirementFlag.integrity |
                 gssapi.RequirementFlag.out_of_sequence_detection)
        if not a.one_way:
            flags |= gssapi.RequirementFlag.mutual_authentication
        self.ctx = gssapi.SecurityContext(
            name=gssapi.Name(a.spn, gssapi.NameType.hostbased_service), creds=creds, mech=mech,
            flags=flags, channel_bindings=bindings, **usage)

    def post(self, body, headers):
        self.conn.request("POST", "/wsman", body=body, headers={"Connection": "Keep-Alive", **headers})
        r = self.conn.getresponse()
        return r, r.read()

    def logon(self):
        """Steps until the context stands; gives the number of requests."""
        token, n = self.ctx.step(), 0
        while True:
            n += 1
            r, _ = self.post(b"", {"Authorization": "Negotiate " + base64.b64encode(token).decode(),
                                   "Content-Type": "application/soap+xml;charset=UTF-8"})
            challenge = r.getheader("WWW-Authenticate") or ""
            given = base64.b64decode(challenge[len("Negotiate "):]) if challenge.startswith("Negotiate ") else None
            if r.status == 200:
                if given:
                    self.ctx.step(given)
                if not self.ctx.complete:
                    raise RuntimeError("the server is done and we are not")
                return n
            if r.status != 401 or not given:
                raise PermissionError(f"HTTP {r.status}, WWW-Authenticate {challenge!r}")
            token = self.ctx.step(given)

    def seal(self, plain):
        if self.a.mech == "ntlm":
            out = gr.wrap(self.ctx, plain, confidential=True).message
            return out[:16], out[16:]
        if self.a.seal == "wrap":
            out = gr.wrap(self.ctx, plain, confidential=True).message
            return out[:16], out[16:]
        iov = gr.IOV(gr.IOVBufferType.header, plain, gr.IOVBufferType.padding, std_layout=False)
        gr.wrap_iov(self.ctx, iov, confidential=True)
        return iov[0].value, iov[1].value + (iov[2].value or b"")

    def unseal(self, head, data):
        if self.a.mech != "ntlm" and self.a.seal == "iov":
            iov = gr.IOV((gr.IOVBufferType.header, False, head), data, (gr.IOVBufferType.padding, False, b""), std_layout=False)
            gr.unwrap_iov(self.ctx, iov)
            return iov[1].value
        return gr.unwrap(self.ctx, head + data).message

    def soap(self, body):
        body = body.encode()
        if self.secure:
            r, answer = self.post(body, {"Content-Type": "application/soap+xml;charset=UTF-8"})
            return r.status, answer.decode()
        protocol = "Kerberos" if self.a.protocol == "kerberos" else "SPNEGO"
        kind = f"application/HTTP-{protocol}-session-encrypted"
        head, data = self.seal(body)
        sealed = (BOUNDARY + b"\r\n\tContent-Type: " + kind.encode() +
                  b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n" % len(body) +
                  BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n" +
                  struct.pack("<I", len(head)) + head + data + BOUNDARY + b"--\r\n")
        r, answer = self.post(sealed, {"Content-Type": f'multipart/encrypted;protocol="{kind}";boundary="Encrypted Boundary"'})
        if not answer.startswith(BOUNDARY):
            raise RuntimeError(f"HTTP {r.status} unsealed: {answer[:200]!r}")
        assert kind in r.getheader("Content-Type")
        size = int(re.search(rb"Length=(\d+)", answer).group(1))
        part = answer[answer.index(b"octet-stream\r\n") + len(b"octet-stream\r\n"):-len(BOUNDARY) - 4]
        n = struct.unpack("<I", part[:4])[0]
        plain = self.unseal(part[4:4 + n], part[4 + n:])
        assert len(plain) == size, (len(plain), size)
        return r.status, plain.decode()

    def message(self, action, body, shell=None, options=""):
        message_id = str(uuid.uuid4())
        selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell}</w:Selector></w:SelectorSet>' if shell else ""
        status, answer = self.soap(
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="' + SHELL + '"><s:Header>'
            f'<a:To>http://lab/wsman</a:To><w:ResourceURI s:mustUnderstand="true">{SHELL}/cmd</w:ResourceURI>'
            '<a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>'
            f'<a:Action s:mustUnderstand="true">{action}</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>'
            f'<a:MessageID>uuid:{message_id}</a:MessageID><w:OperationTimeout>PT20.000S</w:OperationTimeout>{selector}{options}</s:Header>'
            f'<s:Body>{body}</s:Body></s:Envelope>')
        assert f"<a:RelatesTo>uuid:{message_id}</a:RelatesTo>" in answer, answer
        if status != 200:
            raise RuntimeError(f"HTTP {status}: {answer}")
        return answer

    def run(self, shell, line, stdin):
        answer = self.message(SHELL + "/Command", f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>", shell)
        command = re.search("<rsp:CommandId>(.*?)<", answer).group(1)
        self.message(SHELL + "/Send", f'<rsp:Send><rsp:Stream Name="stdin" CommandId="{command}" End="true">'
                     f"{base64.b64encode(stdin).decode()}</rsp:Stream></rsp:Send>", shell)
        out = {"stdout": b"", "stderr": b""}
        while True:
            answer = self.message(SHELL + "/Receive", f'<rsp:Receive><rsp:DesiredStream CommandId="{command}">stdout stderr'
                                  "</rsp:DesiredStream></rsp:Receive>", shell)
            for name, text in re.findall('<rsp:Stream Name="(.*?)"[^>]*>([^<]*)<', answer):
                out[name] += base64.b64decode(text)
            code = re.search("<rsp:ExitCode>(.*?)<", answer)
            if code:
                return {"stdout": out["stdout"].decode(), "stderr": out["stderr"].decode(), "exit": int(code.group(1))}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--mech", choices=["ntlm", "kerberos"], required=True)
    p.add_argument("--wrap", choices=["raw", "spnego"], required=True)
    p.add_argument("--seal", choices=["wrap", "iov"], default="wrap")
    p.add_argument("--protocol", choices=["spnego", "kerberos"], default="spnego")
    p.add_argument("--one-way", action="store_true")
    p.add_argument("--bind", choices=["right", "wrong"])
    p.add_argument("--cafile")
    p.add_argument("--spn", default="HTTP@ws01.northvalley.example")
    p.add_argument("--user", default="NORTHVALLEY\\osiris")
    p.add_argument("line", nargs="*")
    a = p.parse_args()
    c = Client(a)
    try:
        posts = c.logon()
    except (PermissionError, gssapi.exceptions.GSSError) as e:
        print(json.dumps({"refused": str(e)}))
        return
    answer = c.message(TRANSFER + "/Create", "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr"
                       "</rsp:OutputStreams></rsp:Shell>", options='<w:OptionSet><w:Option Name="WINRS_CODEPAGE">65001</w:Option></w:OptionSet>')
    shell = re.search("<rsp:ShellId>(.*?)<", answer).group(1)
    selector = re.search('<w:Selector Name="ShellId">(.*?)<', answer).group(1)
    assert shell == selector, (shell, selector)
    print(json.dumps({"posts": posts}))
    stdin = sys.stdin.buffer.read()
    for line in a.line:
        print(json.dumps(c.run(shell, line, stdin)))
    c.message(TRANSFER + "/Delete", "", shell)


main()

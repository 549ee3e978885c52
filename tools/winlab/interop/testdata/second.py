"""pywinrm against the lab: prints one JSON object for each line it is given."""
import json
import sys

from winrm.protocol import Protocol

endpoint, transport, encryption, user, password, ca = sys.argv[1:7]
p = Protocol(endpoint=endpoint, transport=transport, username=user, password=password, message_encryption=encryption,
             ca_trust_path=ca or None, kerberos_hostname_override="ws01.northvalley.example",
             server_cert_validation="validate")
shell = p.open_shell(codepage=65001)
print(json.dumps({"posts": 0}))
for line in sys.argv[7:]:
    command = p.run_command(shell, line)
    out, err, code = p.get_command_output(shell, command)
    p.cleanup_command(shell, command)
    print(json.dumps({"stdout": out.decode(), "stderr": err.decode(), "exit": code}))
p.close_shell(shell)

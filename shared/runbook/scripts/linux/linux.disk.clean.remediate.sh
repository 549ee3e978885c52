# Downloaded packages, and what systemd's own rules say is old. Never logs: they are
# evidence, and so are crash dumps.
if command -v apt-get >/dev/null; then
  osiris_out=$(apt-get -o DPkg::Lock::Timeout=60 clean 2>&1) || fail 'the downloads of apt cannot be deleted'
elif command -v dnf >/dev/null; then
  osiris_out=$(dnf -q clean packages 2>&1) || fail 'the downloads of dnf cannot be deleted'
elif command -v zypper >/dev/null; then
  osiris_out=$(zypper --non-interactive clean 2>&1) || fail 'the downloads of zypper cannot be deleted'
fi
changed
if command -v systemd-tmpfiles >/dev/null; then
  # Of all its rules only those of the folders for temporary files.
  osiris_out=$(systemd-tmpfiles --clean --prefix=/tmp --prefix=/var/tmp 2>&1) || note 'Some temporary files could not be deleted.'
fi

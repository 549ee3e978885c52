# The drop-in of our own is all that remediate writes.
osiris_file=/etc/ssh/sshd_config.d/00-osiris-root.conf
if [ -L "$osiris_file" ] || { [ -e "$osiris_file" ] && [ ! -f "$osiris_file" ]; }; then
  fail "$osiris_file is no ordinary file"
fi
if [ ! -e "$osiris_file" ]; then
  state absent
  exit 0
fi
osiris_content=$(cat "$osiris_file") || fail "$osiris_file cannot be read"
state present
state "$osiris_content"

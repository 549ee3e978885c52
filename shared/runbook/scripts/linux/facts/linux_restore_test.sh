# The file that a person touches after a tried restore.
osiris_file=/var/lib/osiris/backup/restored
if [ ! -e "$osiris_file" ]; then
  fact restore_test ''
  exit 0
fi
osiris_at=$(stat -c %Y "$osiris_file" 2>/dev/null) || fail "$osiris_file cannot be looked at"
osiris_now=$(date +%s) || fail 'the time cannot be read'
if [ "$osiris_at" -gt "$osiris_now" ]; then
  fail "$osiris_file is of the future"
fi
fact restore_test "AgeDays=$(((osiris_now - osiris_at) / 86400))"

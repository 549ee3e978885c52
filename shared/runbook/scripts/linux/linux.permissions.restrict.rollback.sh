# What is deepest comes first: as long as the folders above are closed, nobody can
# put something else in a file's place.
printf '%s\n' "$OSIRIS_SNAPSHOT" | awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' | while read -r osiris_mode osiris_user osiris_group osiris_file; do
  case $osiris_mode/$osiris_user/$osiris_group in
    *[!0-9/]* | */ | /* | *//*) fail 'the snapshot is not one of this runbook' ;;
  esac
  case $osiris_file in
    */../* | */..) fail 'the snapshot is not one of this runbook' ;;
    /etc | /root | /etc/* | /root/.ssh | /root/.ssh/*) ;;
    *) fail 'the snapshot is not one of this runbook' ;;
  esac
  if [ ! -e "$osiris_file" ] || [ -L "$osiris_file" ]; then
    note "$osiris_file is gone, or a link now."
    continue
  fi
  case $osiris_file in
    /etc | /root) ;;
    *)
      if ! roots_alone "$osiris_file"; then
        note "$osiris_file is in a folder that others write, and was left alone."
        continue
      fi
      ;;
  esac
  # A change of owner clears bits of the mode, so the mode comes last.
  if [ "$(stat -c '%a %u %g' "$osiris_file")" != "$osiris_mode $osiris_user $osiris_group" ]; then
    { chown "$osiris_user:$osiris_group" "$osiris_file" && chmod "$osiris_mode" "$osiris_file"; } || fail "$osiris_file cannot be put back"
    changed
  fi
done

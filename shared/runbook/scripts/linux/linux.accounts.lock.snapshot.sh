# Names only: an empty password is all that there is to know of theirs.
accounts_without_password | while IFS= read -r osiris_name; do
  state "empty $osiris_name"
done
state end

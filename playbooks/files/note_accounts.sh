# note_accounts.sh FOLDER CHECKING ACCOUNT…: prints which of the accounts the server does not have, and notes in FOLDER that
# these are ours. Before they are made: a run that breaks off in between must not leave one that nobody takes back.
set -eu
folder=$1/created checking=$2
shift 2
if [ "$checking" != true ]; then
    mkdir -p -m 755 "${folder%/*}"
    mkdir -p -m 700 "$folder"
fi
umask 077
for account in "$@"; do
    if getent passwd "$account" >/dev/null; then continue; fi
    if [ "$checking" != true ]; then : >>"$folder/$account"; fi
    printf '%s\n' "$account"
done

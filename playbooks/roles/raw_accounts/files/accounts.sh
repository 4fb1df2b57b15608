# Sets accounts up and takes them back with a POSIX shell alone: for a first contact by password, and for servers
# without Python. Leaves what the roles management_account and requester_accounts leave, and the same notes.
#   sh accounts.sh add       RECORDS [KIND NAME KEYS]…   sets up; KIND is management or account, KEYS one a line
#   sh accounts.sh set_up    RECORDS [KIND NAME KEYS]…   the same, and takes back noted accounts that are not named
#   sh accounts.sh take_back RECORDS [KIND NAME KEYS]…   takes back; of an account of the letter its data stays
# Runs as root. A line "changed: …" for each change, "failed: …" and exit status 1 when it cannot go on.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077
verb=$1 records=$2
shift 2

changed() { printf 'changed: %s\n' "$*"; }
failed() { printf 'failed: %s\n' "$*"; exit 1; }
entry() { grep "^$1:" /etc/passwd || true; }
# What is done in an account's home is done as that account: a link there leads nowhere that it could not go anyway.
as() { su -s /bin/sh "$1" -c "cd && $2"; }

make() {
  : >"$records/created/$1" # noted before it is made: whatever breaks off in between, it is taken back one day
  shell=/bin/sh
  if [ -x /bin/bash ]; then shell=/bin/bash; fi
  if command -v useradd >/dev/null; then useradd -m -c "$2" -s "$shell" "$1"; else adduser -D -g "$2" -s "$shell" "$1"; fi
  printf '%s:*\n' "$1" | chpasswd -e
  changed "account $1 made"
}

keep() {
  if [ -e "$records/created/$1" ] || [ -e "$records/kept/$1" ]; then return 0; fi
  rm -rf "$records/kept/$1.new"
  mkdir -p "$records/kept/$1.new"
  for file in authorized_keys authorized_keys2; do
    if as "$1" "[ -f .ssh/$file ] && [ ! -L .ssh/$file ]"; then as "$1" "cat .ssh/$file" >"$records/kept/$1.new/$file"; fi
  done
  mv "$records/kept/$1.new" "$records/kept/$1"
  changed "the keys that the owner had on $1 are kept"
}

set_keys() {
  as "$1" 'if [ -L .ssh ]; then exit 1; fi; mkdir -p .ssh && chmod 700 . .ssh' || failed "the home of $1 cannot be closed to others"
  if [ "$(as "$1" 'cat .ssh/authorized_keys 2>/dev/null' || true)" != "$2" ]; then
    printf '%s\n' "$2" | as "$1" 'umask 077; cat >.ssh/authorized_keys.new && mv .ssh/authorized_keys.new .ssh/authorized_keys' ||
      failed "the keys of $1 cannot be written"
    changed "keys of $1"
  fi
  as "$1" 'chmod 600 .ssh/authorized_keys'
  if as "$1" '[ -e .ssh/authorized_keys2 ]'; then
    as "$1" 'rm -f .ssh/authorized_keys2'
    changed "second key file of $1 removed"
  fi
}

let_become_root() {
  rule="$1 ALL=(ALL:ALL) NOPASSWD: ALL"
  rm -rf /usr/local/lib/sopctl # of a time when it had sudo for the gathering script alone
  if [ "$(cat /etc/sudoers.d/sopctl 2>/dev/null || true)" = "$rule" ]; then return 0; fi
  command -v visudo >/dev/null || failed "the server has no sudo, which the account $1 needs: install it"
  printf '%s\n' "$rule" >/etc/sudoers.d/.sopctl.new # sudo skips names with a dot
  visudo -cqf /etc/sudoers.d/.sopctl.new || failed "sudo refuses our rule"
  chmod 440 /etc/sudoers.d/.sopctl.new
  mv /etc/sudoers.d/.sopctl.new /etc/sudoers.d/sopctl
  changed "$1 may become root"
}

set_up_one() {
  comment=
  if [ "$1" = management ]; then comment="Data centre management"; fi
  if [ -z "$(entry "$2")" ]; then make "$2" "$comment"; fi
  if [ "$1" = account ]; then keep "$2"; fi
  set_keys "$2" "$3"
  if [ "$1" = management ]; then let_become_root "$2"; fi
}

# An account of the letter: removed when it is ours, but never its data; else the owner's keys go back.
take_back_account() {
  if [ -e "$records/created/$1" ]; then
    if [ -n "$(entry "$1")" ]; then
      if command -v userdel >/dev/null; then userdel -f "$1" 2>/dev/null || [ -z "$(entry "$1")" ]; else deluser "$1"; fi
      changed "account $1 removed"
    fi
  elif [ -d "$records/kept/$1" ]; then
    for file in authorized_keys authorized_keys2; do
      if [ -e "$records/kept/$1/$file" ]; then
        as "$1" "umask 077; cat >.ssh/$file" <"$records/kept/$1/$file"
      else
        as "$1" "rm -f .ssh/$file"
      fi
    done
    changed "the owner's keys on $1 are back"
  fi
  rm -rf "$records/created/$1" "$records/kept/$1"
}

# The management account, last of all: an account that was there before keeps everything but our key.
take_back_management() {
  rm -rf /etc/sudoers.d/sopctl /usr/local/lib/sopctl
  if [ -e "$records/created/$1" ]; then
    if [ -n "$(entry "$1")" ]; then
      if command -v userdel >/dev/null; then userdel -f -r "$1" 2>/dev/null || [ -z "$(entry "$1")" ]; else deluser --remove-home "$1"; fi
    fi
  elif [ -n "$(entry "$1")" ]; then
    kept=$(as "$1" 'cat .ssh/authorized_keys' | grep -vxF -- "$2" || true)
    printf '%s\n' "$kept" | as "$1" 'umask 077; cat >.ssh/authorized_keys'
  fi
  rm -rf "${records:?}"
  changed "management account $1 taken back"
}

# The whole is read before it begins: what it does may end the connection by which it came.
main() {
  mkdir -p "$records/created" "$records/kept"
  chmod 700 "$records" "$records/created"
  named=" " management="" management_key=""
  while [ $# -ge 3 ]; do
    named="$named$2 "
    if [ "$verb" != take_back ]; then
      set_up_one "$1" "$2" "$3"
    elif [ "$1" = account ]; then
      take_back_account "$2"
    else
      management=$2 management_key=$3
    fi
    shift 3
  done
  if [ "$verb" = set_up ]; then
    for note in "$records"/created/* "$records"/kept/*; do
      name=${note##*/}
      if [ -e "$note" ]; then case $named in *" $name "*) ;; *) take_back_account "$name" ;; esac; fi
    done
  fi
  rmdir "$records/kept" 2>/dev/null || true
  if [ -n "$management" ]; then take_back_management "$management" "$management_key"; fi
}
main "$@" </dev/null

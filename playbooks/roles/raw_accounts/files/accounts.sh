# Sets accounts up and takes them back with a POSIX shell alone, behind the functions of way_in.sh: for the roles
# management_account and requester_accounts, for a first contact by password, and for servers without Python.
#   add       RECORDS [KIND NAME KEYS]…   sets up; KIND is management, account or spared (named, and left alone), KEYS one a line
#   set_up    RECORDS [KIND NAME KEYS]…   the same, and takes back noted accounts that are not named
#   take_back RECORDS [KIND NAME KEYS]…   takes back; of an account of the letter its data stays
# With CHECKING=true nothing is changed. REPAIR is the cause of the last failed access try: the letter's accounts are then
# repaired for that, and for nothing else. DEPOSIT, where it is given, is noted on the server; on one that has the note of
# another deposit nothing is done.
# Runs as root. A line "changed: …" for each change, "failed: …" and exit status 1 when it cannot go on.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077
verb=$1 records=$2
shift 2

changed() { printf 'changed: %s\n' "$*"; }
failed() { printf 'failed: %s\n' "$*"; exit 1; }
do_it() { [ "${CHECKING:-}" = true ] || "$@"; }
shadow() { { getent shadow "$1" 2>/dev/null || grep "^$1:" /etc/shadow 2>/dev/null || true; } | cut -d: -f"$2"; }

# Noted before it is made: whatever breaks off in between, it is taken back one day. The note also has what was there of
# its name: `home` when the home was, and the line of a group.
make() {
  changed "account $1 made"
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  group=$(getent group "$1" 2>/dev/null || grep "^$1:" /etc/group || true)
  {
    if there "$(new_home "$1")"; then echo home; fi
    if [ -n "$group" ]; then printf 'group %s\n' "$group"; fi
    for mailbox in "/var/mail/$1" "/var/spool/mail/$1"; do if there "$mailbox"; then echo mailbox; fi; done
  } >"$records/created/$1"
  shell=/bin/sh
  if [ -x /bin/bash ]; then shell=/bin/bash; fi
  (
    umask 022
    if ! command -v useradd >/dev/null; then
      adduser -D -g "$2" -s "$shell" "$1"
    else
      comment=$2 name=$1
      set -- -m
      if [ -n "$comment" ]; then set -- "$@" -k /var/empty/sopctl; fi # ours needs nothing of what the owner gives to people
      if [ -n "$group" ]; then set -- "$@" -N; fi # with it, the account would get what the owner lets its members do
      useradd "$@" -c "$comment" -s "$shell" "$name"
    fi
  ) || failed "the account $1 cannot be made"
  printf '%s:*\n' "$1" | chpasswd -e
  if ! grep -qx home "$records/created/$1"; then as "$1" 'chmod 700 "$0"' "$(home_of "$1")"; fi
  if [ -n "$(keys_elsewhere "$1")" ]; then note_way_in "$1" "$records/kept/$1" keys_elsewhere; fi
}

# What an owner's account has; for one of ours, what was in its place.
keep() {
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  if [ -e "$records/created/$1" ] && ! grep -qx home "$records/created/$1"; then return 0; fi
  if [ -d "$records/kept/$1" ] && [ ! -e "$records/kept/$1/paths" ]; then return 0; fi # noted by an older version
  note_way_in "$1" "$records/kept/$1" || failed "what the server has of $1 cannot be noted"
}

set_keys() {
  files=$(key_files "$1")
  first=$(printf '%s\n' "$files" | head -n 1)
  [ -n "$first" ] || failed "sshd reads no file of keys that is $1's own (AuthorizedKeysFile)"
  if [ "$(read_keys "$1" "$first")" != "$2" ]; then
    changed "keys of $1"
    make_folders "$1" "$first"
    printf '%s\n' "$2" | do_it write_keys "$1" "$first" || failed "the keys of $1 cannot be written to $first$(why_not "$first")"
  fi
  printf '%s\n' "$files" | sed 1d | while IFS= read -r file; do
    if [ -z "$(read_keys "$1" "$file")" ]; then continue; fi
    changed "keys of $1 in $file emptied"
    do_it write_keys "$1" "$file" </dev/null || failed "$file cannot be emptied$(why_not "$file")"
  done
  refused "$1" "$first" | while read -r what path; do
    changed "$path, which sshd refuses for its $what"
    do_it repair "$1" "$what" "$path" || failed "sshd refuses the keys of $1 for the $what of $path, which cannot be mended"
  done
}

make_folders() { # ACCOUNT FILE: its home, where the first login would have made it, and the folder of the file
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  home=$(home_of "$1")
  if [ ! -e "$home" ]; then
    root_alone "$home" || failed "the home of $1, $home, is not there"
    (umask 022 && mkdir -p "${home%/*}" && mkdir -m 700 "$home" && chown "$1:$(id -g "$1")" "$home")
  fi
  for path in "$home" "${2%/*}"; do # of an account of this name that was here before; what is in it stays root's
    if [ -d "$path" ] && [ -e "$records/created/$1" ] && [ "$(stat -c %u -- "$path")" = 0 ] && ! as "$1" 'test -x "$0"' "$path"; then
      own "$1" "$(id -u "$1"):$(id -g "$1")" "$path" || failed "$path cannot be handed to $1"
    fi
  done
  if [ -d "${2%/*}" ]; then return 0; fi
  as "$1" 'umask 077; mkdir -p "$0" 2>/dev/null' "${2%/*}" || { root_alone "${2%/*}" && (umask 022 && mkdir -p "${2%/*}"); } ||
    failed "${2%/*} cannot be made$(why_not "${2%/*}")"
}

repair() { # ACCOUNT WHAT PATH
  if [ "$2" = mode ]; then
    set_mode "$1" go-w "$3"
  else
    case $3 in "$(home_of "$1")"/*) own "$1" "$(id -u "$1"):$(id -g "$1")" "$3" ;; *) return 1 ;; esac
  fi
}

# Only after an access try that failed for such a reason: until then, a lock or an expiry is the owner's decision.
mend_account() {
  case ${REPAIR:-} in account-expired | password-expired | denied | locked | no-shell | shell-broken) ;; *) return 0 ;; esac
  case $REPAIR in account-expired | denied) mend "$1" expiry "$(shadow "$1" 8)" "" ;; esac
  case $REPAIR in password-expired) mend "$1" age "$(shadow "$1" 5)" 99999 ;; esac
  case $REPAIR in
    account-expired | denied | locked) # the lock is the "!" before the hash; an empty one behind it would need no password
      hash=$(shadow "$1" 2)
      case $hash in '!' | '!!') mend "$1" password "$hash" '*' ;; '!'*) mend "$1" password "$hash" "${hash#!}" ;; esac
      ;;
  esac
  if [ -x /bin/bash ]; then mend "$1" shell "$(entry "$1" | cut -d: -f7)" /bin/bash; fi
}

mend() { # ACCOUNT WHAT OLD NEW: what it was is noted once
  if [ "$3" = "$4" ]; then return 0; fi
  changed "$2 of the account $1"
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  if [ ! -e "$records/created/$1" ] && [ -d "$records/kept/$1" ] && [ ! -e "$records/kept/$1/$2" ]; then
    printf '%s\n' "$3" "$4" >"$records/kept/$1/$2"
  fi
  put "$1" "$2" "$4"
}

put() {
  case $2 in
    expiry) usermod -e "$3" "$1" ;;
    age) chage -M "${3:--1}" "$1" ;;
    password) usermod -p "$3" "$1" ;;
    shell) usermod -s "$3" "$1" ;;
  esac
}

now_has() {
  case $2 in expiry) shadow "$1" 8 ;; age) shadow "$1" 5 ;; password) shadow "$1" 2 ;; shell) entry "$1" | cut -d: -f7 ;; esac
}

is_ours() { # an account that has our key was let in here before
  [ -e "$records/created/$1" ] || key_files "$1" | while IFS= read -r file; do read_keys "$1" "$file"; done | grep -qxF -- "$2"
}

# The rule has the account's name, so that it is no file of the owner's; older versions called it sopctl.
let_become_root() {
  place=/etc/sudoers.d/$1
  rule="$1 ALL=(ALL:ALL) NOPASSWD: ALL"
  if grep -rqsw requiretty /etc/sudoers /etc/sudoers.d; then rule="Defaults:$1 !requiretty
$rule"; fi
  if [ "$1" != sopctl ] && grep -qs "^$1 ALL=" /etc/sudoers.d/sopctl; then do_it rm -f /etc/sudoers.d/sopctl; fi
  if [ -e /usr/local/lib/sopctl/gather ]; then # of a time when it had sudo for the gathering script alone
    changed "the gathering script removed"
    do_it rm -rf /usr/local/lib/sopctl
  fi
  if [ "$(cat "$place" 2>/dev/null || true)" = "$rule" ]; then return 0; fi
  if [ -e "$place" ] && ! grep -qE "^$1 ALL=\((ALL:ALL\) NOPASSWD: ALL|root\) NOPASSWD: NOSETENV: /usr/local/lib/sopctl/gather \"\")\$" "$place"; then
    failed "$place is a file of the server's owner: the office needs another account here (access.management_account of the record, or management_account in sopctl.yml)"
  fi
  command -v visudo >/dev/null || failed "the server has no sudo, which the account $1 needs: install it"
  changed "$1 may become root"
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  new=/etc/sudoers.d/.sopctl.new # sudo skips names with a dot
  printf '%s\n' "$rule" >"$new" || failed "$new cannot be written$(why_not "$new")"
  visudo -cqf "$new" || failed "sudo refuses our rule"
  chmod 440 "$new"
  mv "$new" "$place" || failed "$place cannot be written$(why_not "$place")"
  if ! as "$1" 'sudo -n true' </dev/null >/dev/null 2>&1; then
    rm -f "$place"
    failed "$1 does not become root by $place: sudo reads no such folder, or another rule of the owner's comes after it (sudo -l -U $1)"
  fi
}

refuse_other() { # before anything is changed
  if [ -n "${DEPOSIT:-}" ] && [ -s "$records/deposit" ] && [ "$(head -c 60 "$records/deposit")" != "$DEPOSIT" ]; then
    failed "this is the server of another deposit: it has the note of $(head -c 60 "$records/deposit" | tr -cd 'A-Z0-9-'), not of $DEPOSIT"
  fi
}

note_deposit() {
  if [ -z "${DEPOSIT:-}" ] || [ -s "$records/deposit" ]; then return 0; fi
  changed "the deposit $DEPOSIT noted in $records/deposit"
  if [ "${CHECKING:-}" = true ]; then return 0; fi
  printf '%s\n' "$DEPOSIT" >"$records/deposit.new"
  chmod 644 "$records/deposit.new"
  mv "$records/deposit.new" "$records/deposit"
}

refuse_owners() { # [KIND NAME KEYS]…: before anything is changed
  while [ $# -ge 3 ]; do
    if [ "$1" = management ] && [ -n "$(entry "$2")" ] && ! is_ours "$2" "$3"; then
      failed "the server has an account $2 of its owner's: the office needs another name here (access.management_account of the record, or management_account in sopctl.yml)"
    fi
    shift 3
  done
}

set_up_one() {
  comment=
  if [ "$1" = management ]; then comment="Data centre management"; fi
  if [ -z "$(entry "$2")" ]; then
    make "$2" "$comment"
    if [ "${CHECKING:-}" = true ]; then return 0; fi # there is nothing yet to look at
  fi
  if [ "$1" = account ]; then
    keep "$2"
    mend_account "$2"
  elif [ -e "$records/created/$2" ]; then
    keep "$2"
    mend "$2" expiry "$(shadow "$2" 8)" ""
    if [ -x /bin/bash ]; then mend "$2" shell "$(entry "$2" | cut -d: -f7)" /bin/bash; fi
  fi
  set_keys "$2" "$3"
  if [ "$1" = management ]; then let_become_root "$2"; fi
}

remove() { # ACCOUNT: made here. Its data stays, and is root's: the number of the account may become somebody else's
  if [ -z "$(entry "$1")" ]; then return 0; fi
  home=$(home_of "$1") uid=$(id -u "$1") gid=$(id -g "$1")
  if command -v userdel >/dev/null; then
    userdel -f "$1" 2>/dev/null || [ -z "$(entry "$1")" ] || failed "the account $1 cannot be removed"
  else
    deluser "$1"
  fi
  if ! grep -qx mailbox "$records/created/$1"; then rm -f "/var/mail/$1" "/var/spool/mail/$1"; fi # useradd may have made it
  # A group that was there before the account goes with it, as it has its name.
  sed -n 's/^group //p' "$records/created/$1" | while IFS=: read -r group _ number members; do
    if grep -q "^$group:" /etc/group; then continue; fi
    groupadd -g "$number" "$group"
    if [ -n "$members" ]; then gpasswd -M "$members" "$group" >/dev/null; fi
  done
  if [ "$2" = management ] && ! grep -qx home "$records/created/$1"; then
    case $home in /*/*) rm -rf --one-file-system -- "$home" ;; esac
  elif [ -d "$home" ]; then
    find "$home" -xdev -uid "$uid" -exec chown -h 0:0 {} +
    find "$home" -xdev -gid "$gid" -exec chgrp -h 0 {} +
  fi
}

give_back() { # ACCOUNT of the owner's: its way in, and what an access try needed
  kept=$records/kept/$1
  if [ -z "$(entry "$1")" ]; then
    changed "the owner's account $1 is gone: it has nothing to get back"
    return 0
  elif [ -e "$kept/paths" ]; then
    give_way_in_back "$1" "$kept" | sort -u | sed 's/^/changed: back: /'
  else # of an older version
    for file in authorized_keys authorized_keys2; do
      path=$(home_of "$1")/.ssh/$file
      if [ -e "$kept/$file" ]; then
        write_keys "$1" "$path" <"$kept/$file" || true
      elif there "$path"; then
        take_away "$1" 'rm -f --' "$path" || true
      fi
    done
    changed "the owner's keys on $1 are back"
  fi
  for what in expiry age password shell; do # unless somebody has set another one since
    if [ -e "$kept/$what" ] && [ "$(now_has "$1" "$what")" = "$(sed -n 2p "$kept/$what")" ]; then
      put "$1" "$what" "$(sed -n 1p "$kept/$what")"
      changed "back: $what of $1"
    fi
  done
}

take_back_account() {
  if [ "${CHECKING:-}" = true ]; then
    if there "$records/created/$1" || there "$records/kept/$1"; then changed "account $1 taken back"; fi
    return 0
  fi
  if [ -d "$records/kept/$1" ]; then give_back "$1"; fi
  if [ -e "$records/created/$1" ]; then
    remove "$1" account
    changed "account $1 removed"
  fi
  rm -rf "$records/created/$1" "$records/kept/$1"
}

# The management account, last of all. One that was there before keeps everything but our key.
take_back_management() {
  if grep -qsE "^$1 ALL=\((ALL:ALL\) NOPASSWD: ALL|root\) NOPASSWD: NOSETENV: /usr/local/lib/sopctl/gather \"\")\$" "/etc/sudoers.d/$1"; then
    rm -f "/etc/sudoers.d/$1"
  fi
  if grep -qs "^$1 ALL=" /etc/sudoers.d/sopctl && [ "$1" != sopctl ]; then rm -f /etc/sudoers.d/sopctl; fi
  if [ -e /usr/local/lib/sopctl/gather ]; then rm -rf /usr/local/lib/sopctl; fi
  if [ -d "$records/kept/$1" ]; then give_back "$1"; fi
  if [ -e "$records/created/$1" ]; then
    remove "$1" management
  elif [ -n "$(entry "$1")" ]; then
    file=$(key_files "$1" | head -n 1)
    kept=$(read_keys "$1" "$file" | grep -vxF -- "$2" || true)
    printf '%s\n' "$kept" | write_keys "$1" "$file" || true
  fi
  rm -rf "${records:?}"
  changed "management account $1 taken back"
}

# The whole is read before it begins: what it does may end the connection by which it came.
main() {
  refuse_other
  if [ "$verb" != take_back ]; then refuse_owners "$@"; fi
  if [ "${CHECKING:-}" != true ]; then
    mkdir -p "$records/created" "$records/kept"
    chmod 755 "$records"
    chmod 700 "$records/created" "$records/kept"
  fi
  if [ "$verb" != take_back ]; then note_deposit; fi
  named=" " management="" management_key=""
  while [ $# -ge 3 ]; do
    named="$named$2 "
    if [ "$1" = spared ]; then
      :
    elif [ "$verb" != take_back ]; then
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
  if [ "${CHECKING:-}" != true ]; then rmdir "$records/kept" 2>/dev/null || true; fi
  if [ -n "$management" ]; then take_back_management "$management" "$management_key"; fi
}
main "$@" </dev/null

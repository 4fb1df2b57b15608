# office_key.sh VERB ACCOUNT OLD NEW [FOLDER SECONDS]: the office's key on a server, behind the functions of way_in.sh.
#   add       beside OLD, in a window: wherever OLD opens the account, NEW opens it too, with the same options
#   remove    OLD is taken out, in a window
#   alone     the same, where the key that is there was lost: an account that was made here keeps NEW and no other
#   close     the window went well: whoever runs this has logged in with NEW
#   back      the window ends now, and the server has what it had
#   install   as root of its owner's: NEW alone, where the key that is there was lost
# OLD and NEW are lines of authorized_keys; OLD may be empty. Run by root; or, where that account may become root for the
# inventory alone, by the account itself: then there is no window, as it has no root to put anything back. $window and
# $fingerprint are the scripts of these names, $DEPOSIT whose server it must be. Prints a line for each change; `failed: …`
# and exit status 1 where it cannot go on. A file is replaced by renaming: what breaks off leaves the one that was there.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077
verb=$1 account=$2 old=$3 new=$4 folder=${5:-} seconds=${6:-}
records=/var/lib/sopctl gather=/usr/local/lib/sopctl/gather

failed() { printf 'failed: %s\n' "$*"; exit 1; }
root() { [ "$(id -u)" = 0 ]; }
if ! root; then as() { command_as=$2; shift 2; sh -c "$command_as" "$@"; }; fi # we are the account

blob() { printf '%s\n' "$1" | cut -d' ' -f2; }
has() { [ -n "$2" ] && read_keys "$account" "$1" | grep -v '^[[:space:]]*#' | grep -qF -- "$(blob "$2")"; } # FILE KEY

beside() { # the keys of standard input, and behind each line with the old key the same with the new one
    OLD=$(blob "$old") NEW=$new awk '
        { print }
        /^[ \t]*#/ { next }
        at = index($0, ENVIRON["OLD"]) { options = substr($0, 1, at - 1); sub(/[^ \t]+[ \t]+$/, "", options); print options ENVIRON["NEW"] }'
}

without() { # the keys of standard input without the old one
    OLD=$(blob "$old") awk '/^[ \t]*#/ || !index($0, ENVIRON["OLD"])'
}

put() { # FILE TEXT, which is read back: a full disk may take half of it
    [ "${#2}" -lt 900000 ] || failed "$1 is too large to be changed"
    if [ -n "$2" ]; then printf '%s\n' "$2"; fi | write_keys "$account" "$1" || failed "the keys of $account cannot be written to $1$(why_not "$1")"
    [ "$(read_keys "$account" "$1")" = "$2" ] || failed "$1 is not what was written there$(why_not "$1")"
    echo "changed: keys of $account in $1"
}

files() { key_files "$account" | while IFS= read -r file; do if has "$file" "$1"; then printf '%s\n' "$file"; fi; done; }

arm() {
    if ! root; then return 0; fi
    (umask 022 && mkdir -p "$records")
    mkdir -p "$folder/scripts"
    printf '%s\n' "$window" >"$folder/window.sh"
    printf '%s\n' "$fingerprint" >"$folder/scripts/fingerprint.sh"
    sh "$folder/window.sh" arm "$seconds" "$account" /etc/sudoers.d </dev/null || failed "what the server has could not be kept"
    trap 'code=$?; if [ "$code" != 0 ]; then sh "$folder/window.sh" back </dev/null || true; fi; exit "$code"' EXIT
}

add() {
    if [ -n "$(files "$new")" ]; then return 0; fi # of a run that was broken off
    old_files=$(files "$old")
    [ -n "$old_files" ] || failed "no file of $account's own has the key that opened it$(only_root)"
    arm
    printf '%s\n' "$old_files" | while IFS= read -r file; do
        put "$file" "$(read_keys "$account" "$file" | beside)"
    done
}

remove() {
    new_files=$(files "$new")
    [ -n "$new_files" ] || failed "no file of $account's own has the new key$(only_root)"
    alone=
    if [ "$verb" = alone ] && made_here; then alone=yes; fi
    if [ -z "$alone" ] && [ -z "$(files "$old")" ]; then return 0; fi
    arm
    key_files "$account" | while IFS= read -r file; do
        there=$(read_keys "$account" "$file")
        if [ -z "$there" ]; then continue; fi
        if [ -n "$alone" ]; then
            left=
            if [ "$file" = "$(printf '%s\n' "$new_files" | head -n 1)" ]; then left=$new; fi
        else
            left=$there
            if [ -n "$old" ]; then left=$(printf '%s\n' "$there" | without); fi
        fi
        if [ "$left" = "$there" ]; then continue; fi
        put "$file" "$left"
    done
}

made_here() { # what root noted, the account itself cannot read: it has the name that we gave it
    if root; then [ -e "$records/created/$account" ]; else [ "$(entry "$account" | cut -d: -f5)" = "Data centre management" ]; fi
}

install() {
    [ -n "$(entry "$account")" ] || failed "the server has no account $account"
    [ -e "$records/created/$account" ] || failed "$account is an account of the server's owner, who lets our key in: ~/.ssh/authorized_keys"
    file=$(key_files "$account" | head -n 1)
    [ -n "$file" ] || failed "sshd reads no file of keys that is $account's own (AuthorizedKeysFile)"
    as "$account" 'umask 077; mkdir -p "$0"' "${file%/*}" 2>/dev/null || true
    put "$file" "$new"
    key_files "$account" | sed 1d | while IFS= read -r file; do
        if [ -n "$(read_keys "$account" "$file")" ]; then put "$file" ""; fi
    done
}

close() {
    if ! root; then
        sudo -n -l -- "$gather" >/dev/null 2>&1 || failed "$account may not run the gathering script as root"
    elif [ -d "$folder/kept" ]; then
        sh "$folder/window.sh" disarm </dev/null || failed "the window is closed already, and the server has what it had"
    fi
    [ -n "$(files "$new")" ] || failed "the server has put back what it had, without the new key"
}

only_root() { root || echo ": as long as its sudo is reduced, $account cannot look where only root may"; }

main() {
    if [ -n "${DEPOSIT:-}" ] && [ -s "$records/deposit" ] && [ "$(head -c 60 "$records/deposit")" != "$DEPOSIT" ]; then
        failed "this is the server of another deposit: it has the note of $(head -c 60 "$records/deposit" | tr -cd 'A-Z0-9-'), not of $DEPOSIT"
    fi
    case $verb in
        add) add ;;
        remove | alone) remove ;;
        install) install ;;
        close) close ;;
        back) if root && [ -e "$folder/window.sh" ]; then sh "$folder/window.sh" back "$account" </dev/null; fi ;;
    esac
}
main </dev/null

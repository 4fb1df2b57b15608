# Leaves the account $1 sudo for the gathering script alone, in an armed window of $2 seconds in the folder $3. Run by
# root; $way_in, $window, $fingerprint and $gather are the scripts. "failed: …" and exit status 1 where it cannot go on.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
place=/usr/local/lib/sopctl

failed() { printf 'failed: %s\n' "$*"; exit 1; }

# Whoever can replace the script, or a folder above it, is root with it.
root_alone() {
    path=$(readlink -f -- "$1") || failed "$1 is not there"
    while :; do
        [ "$(stat -c %u -- "$path")" = 0 ] || failed "$path belongs to another account than root"
        ! su -s /bin/sh "$2" -c 'test -w "$0"' "$path" || failed "$2 can write to $path"
        [ "$path" != / ] || return 0
        path=$(dirname -- "$path")
    done
}

put() { # NAME TEXT: a program that anyone may read and root alone may write
    printf '%s\n' "$2" >"$place/$1"
    chown 0:0 "$place/$1"
    chmod 755 "$place/$1"
}

rule() { # the rule, and what the owner's own settings must not change about it
    cat <<END
# Written by sopctl: the data centre's account may take inventory here, and do nothing else.
# To give it full sudo again, as root: $place/full-sudo
Defaults!$place/gather env_reset, !env_keep, !env_check, !setenv, secure_path="$PATH"
$1 ALL=(root) NOPASSWD: NOSETENV: $place/gather ""
END
}

full_sudo() { # what the owner may run
    cat <<END
#!/bin/sh
# For the owner of this server: gives the data centre's account $1 full sudo again, so that it can configure the server, or
# take back what it put here.
set -eu
PATH=$PATH
umask 227
main() {
    new=/etc/sudoers.d/.sopctl.new # sudo skips names with a dot
    rm -f "\$new"
    echo '$1 ALL=(ALL:ALL) NOPASSWD: ALL' >"\$new"
    visudo -cqf "\$new"
    mv "\$new" /etc/sudoers.d/$1
    rm -rf $place
    echo '$1 has full sudo again.'
}
main
END
}

main() {
    account=$1 seconds=$2 folder=$3
    command -v visudo >/dev/null || failed "the server has no sudo"
    mkdir -p /usr/local/lib
    root_alone /usr/local/lib "$account"
    mkdir -p -m 755 "$(dirname -- "$folder")"
    rm -f "$folder/closed" # of another run
    (umask 077 && mkdir -p "$folder/scripts" && printf '%s\n' "$way_in" "$window" >"$folder/window.sh" && printf '%s\n' "$fingerprint" >"$folder/scripts/fingerprint.sh")
    sh "$folder/window.sh" arm "$seconds" "$account" /etc/sudoers.d "$place" || failed "what the server has could not be kept"

    rm -rf "$place"
    mkdir "$place"
    put gather "$gather"
    put full-sudo "$(full_sudo "$account")"
    root_alone "$place/gather" "$account"
    new=/etc/sudoers.d/.sopctl.new
    rm -f "$new"
    (umask 227 && rule "$account" >"$new")
    visudo -cqf "$new" || failed "sudo refuses the rule"
    sh "$folder/window.sh" hold "$seconds" "$account" || failed "the window is closed already"
    mv "$new" "/etc/sudoers.d/$account"
    if [ "$account" != sopctl ] && grep -qs "^$account ALL=" /etc/sudoers.d/sopctl; then rm -f /etc/sudoers.d/sopctl; fi # of older versions
}
main "$@" </dev/null

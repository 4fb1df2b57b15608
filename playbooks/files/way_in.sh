# way_in.sh: an account's way in by key, as sshd sees it: functions for window.sh and accounts.sh, which begin with it.
# What lies in a home is changed as its account: a link there leads nowhere that the account could not go anyway. Only
# where all above is root's alone does root write, and never through a link.

there() { [ -e "$1" ] || [ -L "$1" ]; }
entry() { getent passwd "$1" 2>/dev/null || grep "^$1:" /etc/passwd || true; }
home_of() {
    home_named=$(entry "$1" | cut -d: -f6)
    readlink -f -- "$home_named" 2>/dev/null || printf '%s\n' "$home_named"
}
new_home() { # ACCOUNT: where useradd would make its home
    base=/home
    if command -v useradd >/dev/null; then base=$(useradd -D | sed -n 's/^HOME=//p'); fi
    printf '%s/%s\n' "${base:-/home}" "$1"
}
as() { # ACCOUNT COMMAND [WORD…]: with a shell that is none of the account's own
    account_as=$1 command_as=$2
    shift 2
    if command -v runuser >/dev/null; then
        runuser -s /bin/sh -c "$command_as" "$account_as" "$@"
    else
        su -s /bin/sh -c "$command_as" "$account_as" "$@"
    fi
}

loose() { [ -n "$(find "$1" -maxdepth 0 ! -type l -perm /022 2>/dev/null)" ]; }

root_alone() { # PATH: can nobody but root change it, or a folder above it?
    path_alone=$1
    while :; do
        if there "$path_alone"; then
            if [ -L "$path_alone" ] || [ "$(stat -c %u -- "$path_alone")" != 0 ] || loose "$path_alone"; then return 1; fi
        fi
        [ "$path_alone" != / ] || return 0
        path_alone=${path_alone%/*}
        path_alone=${path_alone:-/}
    done
}

key_files() { # ACCOUNT: its own files in which sshd looks for keys; one for all accounts is not among them
    [ ! -e /etc/debian_version ] || mkdir -p -m 755 /run/sshd 2>/dev/null || : # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
    patterns=$(sshd -T -C "user=$1,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" 2>/dev/null | sed -n 's/^authorizedkeysfile //p')
    set -f
    for pattern in ${patterns:-.ssh/authorized_keys}; do
        case $pattern in
            none) continue ;;
            *%[huU]* | [!/]*) ;;
            *) continue ;;
        esac
        file=$(printf '%s\n' "$pattern" | sed "s|%h|$(home_of "$1")|g; s|%u|$1|g; s|%U|$(entry "$1" | cut -d: -f3)|g; s|%%|%|g")
        case $file in /*) ;; *) file=$(home_of "$1")/$file ;; esac
        printf '%s\n' "$file"
    done
    set +f
}

read_keys() { # ACCOUNT FILE
    if as "$1" 'test -r "$0"' "$2" 2>/dev/null; then
        as "$1" 'head -c 1000000 <"$0"' "$2"
    elif root_alone "$2" && [ -f "$2" ]; then
        head -c 1000000 <"$2"
    fi
}

write_keys() { # ACCOUNT FILE, with the keys on standard input; a link stays one, of either kind, and a file keeps its mode
    if as "$1" 'test -w "$0" || test -O "$0" || { test ! -e "$0" && test -w "${0%/*}"; }' "$2"; then
        as "$1" '
            umask 077
            new=$0.sopctl-new mode=$(stat -L -c %a -- "$0" 2>/dev/null)
            into() { # the file itself, which may be read only, for care
                [ -w "$0" ] || [ ! -e "$0" ] || chmod u+w "$0" || return
                cat >"$0"
                status=$?
                [ -z "$mode" ] || [ "$(stat -L -c %a -- "$0")" = "$mode" ] || chmod "$mode" "$0"
                return "$status"
            }
            if [ -L "$0" ] || [ ! -w "${0%/*}" ]; then into; exit; fi
            if [ -r "$0" ]; then cp -a "$0" "$new" && chmod u+w "$new" || exit; fi
            cat >"$new" || exit
            if [ -e "$0" ] && [ "$(stat -c %h -- "$0")" -gt 1 ]; then into <"$new" && exec rm -f "$new"; fi
            if [ -n "$mode" ]; then chmod "$mode" "$new"; fi
            mv -f "$new" "$0"' "$2"
    elif root_alone "$2"; then
        (umask 022 && cat >"$2")
    else
        return 1
    fi
}

way_in() { # ACCOUNT: what its login by key depends on: its home, its files of keys, and the folders between
    home=$(home_of "$1")
    printf '%s\n' "$home"
    key_files "$1" | while IFS= read -r file; do
        for path in "$file" "$(readlink -f -- "$file")"; do
            printf '%s\n' "$path"
            while path=${path%/*} && case $path in "$home"/*) true ;; *) false ;; esac; do printf '%s\n' "$path"; done
        done
    done
}

keys_elsewhere() { # ACCOUNT, which may not be there yet: its own files of keys that do not lie in its home
    home_elsewhere=$(home_of "$1")
    key_files "$1" | while IFS= read -r file; do
        case $file in "${home_elsewhere:-none}"/* | /.*) ;; *) printf '%s\n' "$file" ;; esac
    done
}

note_way_in() { # ACCOUNT FOLDER [LIST]: adds to what is noted there, what is not yet: `KIND MODE UID GID PATH`, and keys by
    # number; LIST keys_elsewhere: of these files alone
    mkdir -p "$2" && : >>"$2/paths" || return
    "${3:-way_in}" "$1" | awk '!seen[$0]++' | while IFS= read -r path; do
        if cut -d' ' -f5- "$2/paths" | grep -qxF -- "$path"; then continue; fi
        kind=-
        if [ -L "$path" ]; then
            kind=l
        elif [ -d "$path" ]; then
            kind=d
        elif [ -f "$path" ]; then
            kind=f
        fi
        number=$(($(wc -l <"$2/paths") + 1))
        if [ "$kind" = f ]; then read_keys "$1" "$path" >"$2/$number" || return; fi
        if [ "$kind" = - ]; then said="- - -"; else said=$(stat -c '%a %u %g' -- "$path"); fi
        printf '%s\n' "$kind $said $path" >>"$2/paths"
    done
}

give_way_in_back() { # ACCOUNT FOLDER: what is noted there comes back; prints what had been changed. 1: not all could
    number=0 not_back=0
    while read -r kind mode uid gid path; do
        number=$((number + 1))
        case $kind in
            f)
                if read_keys "$1" "$path" | cmp -s - "$2/$number"; then continue; fi
                if write_keys "$1" "$path" <"$2/$number"; then echo "keys of $1"; else not_back=1; fi
                ;;
            -)
                if [ ! -f "$path" ] && [ ! -L "$path" ]; then continue; fi
                if take_away "$1" 'rm -f --' "$path"; then echo "keys of $1"; else not_back=1; fi
                ;;
        esac
    done <"$2/paths"
    sort -r -k 5 "$2/paths" >"$2/upwards"
    while read -r kind mode uid gid path; do # only the empty folders: what others have put there is theirs
        if [ "$kind" = - ] && [ -d "$path" ]; then
            if take_away "$1" 'rmdir --' "$path" 2>/dev/null; then echo "$path"; fi
        fi
    done <"$2/upwards"
    while read -r kind mode uid gid path; do
        case $kind in d | f) ;; *) continue ;; esac
        if ! there "$path" || [ "$(stat -c '%a %u %g' -- "$path")" = "$mode $uid $gid" ]; then continue; fi
        if set_mode "$1" "$mode" "$path" && own "$1" "$uid:$gid" "$path"; then echo "$path"; else not_back=1; fi
    done <"$2/paths"
    rm -f "$2/upwards"
    return "$not_back"
}

take_away() { # ACCOUNT COMMAND PATH
    if as "$1" 'test -w "${0%/*}"' "$3"; then
        as "$1" "$2 \"\$0\"" "$3"
    else
        root_alone "${3%/*}" && $2 "$3"
    fi
}

set_mode() { # ACCOUNT MODE PATH
    if [ "$(stat -c %U -- "$3")" = "$1" ]; then as "$1" 'chmod "$1" -- "$0"' "$3" "$2"; else root_alone "${3%/*}" && [ ! -L "$3" ] && chmod "$2" -- "$3"; fi
}

own() { # ACCOUNT UID:GID PATH: by root, who enters the folder first: then no link can lead elsewhere
    if [ "$(stat -c %u:%g -- "$3")" = "$2" ]; then return 0; fi
    (cd -P -- "${3%/*}/" && [ "$(pwd -P)" = "${3%/*}" ] && chown -h "$2" -- "${3##*/}")
}

own_group() { # ACCOUNT GID: is it the only member? Then Debian's sshd lets the group write (its user-group-modes.patch)
    [ -e /etc/debian_version ] && [ "$(id -g "$1")" = "$2" ] || return 1
    case $(getent group "$2" | cut -d: -f4) in '' | "$1") ;; *) return 1 ;; esac
    [ "$(getent passwd | awk -F: -v gid="$2" '$4 == gid' | wc -l)" = 1 ]
}

refused() { # ACCOUNT FILE: what of the way to it sshd's StrictModes refuses: lines `owner PATH` and `mode PATH`
    if sshd -T -C "user=$1,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" 2>/dev/null | grep -qx 'strictmodes no'; then return 0; fi
    home=$(home_of "$1") uid=$(id -u "$1")
    path=$(readlink -f -- "$2")
    while there "$path"; do
        case $(stat -c %u -- "$path") in 0 | "$uid") ;; *) echo "owner $path" ;; esac
        if [ -n "$(find "$path" -maxdepth 0 -perm /002)" ]; then
            echo "mode $path"
        elif loose "$path" && ! own_group "$1" "$(stat -c %g -- "$path")"; then
            echo "mode $path"
        fi
        if [ "$path" = "$home" ] || [ "$path" = / ]; then return 0; fi
        path=${path%/*}
        path=${path:-/}
    done
}

why_not() { # PATH: why root could not write there, as far as it shows
    for path_not in "$1" "${1%/*}"; do
        if lsattr -d -- "$path_not" 2>/dev/null | cut -d' ' -f1 | grep -q '[ia]'; then
            echo ": $path_not is locked (chattr -ia)" && return
        fi
    done
    if [ -L "$1" ]; then echo ": a link to $(readlink -- "$1"), which the account may not write" && return; fi
    if [ ! -w "${1%/*}" ]; then echo ": ${1%/*} is read only" && return; fi
    if [ "$(df -P -- "${1%/*}" 2>/dev/null | awk 'NR == 2 { print $4 }')" = 0 ]; then echo ": the disk is full"; fi
}

#!/bin/sh
# The armed window, on the server itself: what was kept comes back by itself, unless the office logs in anew in time.
#
#   window.sh arm SECONDS "ACCOUNT …" PATH…   keep the paths, the accounts' keys and our firewall table; start the clock
#   window.sh hold SECONDS [ACCOUNT]          from now on so much time is left; ACCOUNT, root no more, may close it
#   window.sh back                            put all back now; prints what had been changed
#   window.sh disarm                          it went well: forget what was kept
#
# `kept` is claimed by renaming it, so that it is put back once or forgotten once, whoever comes first.
set -u
DOOR=/run/sopctl-window # in it ACCOUNT makes a file, `closed` or `back`, and waits until all of it is gone
cd "$(dirname "$0")" || exit 1
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
NETWORKS="/etc/systemd/network /etc/netplan /etc/network /etc/NetworkManager/system-connections
    /etc/NetworkManager/conf.d /etc/systemd/resolved.conf.d"

now() { # seconds that no change of the clock moves
    if read -r up _ 2>/dev/null </proc/uptime; then echo "${up%.*}"; else date +%s; fi
}

there() { [ -e "$1" ] || [ -L "$1" ]; }

home() { getent passwd "$1" | cut -d: -f6; }

arm() {
    if [ -d kept ] || [ -d back ]; then back >/dev/null; fi # a window that was never closed: the server was restarted
    rm -rf new late put-back "$DOOR"
    mkdir -p new/tree new/keys || return
    seconds=$1 accounts=$(printf '%s\n' $2 $(ls ../created ../kept 2>/dev/null | grep -v '[:/]') | sort -u)
    shift 2
    for path in "$@"; do
        echo "$path" >>new/paths
        if there "$path"; then
            mkdir -p "new/tree$(dirname "$path")" && cp -a -T -- "$path" "new/tree$path" || return
        fi
    done
    for account in $accounts; do
        if [ -n "$(home "$account")" ]; then
            mkdir "new/keys/$account" || return
            for file in authorized_keys authorized_keys2; do # read as the account: a link of its leads nowhere new
                runuser -u "$account" -- head -c 1000000 "$(home "$account")/.ssh/$file" >"new/keys/$account/$file" 2>/dev/null ||
                    rm "new/keys/$account/$file"
            done
        elif ! there "/home/$account"; then
            echo "/home/$account" >>new/paths
        fi
    done
    nft -s list table inet sopctl >new/table 2>/dev/null || rm -f new/table
    hold_in new "$seconds" && mv -T new kept || return
    if [ -d /run/systemd/system ]; then
        systemd-run --quiet --collect --unit="sopctl-window-$$" sh "$PWD/window.sh" watch
    else
        setsid sh "$PWD/window.sh" watch </dev/null >/dev/null 2>&1 &
    fi
}

hold_in() {
    echo "$(($(now) + $2))" >"$1/until.new" && mv "$1/until.new" "$1/until"
}

watch() {
    while until=$(cat kept/until 2>/dev/null); do
        if [ -e "$DOOR/closed" ]; then
            disarm
            return
        fi
        if [ -e "$DOOR/back" ]; then until=0; fi
        if [ "$(now)" -ge "$until" ]; then
            put_back kept late >/dev/null # a run that was only slow may still change something: its end puts it back too
            return
        fi
        sleep 1
    done
}

changed() { # is the path another than the kept one?
    if there "$1" && there "back/tree$1"; then
        [ "$(stat -c '%F %a %u %g' "$1")" != "$(stat -c '%F %a %u %g' "back/tree$1")" ] ||
            ! diff -rq --no-dereference "$1" "back/tree$1" >/dev/null 2>&1
    else
        there "$1" || there "back/tree$1"
    fi
}

restore() { # by renaming: nobody ever reads half a file
    rm -rf -- "$1.sopctl-new" "$1.sopctl-old"
    if there "back/tree$1"; then
        mkdir -p "$(dirname "$1")"
        cp -a -T -- "back/tree$1" "$1.sopctl-new" || return
        if [ -d "$1" ] && [ ! -L "$1" ]; then mv -T -- "$1" "$1.sopctl-old"; fi
        mv -f -T -- "$1.sopctl-new" "$1"
        rm -rf -- "$1.sopctl-old"
    else
        rm -rf --one-file-system -- "$1"
    fi
}

back() {
    wait_for_clock
    if [ -d back ] || [ -d kept ]; then put_back kept ""; elif [ -d late ]; then put_back late ""; fi
    cat put-back 2>/dev/null
    return 0
}

disarm() { mv -T kept done && rm -rf done put-back "$DOOR"; }

let_close() { # by a file, which says nothing and leads nowhere
    [ -z "$1" ] || { rm -rf "$DOOR" && mkdir -m 700 "$DOOR" && chown "$1" "$DOOR"; }
}

put_back() { # from where; and where to keep it after that
    [ -d back ] || mv -T "$1" back 2>/dev/null || return
    rm -rf "$DOOR"
    : >said
    table >now-table
    if ! cmp -s now-table back/table && { [ -s now-table ] || [ -e back/table ]; }; then echo "firewall rules" >>said; fi
    [ -e back/table ] || quietly systemctl stop sopctl-firewall.service
    quietly nft delete table inet sopctl
    if [ -e back/table ]; then quietly nft -f back/table; fi
    rm -f now-table
    for account in $(ls back/keys); do
        for file in authorized_keys authorized_keys2; do restore_keys "$account" "$file"; done
    done
    while read -r path; do
        if changed "$path"; then
            echo "$path" >>said
            restore "$path"
        fi
    done <back/paths
    if grep -q '^/etc/systemd/system/' said; then quietly systemctl daemon-reload; fi
    if grep -q '^/etc/ssh/' said; then quietly systemctl reload-or-restart ssh.service || quietly systemctl reload-or-restart sshd.service; fi
    for folder in $NETWORKS; do
        if grep -q "^$folder" said; then network "$folder"; fi
    done
    cat put-back >>said 2>/dev/null
    awk '!seen[$0]++' said >put-back
    rm -f said
    if [ -n "$2" ]; then mv -T back "$2"; else rm -rf back; fi
}

wait_for_clock() { # it may be putting back at this moment
    tries=0
    while [ -d back ] && [ "$tries" -lt 30 ]; do
        sleep 1
        tries=$((tries + 1))
    done
}

table() { nft -s list table inet sopctl 2>/dev/null; }

quietly() { "$@" >/dev/null 2>&1; }

restore_keys() { # written as the account: a link in its home leads nowhere that it could not write anyway
    place="$(home "$1")/.ssh/$2" kept="back/keys/$1/$2"
    if runuser -u "$1" -- cat "$place" 2>/dev/null | cmp -s - "$kept" 2>/dev/null; then return; fi
    if [ -e "$kept" ]; then
        echo "keys of $1" >>said
        runuser -u "$1" -- sh -c 'umask 077; cat > "$0"' "$place" <"$kept"
    elif runuser -u "$1" -- test -e "$place"; then
        echo "keys of $1" >>said
        runuser -u "$1" -- rm -f -- "$place"
    fi
}

network() { # let what the folder says take effect
    case $1 in
        /etc/systemd/network) networkd ;;
        /etc/netplan) # not `apply`, which wants a udev that can write: a container has none
            netplan generate
            if systemctl --quiet is-active systemd-networkd.service; then networkd; fi
            if systemctl --quiet is-active NetworkManager.service; then networkmanager; fi
            ;;
        /etc/network)
            # One that failed to come up is in no state, but in a list.
            links=$({ ifquery --state | sed 's/=.*//'; ifquery --list; ifquery --list --allow=hotplug; } | grep -vx lo | sort -u)
            for link in $links; do
                ifdown --force "$link" # as it was brought up, which may be known no more: hence the next line
                ip -4 address flush dev "$link" scope global
                ifup --force "$link"
            done
            ;;
        /etc/NetworkManager/system-connections) networkmanager ;;
        /etc/NetworkManager/conf.d) systemctl reload NetworkManager.service ;;
        /etc/systemd/resolved.conf.d) systemctl try-restart systemd-resolved.service ;;
    esac >/dev/null 2>&1
}

networkd() {
    version=$(networkctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    if [ "${version:-0}" -ge 248 ]; then
        networkctl reload # configures anew what changed; once more at once, and a lease may be lost
    else # it did not look into drop-ins (systemd issue 15521), and a restart leaves what was there
        for link in $(networkctl list --no-legend --no-pager | awk '$2 != "lo" && $5 != "unmanaged" { print $2 }'); do
            ip -4 address flush dev "$link" scope global
        done
        systemctl restart systemd-networkd.service
    fi
}

networkmanager() {
    nmcli connection reload
    for link in $(nmcli --terse --fields DEVICE,TYPE,STATE device | awk -F: '$3 == "connected" && $2 != "loopback" { print $1 }'); do
        nmcli device reapply "$link" || nmcli device connect "$link"
    done
}

verb=$1
shift
case $verb in
    arm) arm "$@" ;;
    hold) [ -d kept ] && hold_in kept "$1" && let_close "${2:-}" ;;
    network) [ -d kept ] && network "$1" ;;
    watch) watch ;;
    back) back ;;
    disarm) disarm ;;
esac

# The armed window, on the server itself: what was kept comes back by itself, unless the office logs in anew in time.
# Behind the functions of way_in.sh. ssh_service.sh and fingerprint.sh may lie in the folder `scripts`, for this window.
#
#   window.sh arm SECONDS "ACCOUNT …" PATH…   keep the paths, the accounts' ways in, how SSH is reached, the host name and
#                                             our firewall table; start the clock
#   window.sh hold SECONDS [ACCOUNT]          from now on so much time is left; ACCOUNT, root no more, may close it
#   window.sh ports                           the ports at which SSH answered when it was armed
#   window.sh back [ACCOUNT]                  put all back now; prints why sshd refused ACCOUNT lately: `why …`, `late` if
#                                             the server had begun by itself, `closed` if it went well before, what had been changed: `back …`, what SSH
#                                             needed for it: `ssh …`, and how the server differs from before: `differs …`,
#                                             or `same`
#   window.sh disarm                          it went well: forget what was kept
#
# arm and hold print `window SECONDS`, disarm and back `window closed`, for the run's messages.
# `kept` is claimed by renaming it, so that it is put back once or forgotten once, whoever comes first.
set -u
UNITS=/etc/systemd/system
UNIT=sopctl-window.service # there while a window is open: what a clock does not live to put back, the next start does
DOOR=/run/sopctl-window # in it ACCOUNT makes a file, `closed` or `back`, and waits until all of it is gone
cd "$(dirname "$0")" || exit 1
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
NETWORKS="/etc/systemd/network /etc/netplan /etc/network /etc/NetworkManager/system-connections
    /etc/NetworkManager/conf.d /etc/systemd/resolved.conf.d"

now() { # seconds that no change of the clock moves
    if read -r up _ 2>/dev/null </proc/uptime; then echo "${up%.*}"; else date +%s; fi
}

arm() {
    if [ -d kept ] || [ -d back ]; then back >/dev/null; fi # a window that was never closed: the server was restarted
    not_ours || {
        rm -rf scripts window.sh
        rmdir "$PWD" 2>/dev/null
        return 1
    }
    rm -rf new late put-back closed ../left.proven "$DOOR"
    mkdir -p new/tree new/accounts || return
    if [ -d scripts ]; then mv scripts/* new/ && rmdir scripts; fi
    seconds=$1 accounts=$(printf '%s\n' $2 $(ls ../created ../kept 2>/dev/null | grep -v '[:/]') | sort -u)
    shift 2
    for path in "$@"; do
        keep_path "$path" || return
        # What it leads to is what is written.
        if [ -L "$path" ] && [ -f "$path" ]; then keep_path "$(readlink -f -- "$path")" || return; fi
    done
    for account in $accounts; do
        if [ -n "$(entry "$account")" ]; then
            note_way_in "$account" "new/accounts/$account" || return
        else
            keys_elsewhere "$account" | while IFS= read -r path; do
                keep_path "$path"
            done
            for path in "$(new_home "$account")" "/var/mail/$account"; do # what useradd makes
                there "$path" || echo "$path" >>new/paths
            done
        fi
    done
    echo "$accounts" >new/names
    uname -n >new/host-name
    if [ -e new/ssh_service.sh ]; then sh new/ssh_service.sh note new/ssh; fi
    if [ -e new/fingerprint.sh ]; then fingerprint new >new/fingerprint; fi
    nft -s list table inet sopctl >new/table 2>/dev/null || rm -f new/table
    if [ -d /run/systemd/system ]; then at_next_start || return; fi
    hold_in new "$seconds" && on_disk new && mv -T new kept || return
    if [ -d /run/systemd/system ]; then
        systemd-run --quiet --collect --unit="sopctl-window-$$" sh "$PWD/window.sh" watch
    else
        setsid sh "$PWD/window.sh" watch </dev/null >/dev/null 2>&1 &
    fi
}

on_disk() { # what the power takes away must not be what comes back
    timeout 60 sync -f "$1" 2>/dev/null || timeout 60 sync || true
}

at_next_start() {
    mkdir -p -m 755 "$UNITS/multi-user.target.wants" || return
    (
        umask 022
        printf '%s\n' "# Written by sopctl, for the minutes in which a configuration is under way." '[Unit]' \
            "Description=Put back what a configuration that was cut off had changed" "ConditionPathExists=$PWD/window.sh" \
            '[Service]' "ExecStart=/bin/sh $PWD/window.sh started" >"$UNITS/$UNIT"
    ) && ln -sfnT "../$UNIT" "$UNITS/multi-user.target.wants/$UNIT" && on_disk "$UNITS"
}

no_more_at_start() { rm -f "$UNITS/multi-user.target.wants/$UNIT" "$UNITS/$UNIT"; }

started() { # the server has started again, and its window with it: once all else has
    tries=0
    while [ "$tries" -lt 120 ]; do
        case $(systemctl is-system-running) in initializing | starting) ;; *) break ;; esac
        tries=$((tries + 1))
        sleep 1
    done
    put_back kept late >/dev/null
    no_more_at_start
}

keep_path() {
    case $1 in /proc/* | /sys/* | /run/* | /dev/*) return 0 ;; esac # a program writes it
    echo "$1" >>new/paths
    there "$1" || return 0
    mkdir -p "new/tree$(dirname "$1")" && cp -a -T -- "$1" "new/tree$1" || return
    if [ -f "$1" ] && [ ! -L "$1" ] && [ "$(stat -c %h -- "$1")" -gt 1 ]; then # the file itself, too: it has other names
        mkdir -p "new/links$(dirname "$1")" && ln -T -- "$1" "new/links$1" 2>/dev/null
    fi
    return 0
}

not_ours() { # on a server that we never configured: is something of the owner's in the place of one of our own files?
    if [ -d ../created ] || [ -d ../kept ]; then return 0; fi
    for path in $(ls -A .. | grep -vxE 'window|deposit.*|host_name.*|sshd|resolv\.conf.*|left.*|time_.*|journald|security_updates.*'); do
        echo "/var/lib/sopctl/$path is the owner's, and our records would be there: it needs another place" >&2
        return 1
    done
    for path in ${OURS:-}; do
        if there "$path" && ! grep -qs 'Written by sopctl' "$path"; then
            echo "$path is a file of the server's owner, and would be overwritten: it needs another name" >&2
            return 1
        fi
    done
    if [ -n "${OURS:-}" ] && nft list table inet sopctl >/dev/null 2>&1 && ! there /etc/systemd/system/sopctl-firewall.service; then
        echo "the server's owner has a table of nftables named inet sopctl, which would be replaced: it needs another name" >&2
        return 1
    fi
}

hold_in() {
    echo "$(($(now) + $2))" >"$1/until.new" && mv "$1/until.new" "$1/until" && echo "window $2"
}

fingerprint() { # FOLDER: without our own notes, which say nothing of the server
    sh "$1/fingerprint.sh" $(cat "$1/names") | grep -v '^record '
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

link_broken() { # had the path other names, of which ours is one, and has none now? (An overlay may number them apart.)
    [ -e "back/links$1" ] && { [ ! -e "$1" ] || [ "$(stat -c %h -- "$1")" = 1 ]; }
}

changed() { # is the path another than the kept one?
    if link_broken "$1"; then return 0; fi
    if there "$1" && there "back/tree$1"; then
        [ "$(stat -c '%F %a %u %g' "$1")" != "$(stat -c '%F %a %u %g' "back/tree$1")" ] ||
            ! diff -rq --no-dereference "$1" "back/tree$1" >/dev/null 2>&1
    else
        there "$1" || there "back/tree$1"
    fi
}

restore() { # of a folder what differs in it: hard links, and what others watch, stay what they are
    if [ ! -d "$1" ] || [ -L "$1" ] || [ ! -d "back/tree$1" ] || [ -L "back/tree$1" ]; then
        restore_one "$1"
        return
    fi
    find "$1" -xdev -mindepth 1 | while IFS= read -r within; do
        there "back/tree$within" || rm -rf --one-file-system -- "$within"
    done
    (cd back/tree && find ".$1" | sort) | while IFS= read -r within; do
        within=${within#.}
        if [ -d "$within" ] && [ ! -L "$within" ] && [ -d "back/tree$within" ] && [ ! -L "back/tree$within" ]; then
            chown --reference="back/tree$within" -- "$within"
            chmod --reference="back/tree$within" -- "$within"
        elif changed "$within"; then
            restore_one "$within"
        fi
    done
}

restore_one() { # by renaming: nobody ever reads half a file; into the file where it is mounted
    if [ -f "$1" ] && [ -f "back/tree$1" ] && grep -qsF " $1 " /proc/self/mountinfo; then
        cat "back/tree$1" >"$1"
        return
    fi
    rm -rf -- "$1.sopctl-new" "$1.sopctl-old"
    if [ -e "back/links$1" ]; then
        cmp -s "back/tree$1" "back/links$1" || cat "back/tree$1" >"back/links$1"
        chown --reference="back/tree$1" -- "back/links$1"
        chmod --reference="back/tree$1" -- "back/links$1"
        if link_broken "$1"; then ln -T -- "back/links$1" "$1.sopctl-new" && mv -f -T -- "$1.sopctl-new" "$1"; fi
    elif there "back/tree$1"; then
        (umask 022 && mkdir -p "$(dirname "$1")")
        cp -a -T -- "back/tree$1" "$1.sopctl-new" || return
        if [ -d "$1" ] && [ ! -L "$1" ]; then mv -T -- "$1" "$1.sopctl-old"; fi
        mv -f -T -- "$1.sopctl-new" "$1"
        rm -rf -- "$1.sopctl-old"
    else
        rm -rf --one-file-system -- "$1"
    fi
}

back() {
    if [ -n "${1:-}" ]; then why "$1"; fi
    wait_for_clock
    if [ -d back ] || [ -d kept ]; then put_back kept ""; elif [ -d late ]; then echo late && put_back late ""; elif [ -e closed ]; then echo closed; fi
    cat put-back 2>/dev/null
    echo "window closed"
}

why() { # ACCOUNT: what sshd, or PAM for it, last said of its login, where that was refused
    { journalctl --quiet --no-pager -o cat -t sshd -t sshd-session --since -20min || tail -qn 200 /var/log/auth.log /var/log/secure; } 2>/dev/null |
        grep -F -- "$1" | grep -iE 'denied|refused|invalid user|not allowed|not permitted|fatal|expired|locked|too many|limit' | tail -n 1 | cut -c1-200 | sed 's/^/why /'
}

still_open() { # or it has put back by itself
    [ -d kept ] || { echo "the window is not open any more" >&2 && return 1; }
}

disarm() {
    still_open && mv -T kept done || return
    no_more_at_start
    rm -rf done put-back "$DOOR" && : >closed && on_disk . && echo "window closed"
}

let_close() { # by a file, which says nothing and leads nowhere
    [ -z "$1" ] || { rm -rf "$DOOR" && mkdir -m 700 "$DOOR" && chown "$1" "$DOOR"; }
}

put_back() { # from where; and where to keep it after that
    [ -d back ] || mv -T "$1" back 2>/dev/null || return
    rm -rf "$DOOR"
    : >said
    table >now-table
    if ! cmp -s now-table back/table && { [ -s now-table ] || [ -e back/table ]; }; then echo "back firewall rules" >>said; fi
    [ -e back/table ] || quietly systemctl stop sopctl-firewall.service
    quietly nft delete table inet sopctl
    if [ -e back/table ]; then quietly nft -f back/table; fi
    rm -f now-table
    for account in $(ls back/accounts); do
        give_way_in_back "$account" "back/accounts/$account" 2>/dev/null | sed 's/^/back /' >>said
    done
    while read -r path; do
        if changed "$path"; then
            case $path in /var/lib/sopctl/*) ;; *) echo "back $path" >>said ;; esac # our own notes say nothing of the server
            restore "$path"
        fi
    done <back/paths
    if [ "$(uname -n)" != "$(cat back/host-name)" ]; then
        echo "back host name" >>said
        quietly hostname "$(cat back/host-name)" || cat back/host-name >/proc/sys/kernel/hostname
        quietly systemctl try-restart systemd-hostnamed.service
    fi
    if grep -q '^back /etc/systemd/system/' said; then quietly systemctl daemon-reload; fi
    for folder in $NETWORKS; do
        if grep -q "^back $folder" said; then network "$folder"; fi
    done
    ssh_is_back
    if [ -e back/fingerprint ]; then compare >>said; fi
    grep -vE '^(same$|differs )' put-back >>said 2>/dev/null # of what it put back before: how it is was looked at anew
    awk '!seen[$0]++' said >put-back
    rm -f said
    on_disk /etc
    if [ -n "$2" ]; then mv -T back "$2"; else rm -rf back; fi
    no_more_at_start
}

ssh_is_back() { # never by the way alone that it may have been lost by
    if [ ! -e back/ssh ]; then
        if grep -q '^back /etc/ssh/' said; then
            quietly systemctl reload-or-restart ssh.service || quietly systemctl reload-or-restart sshd.service
        fi
    elif grep -q '^back /etc/ssh/' said || [ -n "$(sh back/ssh_service.sh missing back/ssh)" ]; then
        sh back/ssh_service.sh bring_back back/ssh 2>/dev/null | sed 's/^/ssh /' >>said
    fi
}

compare() { # with the fingerprint of the beginning: what may still settle gets some seconds
    tries=0
    while :; do
        fingerprint back >now-fingerprint
        diff back/fingerprint now-fingerprint >differences
        if [ ! -s differences ] || [ "$tries" -ge 5 ]; then break; fi
        tries=$((tries + 1))
        sleep 2
    done
    if [ ! -s differences ] && grep -qx 'look complete	yes' now-fingerprint; then
        echo same
    elif [ ! -s differences ]; then
        echo "differs not all of the server could be compared"
    else
        sed -n 's/^[<>] \([^	]*\)	.*/differs \1/p' differences | sort -u | head -n 20
    fi
    rm -f now-fingerprint differences
}

wait_for_clock() { # it may be putting back at this moment
    tries=0
    while [ -d back ] && [ "$tries" -lt 120 ]; do
        sleep 1
        tries=$((tries + 1))
    done
}

table() { nft -s list table inet sopctl 2>/dev/null; }

quietly() { "$@" >/dev/null 2>&1; }

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
    hold) still_open && hold_in kept "$1" && let_close "${2:-}" ;;
    ports) [ -e kept/ssh ] && sed -n 's/^listen .*:\([0-9]*\) speaks$/\1/p' kept/ssh | sort -un ;;
    network) still_open && network "$1" ;;
    watch) watch ;;
    started) started ;;
    back) back "$@" ;;
    disarm)
        if [ -e kept/fingerprint.sh ]; then fingerprint kept >../left.new && mv ../left.new ../left.proven; fi # for left.sh
        disarm
        ;;
esac

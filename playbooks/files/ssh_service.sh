#!/bin/sh
# ssh_service.sh: how sshd runs here, where it listens, and how it reads its settings without being lost.
#
#   ports                prints the ports on which it listens, or else those that it is set to
#   note FILE            notes the units that listen for it, and each address: whether SSH answered there
#   settle [FILE]        lets it read its settings; 1, with what is missing, if it does not listen and answer as before
#   missing FILE         prints the addresses at which SSH answered then, and does not any more
#   bring_back FILE      has it listen as noted, by one way after the other; prints what it took, and what stays missing
#
# A server may have several: services, each with settings of its own, and sockets of systemd's. One that systemd started
# for a socket must not be told to reload: it would forget the socket, and bind to what its own settings say. None is told
# anything while its settings are such that it would not start.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL

systemd() { [ -d /run/systemd/system ]; }

sockets() { # lines `ADDRESS:PORT UNIT` of sockets that start an sshd
    systemd || return 0
    systemctl list-sockets --all --no-legend --no-pager 2>/dev/null | sed 's/^[^[:alnum:][*\/]*//' |
        awk '$1 ~ /:[0-9]+$/ && $1 !~ /^(vsock|\/)/ && ($2 ~ /^sshd?\.socket$/ || $3 ~ /^sshd?(@.*)?\.service$/) { print $1, $2 }' |
        while read -r address unit; do
            if systemctl --quiet is-active "$unit"; then echo "$address $unit"; fi
        done
}

processes() { # lines `ADDRESS:PORT PID` of programs called sshd that listen
    ss -Hltnp 2>/dev/null | awk '/"sshd"/ { pid = $0; sub(/.*"sshd",pid=/, "", pid); sub(/,.*/, "", pid); print $4, pid }'
}

unit_of() { # PID: the service that it is
    sed -n 's|.*/\([^/]*\.service\)$|\1|p' "/proc/$1/cgroup" 2>/dev/null | tail -n 1
}

listening() { # each address once, as `ss` writes it for a service and systemd for a socket
    { sockets && processes; } | awk '{ address = $1; sub(/^\*:/, "[::]:", address); print address }' | sort -u
}

services() { # that listen
    systemd || return 0
    processes | while read -r _ pid; do unit_of "$pid"; done | sort -u
}

speaks() { # ADDRESS:PORT: does SSH answer there?
    host=$(printf '%s\n' "${1%:*}" | sed 's/^\[//; s/\]$//; s/%.*//')
    case $host in 0.0.0.0) host=127.0.0.1 ;; :: | '*') host=::1 ;; esac
    said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && head -c 4 <&3' "$host" "${1##*:}" 2>/dev/null)
    case $said in SSH- | 'Not ' | Exce) ;; *) return 1 ;; esac # or sshd itself: Not allowed at this time, Exceeded MaxStartups
}

note() {
    {
        listening | while read -r address; do
            if speaks "$address"; then echo "listen $address speaks"; else echo "listen $address"; fi
        done
        sockets | awk '{ print "socket", $2 }' | sort -u
        services | sed 's/^/service /'
    } >"$1.new" && mv "$1.new" "$1"
}

noted() { sed -n "s/^$2 //p" "$1"; }

missing() { # FILE: the addresses of it at which SSH does not answer any more; they get some seconds
    tries=0
    while :; do
        now=$(listening) left=
        for address in $(noted "$1" listen | cut -d' ' -f1); do
            if ! printf '%s\n' "$now" | grep -qxF -- "$address"; then
                left="$left $address"
            elif grep -qxF -- "listen $address speaks" "$1" && ! speaks "$address"; then
                left="$left $address"
            fi
        done
        if [ -z "$left" ]; then return 1; fi
        if [ "$tries" -ge 5 ]; then break; fi
        tries=$((tries + 1))
        sleep 1
    done
    echo "${left# }"
}

well() { # settings that sshd refuses would end it
    [ ! -e /etc/debian_version ] || mkdir -p -m 755 /run/sshd # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
    sshd -t 2>/dev/null
}

reload() {
    well || return
    if ! systemd; then
        for pid in $(processes | awk '{ print $2 }' | sort -u); do kill -HUP "$pid"; done
        return
    fi
    behind=$(sockets | awk '{ print $2 }' | sort -u | while read -r socket; do systemctl show --property=Triggers --value "$socket"; done)
    for service in $(services); do
        case " $(echo $behind) " in
            *" $service "*) systemctl try-restart "$service" ;; # systemd keeps the socket meanwhile, and sessions go on
            *) systemctl reload "$service" || systemctl kill --signal=HUP --kill-who=main "$service" ;;
        esac
    done
}

settle() {
    file=${1:-}
    if [ -z "$file" ] || [ ! -e "$file" ]; then
        file=$(mktemp)
        trap 'rm -f "$file"' EXIT
        note "$file"
    fi
    if ! reload >/dev/null 2>&1 && ! well; then
        echo "sshd refuses its settings: $(sshd -t 2>&1 | head -n 1)" >&2
        return 1
    fi
    if left=$(missing "$file"); then
        echo "SSH does not answer any more at $left" >&2
        return 1
    fi
}

as_noted() { # sockets that were active are so again: a service that took their place goes first
    systemctl daemon-reload
    for socket in $(noted "$1" socket); do
        if ! systemctl --quiet is-active "$socket"; then
            systemctl stop $(systemctl show --property=Triggers --value "$socket") ssh.service sshd.service
            systemctl reset-failed "$socket" ssh.service sshd.service
            systemctl start "$socket"
        fi
    done
    for service in $(noted "$1" service); do
        if ! systemctl --quiet is-active "$service"; then
            systemctl reset-failed "$service"
            systemctl start "$service"
        fi
    done
}

again() {
    well || return
    for service in $(noted "$1" service); do systemctl restart "$service"; done
}

from_the_sockets() {
    well || return
    systemctl stop ssh.service sshd.service $(noted "$1" service)
    systemctl restart $(noted "$1" socket)
    systemctl start $(noted "$1" service)
}

directly() {
    mkdir -p /run/sshd
    for address in $(missing "$1"); do "$(command -v sshd)" -o "ListenAddress=$address"; done
}

bring_back() {
    ways="reload directly"
    if systemd; then
        as_noted "$1"
        ways="reload again from_the_sockets directly"
    fi >/dev/null 2>&1
    for way in $ways; do
        $way "$1" >/dev/null 2>&1
        left=$(missing "$1") || return 0
        case $way in
            reload) echo "sshd did not come back by a reload" ;;
            again) echo "sshd did not come back by a restart" ;;
            from_the_sockets) echo "sshd did not come back by a restart of its sockets" ;;
        esac
    done
    echo "SSH does not answer any more at $left"
    return 1
}

ports() {
    found=$(listening | sed 's/.*://' | sort -un)
    if [ -n "$found" ]; then echo "$found"; else sshd -T -C user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22 2>/dev/null | sed -n 's/^port //p'; fi
}

verb=$1
shift
case $verb in
    ports) ports ;;
    note) note "$1" ;;
    settle) settle "$@" ;;
    bring_back) bring_back "$1" ;;
    missing) missing "$1" || true ;;
esac

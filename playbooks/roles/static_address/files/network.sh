#!/bin/sh
# A static address, on the server itself. Who manages the card is asked of the managers, not guessed from packages.
#
#   network.sh find ADDRESS                     which card has it, and who manages that card: lines of name=value
#   network.sh ours [PATH…]                     our files other than these
#   network.sh follow WINDOW FOLDER…            in a window, let the network be as these folders say
#   network.sh keep WINDOW SECONDS MANAGER CARD ADDRESS PREFIX GATEWAY
#                                               let our settings take effect; if they do not hold in time, all is put back
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
OURS="/etc/netplan/90-sopctl.yaml /etc/network/interfaces.d/sopctl /etc/network/sopctl-mapping
    /etc/NetworkManager/system-connections/sopctl.nmconnection"

runs() { systemctl --quiet is-active "$1" 2>/dev/null; }

say() { # the answer of `find`; what is left to the owner has a reason, in the record's language
    printf '%s=%s\n' "$@"
    exit 0
}

find_manager() {
    cards=$(ip -4 -o address show | awk -v a="$1" '{ split($4, p, "/"); if (p[1] == a) print $2 }' | sort -u)
    case $cards in
        '') say card '' ;;
        *'
'*) say card '' reason "several cards have the address" ;;
    esac
    card=$cards
    printf 'card=%s\n' "$card"
    if runs NetworkManager.service; then by_networkmanager; fi
    if runs systemd-networkd.service; then by_networkd; fi
    if ifup --version 2>/dev/null | grep -q '^ifup version 0\.'; then by_ifupdown; fi # not its look-alikes
    say manager none reason "$card tidak dikelola NetworkManager, systemd-networkd, atau ifupdown"
}

by_networkmanager() { # "connected (externally)" is a card that someone else manages
    [ "$(nmcli -g GENERAL.STATE device show "$card" 2>/dev/null)" = "100 (connected)" ] || return 0
    uuid=$(nmcli -g GENERAL.CON-UUID device show "$card")
    file=$(nmcli -t -f UUID,FILENAME connection show --active | sed -n "s/^$uuid://p")
    case ${file##*/} in
        netplan-*.nmconnection) by_netplan "$(expr "${file##*/}" : 'netplan-\(.*\)\.nmconnection')" ;;
    esac
    say manager networkmanager profile "$uuid"
}

by_networkd() {
    file=$(networkctl --no-pager status "$card" 2>/dev/null | sed -n 's/^ *Network File: //p')
    case $file in
        /run/systemd/network/10-netplan-*.network) by_netplan "$(expr "${file##*/}" : '10-netplan-\(.*\)\.network')" ;;
        /*.network)
            dhcp=$(cat "$file" 2>/dev/null | sed -n 's/^[[:space:]]*DHCP[[:space:]]*=[[:space:]]*//p' | tail -n 1)
            case $dhcp in yes | true | on | 1 | both | ipv6 | v6) dhcp=ipv6 ;; *) dhcp=no ;; esac
            say manager networkd base "${file##*/}" dhcp "$dhcp"
            ;;
    esac
}

by_netplan() { # a definition's name is its files' name; its kind is asked
    for kind in ethernets bonds bridges vlans; do
        if [ "$(netplan get "$kind.$(echo "$1" | sed 's/\./\\./g')" 2>/dev/null)" != null ]; then
            say manager netplan kind "$kind" definition "$1"
        fi
    done
    say manager none reason "netplan mengelola $card dengan cara yang tidak dikenal"
}

by_ifupdown() {
    case $(ifquery --state "$card" 2>/dev/null) in
        "$card=$card" | "$card=sopctl") ;;
        *) return 0 ;;
    esac
    files=$(find /etc/network/interfaces /etc/network/interfaces.d -type f ! -path /etc/network/interfaces.d/sopctl)
    if grep -qsE '^[[:space:]]*mapping[[:space:]]' $files; then
        say manager none reason "ifupdown mengelola $card dengan mapping milik pemilik"
    elif grep -qsE "^[[:space:]]*iface[[:space:]]+$card[[:space:]]+inet6[[:space:]]" $files; then
        say manager none reason "ifupdown juga memberi $card alamat IPv6"
    elif ! grep -qsE '^[[:space:]]*source(-directory)?[[:space:]]+(/etc/network/)?interfaces\.d' /etc/network/interfaces; then
        say manager none reason "/etc/network/interfaces tidak membaca interfaces.d"
    fi
    echo manager=ifupdown
    # What the owner's stanza says beside its address: the card's other settings, and commands when it goes up or down.
    ifquery --no-mappings "$card" | awk -F ': ' '
        $1 !~ /^(address|netmask|network|broadcast|gateway|hostname|leasehours|leasetime|vendor|client)$/ {
            sub(": ", " "); print "option=" $0
        }'
    exit 0
}

ours() {
    for path in $OURS /etc/systemd/network/*.network.d/90-sopctl.conf; do
        if [ -e "$path" ]; then
            case " $* " in *" $path "*) ;; *) echo "$path" ;; esac
        fi
    done
}

follow() { # WINDOW FOLDER…
    window=$1
    shift
    [ -d "$window/kept" ] || return 0 # the server is given back: what runs goes on until it starts anew
    for folder in "$@"; do sh "$window/window.sh" network "$folder"; done
}

keep() {
    window=$1 seconds=$2 manager=$3 card=$4 address=$5 prefix=$6 gateway=$7
    case $manager in
        networkd) follow "$window" /etc/systemd/network ;;
        netplan) follow "$window" /etc/netplan ;;
        ifupdown) follow "$window" /etc/network ;;
        networkmanager) nmcli --wait 30 connection up sopctl >/dev/null 2>&1 ;;
    esac
    ip -4 neighbour flush to "$gateway" dev "$card" >/dev/null 2>&1
    tries=0
    while why=$(wrong) && [ "$tries" -lt "$seconds" ]; do
        sleep 1
        tries=$((tries + 1))
    done
    rm -f "$0"
    if [ -n "$why" ]; then
        # At once, and before a word of it: the office may not hear us any more until that is done.
        sh "$window/window.sh" back >/dev/null
        echo "$why"
        exit 1
    fi
}

wrong() { # says what does not hold; not so when all does
    has=$(ip -4 -o address show dev "$card" | awk -v a="$address" '{
        split($4, p, "/"); if (p[1] == a) print $4 ($0 ~ / dynamic / ? " by DHCP" : "") }' | paste -s -d , -)
    to=$(ip -4 route show default dev "$card" | sed -n 's/.* via \([0-9.]*\).*/\1/p' | sort -u | paste -s -d , -)
    if [ "$has" != "$address/$prefix" ]; then
        echo "$card has ${has:-no address} instead of $address/$prefix: its own settings say otherwise"
    elif [ "$to" != "$gateway" ]; then
        echo "$card goes through ${to:-no gateway} instead of $gateway: its own settings say otherwise"
    else
        logger --udp --server "$gateway" --port 9 -- sopctl 2>/dev/null # any packet makes the kernel ask for it (ARP)
        case $(ip -4 neighbour show "$gateway" dev "$card") in
            *lladdr*) return 1 ;;
        esac
        echo "the gateway $gateway does not answer on $card"
    fi
}

verb=$1
shift
case $verb in
    find) find_manager "$1" ;;
    ours) ours "$@" ;;
    follow)
        follow "$@"
        rm -f "$0"
        ;;
    keep) keep "$@" ;;
esac

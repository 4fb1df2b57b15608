# All that an owner may have set on a server, one thing a line, for comparing a lab server with itself: run as root at its
# console. Wide on purpose, and independent of what sopctl's playbooks look at. What changes by itself is left out.
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
part() { sed "s|^|$1 |"; } # NAME: each line of standard input, as a fact of that part

found() { # FOLDER... -- ACTION...: find in them, without what changes by itself
    folders=
    while [ "$1" != -- ]; do
        if [ -e "$1" ]; then folders="$folders $1"; fi
        shift
    done
    shift
    find $folders -xdev \( -name .ansible -o -name .cache -o -name .bash_history -o -path /etc/.git \) -prune -o \
        ! -name '*-' ! -name .pwd.lock ! -name mtab ! -name ld.so.cache ! -name .updated "$@"
}
folders='/etc /home /root /srv /opt /usr/local /var/www /var/spool/cron /var/lib/extrausers /var/mail'

found $folders -- -printf '%p %M %U:%G %l\n' | sort | part file
found $folders -- -type f -links +1 -printf '%p %n\n' | sort | part links
found $folders -- -type f -print0 | sort -z | xargs -0 -r sha256sum | awk '{ print $2, substr($1, 1, 16) }' | part content
getfacl --absolute-names --recursive --skip-base --physical $folders 2>/dev/null | awk '/^# file: / { file = $3 } /^[^#]/ { print file, $0 }' | sort | part acl
getfattr --absolute-names --recursive --no-dereference --dump --match='^(user|security)' $folders 2>/dev/null |
    awk '/^# file: / { file = $3 } /^[^#]/ { print file, $0 }' | sort | part xattr
{ getent passwd; cat /etc/passwd; } | sort -u | part account
{ getent group; cat /etc/group; } | sort -u | part group
cut -d: -f1,2,5,8 /etc/shadow | part password
cat /etc/subuid /etc/subgid 2>/dev/null | sort | part subordinate
mkdir -p -m 755 /run/sshd # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
for user in root titipan webadmin pengelola; do
    sshd -T -C "user=$user,host=client.example.org,addr=192.0.2.1,laddr=192.0.2.2,lport=22" 2>&1 | sort | part "sshd $user"
done
ss -Hlntu | awk '{ print $1, $5 }' | sort -u | part listens
nft list ruleset 2>/dev/null | sed 's/packets [0-9]* bytes [0-9]*/packets N/; s/ # handle.*//; s/ expires [0-9a-z]*//g' | part nft
for command in iptables ip6tables; do
    "$command-save" 2>/dev/null | grep -v '^#' | sed 's/\[[0-9]*:[0-9]*\]//' | part "$command"
done
{ ip -o address show; ip route show; ip -6 route show; ip rule show; } | sed 's/valid_lft.*//; s/ metric [0-9]*//' |
    grep -v 'link/\|fe80' | sort | part network
sysctl -a 2>/dev/null | grep -E '^(net\.ipv4\.(ip_forward|conf\.(all|host0)\.(rp_filter|forwarding)|tcp_syncookies)|kernel\.(hostname|domainname|printk|sysrq)|fs\.(suid|protected))' | part sysctl
{ hostname; readlink /etc/localtime; date +%Z; } 2>&1 | part name
systemctl list-unit-files --no-legend --no-pager | awk '{ print $1, $2 }' | sort | part unit-file
# A service that a socket starts runs once somebody has called; its socket says "running" from then on.
sockets=$(systemctl list-units --no-legend --no-pager --plain --type=socket --state=active | sed 's/ .*//')
called=$([ -z "$sockets" ] || systemctl show --property=Triggers --value $sockets | tr -s ' \n' '|')
systemctl list-units --no-legend --no-pager --plain --type=service,socket,timer,path --state=active,failed |
    awk '{ print $1, $3, $1 ~ /[.]socket$/ ? "-" : $4 }' | grep -vE "^(${called:-none|}none) active" | sort | part unit |
    grep -vE '^unit (user@|session|run-|user-runtime|systemd-(tmpfiles|update|hostnamed|timedated|localed|userdbd|networkd-persistent)|apt-daily|dpkg-db|NetworkManager-dispatcher|e2scrub|fstrim|logrotate|man-db|polkit|dbus-:)'
findmnt -rno TARGET,FSTYPE,OPTIONS 2>/dev/null | grep -vE '^/(proc|sys|dev|run)|^/ ' | sort | part mount
lsattr -d /etc/hosts /etc/hostname /etc/passwd /etc/ssh/sshd_config 2>/dev/null |
    sed -n 's/^[^ ]*\([ai]\)[^ ]* /\1 /p' | part attribute
dpkg -l | awk '/^[a-z][a-zA-Z] / { print $1, $2, $3 }' | part package
{ apt-mark showhold | sed 's/^/hold /'; apt-mark showmanual; } 2>/dev/null | part apt-mark
apt-config dump 2>/dev/null | sort | part apt
{ journalctl --sync; journalctl --no-pager --quiet -o short-unix | sed 's/ .*//; q'; } 2>/dev/null | part journal-begins
journalctl --no-pager --quiet -t owner -o cat 2>/dev/null | wc -l | part journal-of-the-owner
crontab -l 2>/dev/null | part crontab
ls -d /var/lib/sopctl /usr/local/lib/sopctl /run/sopctl* /etc/sopctl 2>/dev/null | part ours

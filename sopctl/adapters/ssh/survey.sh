# Looks at a server before anything is changed on it; prints what it saw as lines "=NAME BASE64". Changes nothing, writes
# no file. POSIX sh, run as root. Every program has its time, every answer its size; the last line is "=end ".
# $1 is SSH_CONNECTION, $2 our account, the rest are the accounts that the letter names.

part() { # NAME BYTES: what comes in
	printf '=%s %s\n' "$1" "$(head -c "$2" | base64 | tr -d '\n')"
}

try() { # COMMAND...: for 3 s at most, without what it complains of
	timeout -k 1 3 "$@" 2>/dev/null
}

python() { # the Python that Ansible takes, the first of its list that is there: its version, or what it says instead
	for name in python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 /usr/bin/python3 python3 \
		/usr/libexec/platform-python; do
		found=$(PATH=/usr/local/bin:/usr/bin:/bin command -v "$name") || continue
		said=$(timeout -k 1 5 "$found" -c 'import sys, json, zipfile, tempfile, subprocess, platform
print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 8))' 2>&1) && echo "ok $found $said" && return
		echo "broken $found $said"
		return
	done
	echo none
}

sockets() { # listening TCP and open UDP sockets, as the kernel has them: protocol, address:port (hex)
	for name in tcp tcp6 udp udp6; do
		awk -v name="$name" 'FNR > 1 && $4 == (name ~ /^tcp/ ? "0A" : "07") { print name, $2 }' "/proc/net/$name"
	done | sort -u
}

connected() { # who is connected over TCP to a port that listens: port (hex), other address (hex), how many
	awk '
		FNR == 1 { next }
		{ split($2, local, ":"); split($3, other, ":") }
		$4 == "0A" { listens[local[2]] = 1 }
		$4 == "01" { count[local[2] " " other[1]]++ }
		END { for (each in count) { split(each, port, " "); if (port[1] in listens) print each, count[each] } }
	' /proc/net/tcp /proc/net/tcp6 | sort | head -n 300
}

raw() { # protocols besides TCP and UDP that programs receive themselves: their numbers (hex)
	awk 'FNR > 1 { split($2, local, ":"); print local[2] }' /proc/net/raw /proc/net/raw6 | sort -u
	if [ "$(wc -l </proc/net/sctp/eps)" -gt 1 ]; then echo 0084; fi
	case $(try ip xfrm state count) in
		*'SAD count 0'* | '') ;;
		*) echo 0032 ;;
	esac
}

interfaces() { # name, hardware type (linux/if_arp.h)
	for folder in /sys/class/net/*; do echo "${folder##*/} $(cat "$folder/type")"; done | head -n 200
}

translations() { # rules that send what arrives elsewhere
	try nft -n list ruleset | grep -E '(dnat|redirect|masquerade|snat)' | sed 's/^[[:blank:]]*/nft /'
	for save in iptables-nft-save ip6tables-nft-save iptables-legacy-save ip6tables-legacy-save iptables-save ip6tables-save; do
		case $save in
			*legacy*) [ -s /proc/net/ip_tables_names ] || [ -s /proc/net/ip6_tables_names ] || continue ;; # would load a module
		esac
		command -v "$save" >/dev/null && try "$save" | grep -E -- '-j (DNAT|REDIRECT|MASQUERADE|SNAT)' | sed 's/^/ipt /'
	done | sort -u
}

account() { # NAME: what decides whether it may log in from here
	say account "$1"
	getent passwd "$1" | head -n 1 | part passwd 1024
	id -Gn "$1" 2>/dev/null | part groups 2048
	[ ! -e /etc/debian_version ] || mkdir -p -m 755 /run/sshd 2>/dev/null # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
	rules=$(timeout -k 1 3 sshd -T -C "user=$1,host=$address,addr=$address,laddr=$here,lport=$port" 2>&1)
	say sshd_status "$?"
	printf '%s\n' "$rules" | grep -Ei "$KEYWORDS" | part sshd 6144
}
KEYWORDS='^(port|listenaddress|permitrootlogin|passwordauthentication|kbdinteractiveauthentication|pubkeyauthentication|authenticationmethods|authorizedkeysfile|authorizedkeyscommand|allowusers|denyusers|allowgroups|denygroups|forcecommand|maxsessions|banner|pubkeyaccepted[a-z]*|persourcepenalties|usepam) |error|fatal|missing|bad |no such|line [0-9]'

say() { # NAME TEXT
	printf '%s' "$2" | part "$1" 4096
}

immutable() { # what attributes keep from being changed, of what a configuration may change
	try lsattr -d /etc /etc/ssh /etc/ssh/sshd_config /etc/ssh/sshd_config.d /etc/passwd /etc/shadow /etc/group /etc/gshadow \
		/etc/sudoers.d /etc/hostname /etc/hosts /etc/localtime /etc/systemd/system /etc/apt/apt.conf.d /home /root "$@" |
		awk '{ flags = $1; gsub(/-/, "", flags) } flags ~ /[ia]/ { print flags, $2 }'
}

packages() { # what is half installed, and who holds the package manager's locks
	[ -d /var/lib/dpkg ] || return
	awk '/^Package: / { name = $2 } /^Status: / && $4 ~ /^(unpacked|half-)/ { print "half", name, $4 }' \
		/var/lib/dpkg/status | head -n 10
	ls /var/lib/dpkg/updates | head -n 1 | sed 's/^/interrupted /'
	for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock; do
		awk -v inode="$(stat -c %i "$file")" '{ split($6, at, ":") } at[3] == inode { print $5 }' /proc/locks |
			while read -r pid; do echo "locked $file $(cat "/proc/$pid/comm" || echo "process $pid")"; done
	done | head -n 3
}

own_name() { # how long the server takes to find its own name, in hundredths of a second
	read -r before _ </proc/uptime
	try getent hosts "$(uname -n)" >/dev/null
	status=$?
	read -r after _ </proc/uptime
	say own_name "$status $(echo "$before $after" | awk '{ printf "%d", ($2 - $1) * 100 }')"
}

settings() { # what a configuration may change besides: name and value
	echo "hostname $(uname -n)"
	echo "zone $(readlink /etc/localtime || ls /etc/localtime)"
	echo "pretty $(sed -n 's/^PRETTY_HOSTNAME=//p' /etc/machine-info)"
	sed -n 's/^nameserver[[:blank:]]*/resolver /p' /etc/resolv.conf | head -n 4
	sed -n 's/^\(SystemMaxUse=\)/journal \1/p' /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf | tail -n 1
	echo "journal_kib $(try du -sk /var/log/journal | cut -f 1)"
	if [ -x /usr/bin/unattended-upgrade ]; then echo "upgrades there"; fi
	try apt-config dump APT::Periodic::Unattended-Upgrade | sed 's/^/periodic /'
	try systemctl is-enabled dnf-automatic-install.timer dnf-automatic.timer | sed 's/^/periodic /'
	for unit in chrony chronyd ntp ntpd ntpsec openntpd systemd-timesyncd; do
		try systemctl is-active --quiet "$unit" && echo "clock $unit"
	done
	for unit in ufw firewalld nftables iptables netfilter-persistent fail2ban docker; do
		try systemctl is-active --quiet "$unit" && echo "active $unit"
	done
}

keys() { # ACCOUNT...: how many keys open it now
	for name in "$@"; do
		home=$(getent passwd "$name" | cut -d: -f6)
		[ -n "$home" ] && echo "$name $(grep -c '^[^#]' "$home/.ssh/authorized_keys")"
	done
}

main() {
	connection=$1
	shift
	PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
	export PATH LC_ALL
	read -r address _ here port <<-END
		${connection:-127.0.0.1 0 127.0.0.1 22}
	END
	say user "$(id -u)"
	say now "$(date +%s)"
	say seen_from "$address"
	if [ -e "/var/lib/sopctl/created/$1" ]; then say made_here yes; fi
	head -c 60 /var/lib/sopctl/deposit | part deposit 60
	if [ -e /etc/nologin ] || [ -e /run/nologin ]; then say nologin yes; fi
	own_name & # a resolver that does not answer takes its time
	grep -E '^(ID|VERSION_ID|PRETTY_NAME)=' /etc/os-release | part os 512
	if [ -d /run/systemd/system ]; then say init systemd; else say init "$(cat /proc/1/comm)"; fi
	if [ "$(stat -Lc %d:%i /)" = "$(stat -Lc %d:%i /proc/1/root/)" ]; then say chroot no; else say chroot yes; fi
	python | part python 1024
	for tool in nft ss ip lsattr sudo doas apt-get systemd-run; do command -v "$tool"; done | part tools 1024
	nft list tables 2>&1 | part tables 4096
	try nft -n list table inet sopctl | part ours 12288
	sockets | part sockets 32768
	try ss -Hlntup | awk '{ print $1, $5, $7 }' | part owners 49152
	connected | part connected 24576
	raw | part raw 256
	try ip -o addr show | awk '{ print $2, $4 }' | part addresses 16384
	interfaces | part interfaces 12288
	cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | part forwarding 16
	translations | part translations 49152
	for unit in ssh.socket sshd.socket; do
		try systemctl is-active --quiet "$unit" && try systemctl show --property=Listen --value "$unit"
	done | part ssh_sockets 2048
	try df -Pk / /etc /var /var/lib /var/tmp /tmp /home /root /run | part space 4096
	try df -Pi / /etc /var /var/lib /var/tmp /tmp /home /root /run | part inodes 4096
	awk '$4 ~ /(^|,)(ro|noexec)(,|$)/ && $2 !~ /^\/(sys|proc|dev)(\/|$)/ { print $2, ($4 ~ /(^|,)ro(,|$)/ ? "ro" : "noexec") }' \
		/proc/self/mounts | head -n 100 | part mounts 8192
	immutable $(for name in "$@"; do getent passwd "$name" | cut -d: -f6; done) | part immutable 2048
	packages | part packages 2048
	settings | part settings 4096
	keys "$@" | part keys 2048
	for name in "$@"; do account "$name"; done
	wait
	say end ""
}

main "$@" </dev/null 2>/dev/null

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
	printf '%s\n' "$rules" | grep -Ei "$KEYWORDS" | part sshd 8192
}
KEYWORDS='^(port|listenaddress|permitrootlogin|passwordauthentication|kbdinteractiveauthentication|pubkeyauthentication|authenticationmethods|authorizedkeysfile|authorizedkeyscommand|allowusers|denyusers|allowgroups|denygroups|forcecommand|maxsessions|banner|pubkeyaccepted[a-z]*|persourcepenalties|usepam|ciphers|macs|kexalgorithms|hostkeyalgorithms) |error|fatal|missing|bad |no such|line [0-9]'

say() { # NAME TEXT
	printf '%s' "$2" | part "$1" 4096
}

account_rules() { # SERVICE DEPTH: what PAM asks before a login of the service, included files too
	[ "$2" -gt 0 ] || return
	while read -r kind control module rest; do
		case $kind in
			@include) account_rules "$control" "$(($2 - 1))" ;;
			account | -account)
				case $control in
					include | substack) account_rules "$module" "$(($2 - 1))" ;;
					*) echo "$control $module $rest" ;;
				esac
				;;
		esac
	done <"/etc/pam.d/$1"
}

pam_access() { # the rules of pam_access, where sshd asks it
	[ "$(sshd -T -C "user=$1,host=$address,addr=$address,laddr=$here,lport=$port" | sed -n 's/^usepam //p')" = yes ] || return
	rule=$(account_rules sshd 4 | grep 'pam_access\.so' | head -n 1)
	case $rule in '' | *fieldsep=* | *listsep=*) return ;; esac
	file=$(echo "$rule" | sed -n 's/.*accessfile=\([^ ]*\).*/\1/p')
	cat "${file:-/etc/security/access.conf}" $([ -n "$file" ] || ls /etc/security/access.d/*.conf) | grep '^[[:blank:]]*[+-]' | head -n 500
}

sudoers() { # does sudo read the rules in /etc/sudoers.d?
	command -v sudo >/dev/null || return
	if grep -qE '^sudoers:' /etc/nsswitch.conf && ! grep -qE '^sudoers:.*files' /etc/nsswitch.conf; then
		say sudoers "unread: /etc/nsswitch.conf names other sources"
		return
	fi
	files="/etc/sudoers $(sed -n 's/^[@#]include[[:blank:]]*"\{0,1\}\([^"]*\).*/\1/p' /etc/sudoers | sed 's|^\([^/]\)|/etc/\1|')"
	if cat $files | grep -qE '^[@#]includedir[[:blank:]]+"?(/etc/)?sudoers\.d'; then
		say sudoers read
	else
		say sudoers "unread: /etc/sudoers names no such folder"
	fi
}

started() { # the words with which the sshd was started that listens on this connection's port
	for pid in $(try ss -Hltnp "sport = :$port" | grep -o '"sshd",pid=[0-9]*' | sed 's/.*=//' | sort -u); do
		tr '\0' ' ' <"/proc/$pid/cmdline"
		echo
	done
}

taken() { # what is of the owner's in the places of our own files, on a server that we never configured
	[ ! -d /var/lib/sopctl/created ] && [ ! -d /var/lib/sopctl/kept ] || return
	for path in $OURS; do
		if [ -e "$path" ] && ! grep -qs 'Written by sopctl' "$path"; then echo "$path"; fi
	done
	for path in /var/lib/sopctl/* /var/lib/sopctl/.[!.]*; do
		case ${path##*/} in
			'*' | '.[!.]*' | window | deposit* | host_name* | sshd | resolv.conf* | left* | time_* | journald | security_updates*) ;;
			*) echo "$path" ;;
		esac
	done | head -n 3
	if [ ! -e /etc/systemd/system/sopctl-firewall.service ] && nft list table inet sopctl >/dev/null 2>&1; then
		echo "nftables' table inet sopctl"
	fi
}
OURS='/etc/ssh/sshd_config.d/00-sopctl.conf /etc/sopctl/firewall.nft
	/etc/systemd/system/sopctl-firewall.service /etc/systemd/system/sopctl-window.service
	/etc/systemd/system/sopctl-security-updates.service
	/etc/systemd/system/sopctl-security-updates.timer /etc/apt/apt.conf.d/zz-sopctl-security-updates
	/etc/systemd/journald.conf.d/sopctl.conf /etc/systemd/timesyncd.conf.d/sopctl.conf /etc/netplan/90-sopctl.yaml
	/etc/network/interfaces.d/sopctl /etc/NetworkManager/conf.d/90-sopctl.conf
	/etc/systemd/resolved.conf.d/90-sopctl.conf /usr/local/lib/sopctl'

immutable() { # what attributes or a mount keep from being changed, of what a configuration may change
	for path in "$@"; do
		for key in "$path" "$path/.ssh" "$path/.ssh/authorized_keys"; do
			if [ -e "$key" ] && try findmnt -no OPTIONS -T "$key" | grep -qE '(^|,)ro(,|$)'; then echo "ro $key"; fi
		done
	done
	set -- "$@" $(for path in "$@"; do for key in .ssh .ssh/authorized_keys .ssh/authorized_keys2; do echo "$path/$key"; done; done)
	try lsattr -d /etc /etc/ssh /etc/ssh/sshd_config /etc/ssh/sshd_config.d /etc/passwd /etc/shadow /etc/group /etc/gshadow \
		/etc/sudoers.d /etc/hostname /etc/hosts /etc/localtime /etc/systemd/system /etc/apt/apt.conf.d /home /root "$@" |
		awk '{ flags = $1; gsub(/-/, "", flags) } flags ~ /[ia]/ { print flags, $2 }'
}

over_quota() { # ACCOUNT...: those that may write no more, and where
	command -v quota >/dev/null || return
	for name in "$@"; do
		try quota -w -u "$name" | awk -v name="$name" '
			$2 ~ /^[0-9]+\*$/ && ($5 == "none" || $4 > 0 && $2 + 0 >= $4 + 0) { print name, $1; exit }'
	done
}

writers() { # what of the owner's writes again, by itself, where a configuration writes: programs, and scripts by a clock
	for unit in puppet puppet-agent chef-client salt-minion cfengine3 cf-execd rudder-agent; do
		try systemctl is-active --quiet "$unit" && echo "$unit"
	done
	clocked=$(try grep -rhsvE '^[[:blank:]]*(#|$)' /etc/crontab /etc/cron.d /var/spool/cron | head -n 500
		timers=$(try systemctl list-units --no-legend --plain --type=timer --state=active | sed 's/ .*//' | head -n 50)
		[ -z "$timers" ] || try systemctl show --property=ExecStart --value $(try systemctl show --property=Unit --value $timers))
	{
		find /etc/crontab /etc/cron.* /var/spool/cron -type f | head -n 200
		echo "$clocked" | grep -oE '/[A-Za-z0-9_./-]+' | grep -vE '^/(usr/)?(s?bin|lib[^/]*)/|^/(dev|proc|sys|run|etc/ssh|etc/sudoers)' | head -n 200
	} | sort -u | while read -r file; do
		if [ -f "$file" ] && [ "$(stat -Lc %s "$file")" -lt 200000 ] && try grep -qE "$WRITES" "$file"; then echo "$file"; fi
	done | head -n 10
}
WRITES='sshd_config|authorized_keys|/etc/sudoers|ansible-pull|puppet agent|chef-client|cf-agent|salt-call'

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
	homes=$(for name in "$@"; do getent passwd "$name" | cut -d: -f6; done)
	try df -Pk / /etc /var /var/lib /var/tmp /tmp /home /root /run $homes | part space 4096
	try df -Pi / /etc /var /var/lib /var/tmp /tmp /home /root /run $homes | part inodes 4096
	over_quota "$@" | part over_quota 2048
	writers | part writers 2048
	awk '$4 ~ /(^|,)(ro|noexec)(,|$)/ && $2 !~ /^\/(sys|proc|dev)(\/|$)/ { print $2, ($4 ~ /(^|,)ro(,|$)/ ? "ro" : "noexec") }' \
		/proc/self/mounts | head -n 100 | part mounts 8192
	immutable $homes | part immutable 2048
	packages | part packages 2048
	pam_access "$1" | part pam_access 16384
	sudoers
	started | part started 4096
	taken | part taken 2048
	settings | part settings 4096
	keys "$@" | part keys 2048
	for name in "$@"; do account "$name"; done
	wait
	say end ""
}

main "$@" </dev/null 2>/dev/null

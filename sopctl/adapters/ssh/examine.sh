# Prints what decides whether the account $1 may log in from the address $2 ("-": this connection's), as lines
# "=NAME BASE64". Changes nothing. POSIX sh, run as root; $3 is SSH_CONNECTION (client, its port, server, its port).
# The account's files are read as the account: its key file may be a symbolic link to a file that only root may read.

say() { # NAME TEXT
	printf '=%s %s\n' "$1" "$(printf %s "$2" | head -c 65536 | base64 | tr -d '\n')"
}

as_user() { # COMMAND...: as the account, for 5 s at most
	if command -v sudo >/dev/null; then
		timeout -k 1 5 sudo -n -u "$user" -- "$@"
	else
		timeout -k 1 5 runuser -u "$user" -- "$@"
	fi
}

expand() { # WORD of AuthorizedKeysFile: its tokens (sshd_config(5), TOKENS)
	rest=$1 path=
	while [ -n "$rest" ]; do
		case $rest in
			%%*) path=$path% rest=${rest#??} ;;
			%h*) path=$path$home rest=${rest#??} ;;
			%u*) path=$path$user rest=${rest#??} ;;
			%U*) path=$path$uid rest=${rest#??} ;;
			*) path=$path${rest%"${rest#?}"} rest=${rest#?} ;;
		esac
	done
	case $path in
		/*) ;;
		*) path=$home/$path ;;
	esac
}

own_group() { # GID: is the account its only member? Then Debian's sshd lets it write (its user-group-modes.patch).
	[ -e /etc/debian_version ] || return 1
	others=$(getent passwd | while IFS=: read -r _ _ one gid _; do
		if [ "$gid" = "$1" ] && [ "$one" != "$uid" ]; then echo "$one"; fi
	done)
	[ -z "$others" ] || return 1
	case $(getent group "$1" | cut -d: -f4) in
		"$user") return 0 ;;
		'') [ "$1" = "$primary" ] ;;
		*) return 1 ;;
	esac
}

key_file() { # PATH: its content, and who may change it or a folder above it, up to the home
	say file "$1"
	real=$(as_user readlink -f -- "$1" 2>/dev/null)
	if [ -z "$real" ] || ! [ -f "$real" ]; then return; fi
	say content "$(as_user head -c 49152 -- "$real" 2>/dev/null)"
	if as_user test -r "$real"; then say readable yes; else say readable no; fi
	top=$(readlink -f -- "$home")
	while :; do
		if own_group "$(stat -c %g -- "$real")"; then own=own; else own=-; fi
		say entry "$(stat -c '%u %a' -- "$real") $own $real"
		if [ "$real" = "$top" ] || [ "$real" = / ]; then break; fi
		real=$(dirname -- "$real")
	done
}

main() {
	user=$1 address=$2 connection=$3
	PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
	export PATH LC_ALL
	set -f
	say deposit "$(head -c 60 /var/lib/sopctl/deposit 2>/dev/null)"
	say today "$(($(date +%s) / 86400))"
	entry=$(getent passwd "$user")
	say passwd "$entry"
	IFS=: read -r name _ uid primary _ home shell <<-END
		$entry
	END
	if [ "$name" != "$user" ]; then
		say end ""
		return
	fi
	IFS=: read -r name hash last _ max _ inactive expire _ <<-END
		$(getent shadow "$user")
	END
	case $name:$hash in
		:*) lock=absent ;;
		*:) lock=empty ;;
		*:'*') lock=none ;;
		*:'!' | *:'!!') lock=bare ;;
		*:'!'*) lock=locked ;;
		*) lock=password ;;
	esac
	hash=
	say shadow "$lock ${last:--} ${max:--} ${inactive:--} ${expire:--}"
	say groups "$(id -Gn "$user")"
	if [ -e /etc/nologin ] || [ -e /run/nologin ]; then say nologin yes; else say nologin no; fi

	set -- $connection
	if [ "$address" = - ]; then address=${1:-127.0.0.1}; fi
	say address "$address"
	[ ! -e /etc/debian_version ] || mkdir -p -m 755 /run/sshd 2>/dev/null # sshd -t and -T want it; with ssh.socket, Debian 11 takes it away whenever a login ends
	rules=$(sshd -T -C "user=$user,host=$address,addr=$address,laddr=${3:-127.0.0.1},lport=${4:-22}" 2>&1)
	say sshd_status "$?"
	say sshd "$rules"
	for word in $(printf '%s\n' "$rules" | sed -n 's/^authorizedkeysfile //p' | head -c 4096); do
		if [ "$word" = none ]; then continue; fi
		expand "$word"
		key_file "$path"
	done

	shell=${shell:-/bin/sh}
	if grep -qxF -- "$shell" /etc/shells; then listed=yes; else listed=no; fi
	if [ -f "$shell" ] && [ -x "$shell" ]; then
		cd "$home" 2>/dev/null || cd /
		# As sshd runs a command: bash then reads .bashrc, which may break it.
		as_user env -i "HOME=$home" "USER=$user" "LOGNAME=$user" "SHELL=$shell" "PATH=/usr/local/bin:/usr/bin:/bin" \
			"SSH_CLIENT=$address 0 22" "SSH_CONNECTION=$address 0 127.0.0.1 22" "$shell" -c true >/dev/null 2>&1
		say shell "$listed $?"
	else
		say shell "$listed -"
	fi
	say end ""
}

main "$@" </dev/null

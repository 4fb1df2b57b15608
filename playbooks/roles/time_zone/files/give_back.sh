# give_back.sh ZONE RECORD: the owner's zone comes back, unless somebody has set another one since. Prints what it did.
set -eu
[ -e "$2" ] || exit 0
owners=$(sed -n 1p "$2") name=$(sed -n 2p "$2")
rm -f "$2"
if [ "$(readlink /etc/localtime)" != "/usr/share/zoneinfo/$1" ]; then exit 0; fi
if [ "$owners" = "/usr/share/zoneinfo/$1" ]; then exit 0; fi
if [ -n "$owners" ]; then ln -sfnT "$owners" /etc/localtime; else rm -f /etc/localtime; fi
if [ -n "$name" ]; then printf '%s\n' "$name" >/etc/timezone; else rm -f /etc/timezone; fi
echo "${owners:-none}"

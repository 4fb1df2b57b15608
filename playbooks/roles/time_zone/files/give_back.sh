# give_back.sh RECORD: the owner's time zone comes back, unless somebody has set another one since. Prints what it did.
set -eu
if [ ! -e "$1" ]; then exit 0; fi
owners=$(sed -n 1p "$1") name=$(sed -n 2p "$1") ours=$(sed -n 3p "$1")
rm -f "$1"
if [ "$(readlink /etc/localtime)" != "$ours" ] || [ "$owners" = "$ours" ]; then exit 0; fi
if [ -n "$owners" ]; then ln -sfnT "$owners" /etc/localtime; else rm -f /etc/localtime; fi
if [ -n "$name" ]; then printf '%s\n' "$name" >/etc/timezone; else rm -f /etc/timezone; fi
echo "${owners:-none}"

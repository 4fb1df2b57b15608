# give_back.sh KEPT CHECKING: what names our DNS servers goes, and the plain file that the server had comes back from KEPT.
# Prints what changes; with CHECKING true, nothing does.
set -eu
kept=$1 checking=$2 folder=/etc/systemd/resolved.conf.d
do_it() { [ "$checking" = true ] || "$@"; }
for file in "$folder/90-sopctl.conf" /etc/NetworkManager/conf.d/90-sopctl.conf /etc/dhcp/dhclient-enter-hooks.d/sopctl; do
    if [ ! -e "$file" ]; then continue; fi
    printf '%s\n' "$file"
    do_it rm -f "$file"
    if [ "${file%/*}" = "$folder" ] && [ -e "$kept.folder" ]; then # we made it
        do_it rmdir --ignore-fail-on-non-empty "$folder"
    fi
done
do_it rm -f "$kept.folder"
if [ -e "$kept" ]; then
    echo /etc/resolv.conf
    do_it mv -f -T "$kept" /etc/resolv.conf
fi

# algorithms.sh DROP_IN "WEAK …": the lists of algorithms of the owner's sshd without the weak ones, as lines for our
# drop-in; a list that has none of them is left alone, so that it grows with OpenSSH. WEAK are patterns of the shell.
set -euf
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/sshd_config.d"
set +f
for file in "$(dirname "$1")"/*.conf; do # what the owner has set: ours not among it
    case $(basename "$file") in *sopctl*) ;; *) [ ! -f "$file" ] || cp -L "$file" "$folder/sshd_config.d/" ;; esac
done
set -f
sed "s|/etc/ssh/sshd_config\.d/|$folder/sshd_config.d/|" /etc/ssh/sshd_config >"$folder/sshd_config"
/usr/sbin/sshd -T -f "$folder/sshd_config" >"$folder/effective" 2>/dev/null || exit 0 # main.yml's check says why
for name in kexalgorithms ciphers macs hostkeyalgorithms pubkeyacceptedalgorithms pubkeyacceptedkeytypes; do
    all=$(sed -n "s/^$name //p" "$folder/effective")
    good=
    for algorithm in $(printf %s "$all" | tr , ' '); do
        weak=no
        for pattern in $2; do
            case $algorithm in $pattern) weak=yes ;; esac
        done
        if [ "$weak" = no ]; then good="$good${good:+,}$algorithm"; fi
    done
    if [ -n "$good" ] && [ "$good" != "$all" ]; then echo "$name $good"; fi
done

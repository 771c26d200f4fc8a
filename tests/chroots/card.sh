#!/bin/sh
# hardware/boot/vendor-data under the real cloud-init, beside what Raspberry Pi Imager writes. `make test-card` calls it,
# in a chroot: it writes into /boot/firmware, /etc and /usr.
#
# Stand-ins: systemctl, which only notes, and the module of the key rpi, which only Raspberry Pi's cloud-init has.
set -eu

BOOT=/boot/firmware
DONE=/root/done

fail() {
  printf 'matpi: %s\n' "$*" >&2
  exit 1
}

rm -rf /var/lib/cloud /root/bin "$DONE" "$BOOT" /usr/local/lib/matpi-card.sh /etc/systemd/system/matpi-card.service
mkdir -p "$BOOT" /root/bin
cp hardware/boot/vendor-data hardware/boot/matpi.sh "$BOOT"

# Of Raspberry Pi OS.
cat >/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg <<END
datasource_list: [ NoCloud, None ]
datasource:
  NoCloud:
    seedfrom: file://$BOOT
END
printf 'dsmode: local\ninstance_id: rpios-image\n' >"$BOOT/meta-data"
printf 'network:\n  version: 2\n' >"$BOOT/network-config"
# Of Imager, with all in it that vendor-data could lose against.
cat >"$BOOT/user-data" <<END
#cloud-config
hostname: mat
packages:
- avahi-daemon
users:
- name: anna
  lock_passwd: true
rpi:
  interfaces:
    serial: true
runcmd:
  - [ sh, -c, "echo runcmd >>$DONE" ]
END
cat >/usr/lib/python3/dist-packages/cloudinit/config/cc_raspberry_pi.py <<END
from cloudinit.settings import PER_INSTANCE

meta = {"id": "cc_raspberry_pi", "distros": ["all"], "frequency": PER_INSTANCE, "activate_by_schema_keys": ["rpi"]}


def handle(name, cfg, cloud, args):
    with open("$DONE", "a") as file:
        print("rpi", *sorted(cfg["rpi"]["interfaces"].items()), file=file)
END
printf '#!/bin/sh\necho "systemctl $*" >>%s\n' "$DONE" >/root/bin/systemctl
chmod +x /root/bin/systemctl
PATH="/root/bin:$PATH"

# Its schema does not know the key rpi, and refuses keys that it does not know.
sed '/^rpi:/,/^$/d' "$BOOT/vendor-data" >/tmp/without-rpi
cloud-init schema --config-file /tmp/without-rpi || fail "cloud-init refuses vendor-data, for the reason above."
echo 'write_file: []' >>/tmp/without-rpi
! cloud-init schema --config-file /tmp/without-rpi >/dev/null 2>&1 || fail "cloud-init took a key that there is not."

# What it cannot do in a chroot, such as keys for ssh, are warnings.
{
  cloud-init init --local
  cloud-init init
  for module in raspberry_pi write_files scripts_per_instance runcmd scripts_user; do
    cloud-init single --name "$module"
  done
} >/root/log 2>&1 || true

cat >/root/wanted <<END
rpi ('i2c', True) ('serial', True) ('spi', True)
systemctl enable --quiet matpi-card.service
systemctl start --no-block matpi-card.service
runcmd
END
diff /root/wanted "$DONE" || {
  tail -n 20 /root/log >&2
  fail "cloud-init did something else than it should: wanted <, done >."
}
[ "$(cat /etc/hostname)" = mat ] || fail "The host name of Imager is lost."
id anna >/dev/null || fail "The user of Imager is lost."
cmp "$BOOT/matpi.sh" /usr/local/lib/matpi-card.sh || fail "The script was not kept."
echo "cloud-init $(cloud-init --version 2>&1 | sed 's/.* //'): vendor-data is valid, merged with Imager's and done."

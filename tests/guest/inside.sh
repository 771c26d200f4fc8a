#!/bin/sh
# Runs in the chroot of tests/chroots/run.sh guest, in the tree: all that the guest takes from the network, for it has
# none, and what makes it boot alone and quickly.
set -eu

wanted=$(cat pyproject.toml constraints.txt tests/guest/inside.sh tests/guest/shell.service tests/guest/module/* | cksum)
[ "$(cat /srv/.made-of 2>/dev/null)" != "$wanted" ] || exit 0

python3 -m venv /tmp/venv
pip="/tmp/venv/bin/python -m pip -qq --disable-pip-version-check"
$pip download --only-binary=:all: -c constraints.txt -d /srv/wheels . hatchling
# Neither Debian nor the index has lgpio for this Python; PYPI=1 asks its setup.py to compile the C library in.
PYPI=1 $pip install --no-binary=lgpio --no-deps --upgrade \
  --target /usr/local/lib/python3.13/dist-packages lgpio

kernel=$(basename /lib/modules/*)
cp -r tests/guest/module /tmp/module
make -s -C "/lib/modules/$kernel/build" M=/tmp/module modules
install -D -m 644 /tmp/module/matpi_board.ko "/lib/modules/$kernel/extra/matpi_board.ko"
depmod "$kernel"

echo matpi-guest >/etc/hostname
echo '/dev/vda / ext4 defaults 0 1' >/etc/fstab
install -m 644 tests/guest/shell.service /etc/systemd/system/
systemctl --quiet enable shell.service
# What an emulated processor need not do at every boot: logins, timers, file systems no test looks at, first-boot work.
for unit in getty.target getty@tty1.service serial-getty@ttyS0.service systemd-logind.service systemd-hostnamed.socket \
  systemd-binfmt.service dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
  sys-kernel-tracing.mount sys-fs-fuse-connections.mount modprobe@configfs.service modprobe@fuse.service \
  modprobe@efi_pstore.service modprobe@drm.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
  systemctl --quiet mask "$unit"
done
ldconfig
journalctl --update-catalog
touch /etc/.updated /var/.updated
printf '%s\n' virtio_pci virtio_blk ext4 >/etc/initramfs-tools/modules
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' /etc/initramfs-tools/initramfs.conf
update-initramfs -u >/dev/null

echo "$wanted" >/srv/.made-of

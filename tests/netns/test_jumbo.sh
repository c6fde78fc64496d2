# SPDX-License-Identifier: GPL-2.0-only
# An interface with jumbo frames keeps native XDP, and what comes in several buffers is judged as a whole.
TEST=jumbo
source "$(dirname "$0")/lib.sh"
MTU=9000

upload() { # URL-BASE
	on a curl -sS --max-time $((30 * SLOW)) --ssl-reqd --insecure -T "$WORK/ftp/big.bin" "$1/upload/" &&
		cmp "$WORK/ftp/big.bin" "$WORK/ftp/upload/big.bin" && rm "$WORK/ftp/upload/big.bin"
}

# How many bytes a packet of the data connections has had at the mean.
mean_size() {
	pst_json counters | json 'next(v["bytes"] // v["packets"] for k, v in d["inbound"]["services"].items() if k == "ftp:vsftpd")'
}

world
ip -n "$SWITCH" link set br0 mtu $MTU
for host in srv a; do
	ip -n "$SWITCH" link set "$host-eth0" mtu $MTU
	ip -n "$ID-$host" link set eth0 mtu $MTU
done
# Otherwise packets are put together to larger ones than the wire would ever carry.
ip -n "$ID-a" link set eth0 gso_max_segs 1 || die "cannot turn segmentation offload off"
start_vsftpd
apply_usual
if [[ $(status_field '["interfaces"][0]["xdp"]') != native ]]; then
	skip "an MTU of $MTU under native XDP" "the kernel has no XDP frames in several buffers, or the driver does not"
	finish
fi
ok "native XDP with an MTU of $MTU"
for base in "ftp://$SRV4" "ftps://[$SRV6]:990"; do
	check "an upload: $base" upload "$base"
	check "a download: $base" fetch a "$base" big.bin
done
size=$(mean_size)
say "bytes a packet inward: $size"
check "packets came in that one buffer does not hold" test "$size" -gt 2000
check "no jumbo frame was denied for its length" equal "$(pst_json counters | json 'd["inbound"]["denied"].get("length", 0)')" 0
finish

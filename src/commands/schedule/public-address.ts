import { BlockList, isIP } from 'node:net';

// Which addresses lie outside. Whoever may enter a URL must not reach through us what only we can reach.

/** Special-purpose blocks of RFC 6890 and its successors: loopback, private, link-local with the clouds' metadata, and so on. */
const NOT_PUBLIC_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Metadata services that have a public-looking address.
  '168.63.129.16/32',
];

/** Of what is global unicast: tunnels that carry an IPv4 address, benchmarks, documentation. */
const NOT_PUBLIC_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const listOf = (blocks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const block of blocks) {
    const [net = '', prefix] = block.split('/');
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
};
const inside4 = listOf(NOT_PUBLIC_4, 'ipv4');
const inside6 = listOf(NOT_PUBLIC_6, 'ipv6');
const global6 = listOf(['2000::/3'], 'ipv6');

/** Whether an address is one of the public internet. IPv6 must be global unicast, so mapped and translated IPv4 is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !inside4.check(address, 'ipv4');
    case 6:
      return global6.check(address, 'ipv6') && !inside6.check(address, 'ipv6');
    default:
      return false;
  }
}

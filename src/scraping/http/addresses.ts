import { lookup as systemLookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { ConfigError } from "../../errors.ts";
import { PageError } from "../page-error.ts";

/**
 * What is no public address of the internet: this host, private and shared networks, link-local, test nets, benchmarks, multicast,
 * reserved (the special-purpose registries of IANA). Of IPv6 only 2000::/3 is given out, less what is listed.
 */
const special: readonly [prefix: string, bits: number, family: "ipv4" | "ipv6"][] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 3, "ipv4"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["3fff::", 20, "ipv6"],
];
const refused = new BlockList();
for (const [prefix, bits, family] of special) refused.addSubnet(prefix, bits, family);
const given = new BlockList();
given.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address, in any spelling, is no public one. An IPv4 address inside an IPv6 one counts as itself. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const family = isIP(plain);
  if (family === 4) return refused.check(plain, "ipv4");
  if (family !== 6) return true;
  const groups = groupsOf(plain);
  const inner = embedded(groups);
  if (inner !== null) return refused.check(inner, "ipv4");
  return !given.check(plain, "ipv6") || refused.check(plain, "ipv6");
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = hex.split("::");
  const read = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [before, after] = [read(head), read(tail ?? "")];
  return tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
}

/** The IPv4 address that an IPv6 one stands for: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96) and 6to4 (2002::/16). */
function embedded(groups: readonly number[]): string | null {
  const [a = 0, b = 0, c = 0] = groups;
  const zeros = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0);
  if (a === 0x2002) return dotted(b, c);
  const isMapped = zeros(0, 5) && groups[5] === 0xffff;
  const isNat64 = a === 0x64 && b === 0xff9b && zeros(2, 6);
  return isMapped || isNat64 ? dotted(groups[6] ?? 0, groups[7] ?? 0) : null;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Which hosts may be asked. A host that was allowed by its name may stand at any address. */
export interface AddressGuard {
  /** @throws PageError ADDRESS_REFUSED for an address that is written out, and for anything but http and https. */
  checkUrl(url: string): void;
  /** Whether that host is a private one that was allowed. */
  isOwn(hostname: string): boolean;
  /** As `dns.lookup`, with an error for a name that leads to a private address: the connection goes to what was checked. */
  readonly lookup: LookupFunction;
}

/** Makes a guard. `allowed` holds names, addresses and networks: `intranet.example`, `127.0.0.1`, `10.0.0.0/8`. */
export function addressGuard(allowed: readonly string[], resolve: LookupFunction = systemLookup): AddressGuard {
  const names = new Set<string>();
  const networks = new BlockList();
  for (const entry of allowed) {
    const [address = "", bits] = entry
      .trim()
      .replace(/^\[|\]$/g, "")
      .split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const most = family === "ipv6" ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 && bits === undefined && address !== "") names.add(address.toLowerCase());
    else if (isIP(address) !== 0 && Number.isInteger(length) && length >= 0 && length <= most)
      networks.addSubnet(address, length, family);
    else
      throw new ConfigError(`"${entry}" is no host, address or network that could be allowed.`, {
        hint: "Write it as intranet.example, 10.1.2.3 or 10.0.0.0/8.",
      });
  }
  const mayBe = (address: string) =>
    !isPrivateAddress(address) || networks.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return {
    checkUrl(url) {
      const { protocol, hostname } = new URL(url);
      if (protocol !== "http:" && protocol !== "https:") throw refusal(url, `is ${protocol}, not http or https`);
      const host = hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !mayBe(host)) throw refusal(url, `stands at the private address ${host}`);
    },
    isOwn(hostname) {
      const host = hostname.replace(/^\[|\]$/g, "");
      return names.has(host) || (isIP(host) !== 0 && isPrivateAddress(host) && mayBe(host));
    },
    lookup(hostname, options, done) {
      const isNamed = names.has(hostname.toLowerCase());
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error) return done(error, "", 0);
        const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }];
        const bad = isNamed ? undefined : addresses.find(({ address }) => !mayBe(address));
        if (bad) return done(refusal(`http://${hostname}`, `leads to the private address ${bad.address}`), "", 0);
        const [first] = addresses;
        if (options.all) done(null, addresses);
        else done(null, first?.address ?? "", first?.family);
      });
    },
  };
}

function refusal(url: string, reason: string): PageError {
  return new PageError(url, {
    code: "ADDRESS_REFUSED",
    reason,
    hint: "Allow it with `allowPrivate` in the source or SCRAPE_ALLOW_PRIVATE, if you mean it.",
  });
}

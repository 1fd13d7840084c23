import type { LookupFunction } from "node:net";
import { describe, expect, test } from "vitest";
import { addressGuard, isPrivateAddress } from "../../src/scraping/http/addresses.ts";
import { pagesOf, scraperOf, serve } from "./site.ts";

describe("an address is private", () => {
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "fec0::1",
    "2001:db8::1",
    "3fff::1",
    "2001::1",
    "100::1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "::127.0.0.1",
    "no address",
  ])("%s", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });
});

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "172.15.0.1",
  "172.32.0.1",
  "100.128.0.1",
  "2606:4700::1111",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
  "2002:808:808::",
])("%s is a public address", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

describe("a page is refused before anything is sent", () => {
  test.each([
    "http://127.0.0.1:1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://localhost/",
    "http://127.0.0.1.:80/",
    "http://169.254.169.254/latest/meta-data",
    "ftp://example.org/x",
    "file:///etc/passwd",
  ])("%s", async (url) => {
    const { scraper } = scraperOf(
      { pages: pagesOf(url, { retries: 0, robots: false }) },
      { SCRAPE_ALLOW_PRIVATE: "192.168.0.1" },
    );
    await expect(scraper.fetchSource("pages")).rejects.toMatchObject({ code: "ADDRESS_REFUSED", retryable: false });
  });
});

test("a redirect to a private address is refused", async () => {
  const { base, asked } = await serve((_, response) =>
    response.writeHead(302, { location: "http://127.0.0.2:9/secret" }).end(),
  );
  const { scraper } = scraperOf({ pages: pagesOf(`${base}/x`, { retries: 0 }) });
  await expect(scraper.fetchSource("pages")).rejects.toMatchObject({ code: "ADDRESS_REFUSED" });
  expect([...asked.keys()]).toEqual(["/x"]);
});

describe("a name", () => {
  /** A resolver that gives these answers in turn. */
  const resolver = (...answers: string[][]): LookupFunction => {
    let turn = 0;
    return (_, __, done) => {
      const addresses = answers[Math.min(turn++, answers.length - 1)] ?? [];
      (done as (error: null, found: { address: string; family: number }[]) => void)(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };
  };
  const ask = (guard: ReturnType<typeof addressGuard>, name: string) =>
    new Promise<unknown>((resolve) => {
      guard.lookup(name, { all: true }, (error, found) => resolve(error ?? found));
    });

  test("that leads to a private address is refused, also beside a public one", async () => {
    const guard = addressGuard([], resolver(["8.8.8.8", "10.0.0.1"]));
    expect(await ask(guard, "rebind.example")).toMatchObject({ code: "ADDRESS_REFUSED" });
  });

  test("that leads elsewhere the second time is looked at again, and the connection goes to what was looked at", async () => {
    const guard = addressGuard([], resolver(["8.8.8.8"], ["127.0.0.1"]));
    expect(await ask(guard, "rebind.example")).toEqual([{ address: "8.8.8.8", family: 4 }]);
    expect(await ask(guard, "rebind.example")).toMatchObject({ code: "ADDRESS_REFUSED" });
  });

  test("that was allowed may lead anywhere, and so may a network that was allowed", async () => {
    expect(await ask(addressGuard(["Intranet.example"], resolver(["10.0.0.1"])), "intranet.example")).toHaveLength(1);
    expect(await ask(addressGuard(["10.0.0.0/8"], resolver(["10.9.8.7"])), "any.example")).toHaveLength(1);
    expect(await ask(addressGuard(["fd00::/8"], resolver(["fd00::1"])), "any.example")).toHaveLength(1);
    expect(await ask(addressGuard(["10.0.0.0/8"], resolver(["11.0.0.1", "127.0.0.1"])), "any.example")).toMatchObject({
      code: "ADDRESS_REFUSED",
    });
  });
});

test.each(["10.0.0.0/99", "example.org/8", "/8", ""])("%j can't be allowed, and is told", (entry) => {
  expect(() => addressGuard([entry])).toThrow("is no host, address or network");
});

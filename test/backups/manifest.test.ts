import { describe, expect, it } from "vitest";
import { type Manifest, manifestText, parseManifest, recordOf } from "../../src/backups/manifest.ts";
import { CorruptDataError } from "../../src/errors.ts";

const manifest: Manifest = {
  format: "millrace-backup",
  version: 2,
  storage: "csv",
  source: "prices.csv",
  sequence: 7,
  created: "2026-01-31T23:59:59.123Z",
  by: "loader on host, process 1",
  rows: 2,
  schema: { fields: [{ name: "ts", type: "datetime[ns, UTC]", nullable: false }] },
  timeColumn: "ts",
  key: ["ts"],
  files: [{ name: "sub/data.csv", bytes: 3, sha256: "a".repeat(64) }],
  content: "bytes:abc",
  extra: { "10": "ten", dialect: { quote: '"' }, "2": null },
};

const reread = (change: (value: Record<string, unknown>) => unknown) =>
  parseManifest(JSON.stringify(change(JSON.parse(manifestText(manifest)))), "/backups/1");

describe("a manifest", () => {
  it("reads back as it was written", () => {
    expect(parseManifest(manifestText(manifest), "/backups/1")).toEqual(manifest);
    const proven = { ...manifest, proven: "2026-02-01T00:00:00.000Z" };
    expect(parseManifest(manifestText(proven), "/backups/1")).toEqual(proven);
  });

  it("becomes a record with dates and the sum of its sizes", () => {
    expect(recordOf(manifest, "/backups/1")).toMatchObject({
      location: "/backups/1",
      created: new Date("2026-01-31T23:59:59.123Z"),
      bytes: 3,
      timeColumn: "ts",
    });
    expect(recordOf(manifest, "/backups/1")).not.toHaveProperty("proven");
  });

  it("is refused when any of its bytes was changed or cut", () => {
    const text = manifestText(manifest);
    for (let at = 0; at < text.length - 1; at++)
      expect(() => parseManifest(text.slice(0, at), "/b")).toThrow(CorruptDataError);
    expect(() => reread((value) => ({ ...value, rows: 3 }))).toThrow(/digest/);
    expect(() => reread(({ key, ...value }) => value)).toThrow(/digest/);
    expect(() => reread(({ digest, ...value }) => value)).toThrow(/digest/);
    expect(() => reread(() => null)).toThrow(/no manifest/);
    expect(() => reread(() => ({ name: "some other JSON" }))).toThrow(CorruptDataError);
  });

  it("of a newer version is refused with a sentence that names both versions", () => {
    expect(() => reread((value) => ({ ...value, version: 3, files: "in some new form" }))).toThrow(
      /has format version 3; this millrace reads up to version 2/,
    );
  });

  it("can't name a file outside its folder", () => {
    for (const name of ["../x", "/etc/passwd", "a/../../x", "a//b", ".", "x\0"]) {
      const files = [{ name, bytes: 1, sha256: "a".repeat(64) }];
      expect(() => manifestText({ ...manifest, files })).toThrow();
    }
  });
});

import { inspect } from "node:util";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { showable } from "../../src/config/secrets.ts";

const config = parseConfig({
  DATABASE_URL: "postgres://me:t0psecret@db/x",
  ARCTIC_SECRET_KEY: "t0psecret",
  ARCTIC_HOST: "s3://host:bucket?access=id&secret=t0psecret",
  MY_API_TOKEN: "t0psecret",
  tickers: ["A"],
});

test("a config shows no secret as JSON, in inspect or in a message, and its properties stay readable", () => {
  for (const shown of [
    JSON.stringify(config),
    JSON.stringify({ deep: { config } }),
    inspect(config),
    inspect([config]),
  ]) {
    expect(shown).not.toContain("t0psecret");
    expect(shown).toContain("tickers");
    expect(shown).toContain("s3://host:bucket");
  }
  expect(config.DB_PASSWORD).toBe("t0psecret");
  expect(config.MY_API_TOKEN).toBe("t0psecret");
  expect(Object.keys(config)).not.toContain("toJSON");
});

test.each([
  ["azure://AccountName=a;AccountKey=k;Container=c", "azure://[hidden]"],
  ["s3s://user:key@host:bucket", "s3s://[hidden]@host:bucket"],
  ["lmdb:///data/arctic?map_size=1GB", "lmdb:///data/arctic?map_size=1GB"],
  ["minio.example:9000", "minio.example:9000"],
])("an ArcticDB address is shown without its keys: %s", (address, shown) => {
  expect(showable("ARCTIC_HOST", address)).toBe(shown);
});

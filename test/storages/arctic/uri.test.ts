import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { arcticPlace } from "../../../src/storages/arctic/uri.ts";

const place = (settings: Record<string, unknown>) => arcticPlace(parseConfig({ FS_DATA: "/srv/data", ...settings }));
const keys = { ARCTIC_BUCKET: "prices", ARCTIC_ACCESS_KEY: "AKIA1", ARCTIC_SECRET_KEY: "s3cr3t+/=" };

describe("ARCTIC_HOST", () => {
  test("localhost is a local library under FS_DATA", () => {
    expect(place({ ARCTIC_HOST: "localhost" })).toMatchObject({
      uri: "lmdb:///srv/data/arctic",
      library: "my_project_data",
      folder: "/srv/data/arctic",
      shared: false,
    });
  });

  test("a host with a port is an S3-compatible server, by https unless ARCTIC_TLS is off", () => {
    expect(place({ ARCTIC_HOST: "minio:9000", ARCTIC_REGION: "eu-1", ...keys }).uri).toBe(
      "s3s://minio:prices?port=9000&region=eu-1&access=AKIA1&secret=s3cr3t+/=",
    );
    expect(place({ ARCTIC_HOST: "s3.example.org", ARCTIC_TLS: "false", ...keys }).uri).toBe(
      "s3://s3.example.org:prices?access=AKIA1&secret=s3cr3t+/=",
    );
  });

  test("a server without keys uses those of the machine", () => {
    expect(place({ ARCTIC_HOST: "s3.example.org", ARCTIC_BUCKET: "prices" }).uri).toBe(
      "s3s://s3.example.org:prices?aws_auth=true",
    );
  });

  test("an address is taken as it is, and a relative local folder is made absolute", () => {
    expect(place({ ARCTIC_HOST: "azure://AccountName=a;AccountKey=k;Container=c" }).uri).toBe(
      "azure://AccountName=a;AccountKey=k;Container=c",
    );
    expect(place({ ARCTIC_HOST: "lmdb:///var/db?map_size=5GB" })).toMatchObject({
      uri: "lmdb:///var/db?map_size=5GB",
      folder: "/var/db",
    });
    expect(place({ ARCTIC_HOST: "lmdb://db" }).uri).toBe(`lmdb://${process.cwd()}/db`);
  });

  test("keys show nowhere but in the address that the worker gets", () => {
    for (const host of ["minio:9000", "s3s://minio:prices?port=9000&access=AKIA1&secret=s3cr3t+/="]) {
      const { where, secrets } = place({ ARCTIC_HOST: host, ...keys });
      expect(where).not.toMatch(/AKIA1|s3cr3t/);
      expect(secrets).toEqual(["AKIA1", "s3cr3t+/="]);
    }
    const azure = place({ ARCTIC_HOST: "azure://AccountName=a;AccountKey=hidden;Container=c" });
    expect(azure.where).not.toContain("hidden");
  });

  test.each([
    [{ ARCTIC_HOST: "minio:9000" }, /ARCTIC_BUCKET is missing/],
    [{ ARCTIC_HOST: "http//oops", ...keys }, /neither localhost/],
    [{ ARCTIC_HOST: "minio", ...keys, ARCTIC_SECRET_KEY: "a&b" }, /secret key/],
  ])("a wrong setting is a ConfigError that says which: %o", (settings, message) => {
    expect(() => place(settings)).toThrow(message);
  });
});

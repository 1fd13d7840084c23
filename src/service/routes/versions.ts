import type { OpenAPIHono } from "@hono/zod-openapi";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { IDescribe } from "../../contracts/describe.ts";
import { ConfigError } from "../../errors.ts";
import { diffText } from "../../pipelines/diff/render.ts";
import { diffStores } from "../../pipelines/diff/stores.ts";
import type { ArcticVersion } from "../../storages/arctic/versions.ts";
import type { ServiceContext } from "../context.ts";
import { frameHead } from "../pages/frame.ts";
import { page } from "../pages/layout.ts";
import { comparison, type ShownVersion, versionsTable } from "../pages/versions.ts";

/** A source that keeps versions. */
interface Versioned {
  listVersions(name: string): Promise<ArcticVersion[]>;
}

/** The page of a frame's versions, two of which it compares. */
export function versionRoutes(app: OpenAPIHono, { factory, config }: ServiceContext): void {
  app.get("/data/:storage/:name/versions", async (context) => {
    const { storage, name } = context.req.param();
    const source: IDataSource = factory.createDataSource(storage);
    if (!hasVersions(source))
      throw new ConfigError(`The storage ${storage} keeps no versions.`, { code: "OPTION_UNSUPPORTED" });
    const about = await (source as IDataSource & Partial<IDescribe>).describe?.(name);
    const versions = (await source.listVersions(name)).filter(({ deleted }) => !deleted).map(shownVersion);
    const { old, new: next } = context.req.query();
    const sides = [old, next].map(Number);
    const compared =
      old !== undefined && next !== undefined && sides.every(Number.isInteger)
        ? comparison(diffText(await diff(source, name, sides as [number, number], about?.key)))
        : undefined;
    const head = { storage, name, about, versioned: true };
    return page(context, {
      title: name,
      place: "data",
      body: [frameHead(head, "versions"), versionsTable(head, versions, compared)],
    });
  });

  function diff(source: IDataSource, name: string, [old, next]: [number, number], key: readonly string[] | undefined) {
    const side = (asOf: number) => ({ source, name, options: { asOf } as object });
    return diffStores(side(old), side(next), { config, ...(key ? { key: [...key] } : { order: true }) });
  }
}

export function hasVersions(source: IDataSource): source is IDataSource & Versioned {
  return "listVersions" in source;
}

function shownVersion({ version, saved, by, snapshots }: ArcticVersion): ShownVersion {
  const who = by
    ? [by.service, by.run && `run ${by.run}`, `${by.host} ${by.pid}`].filter(Boolean).join(", ")
    : "another program";
  return { version, saved, by: who, snapshots };
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { IDescribe } from "../../contracts/describe.ts";
import { NotFoundError } from "../../errors.ts";
import { findBackup, serviceOf } from "../../factory/find-backup.ts";
import type { ServiceContext } from "../context.ts";
import { backupsPage, restorePage } from "../pages/backups.ts";
import { countText } from "../pages/format.ts";
import { page } from "../pages/layout.ts";

/** The pages about backups, and what they do. */
export function backupRoutes(app: OpenAPIHono, { factory }: ServiceContext): void {
  app.get("/backups", async (context) => {
    const listed = await Promise.all(factory.listDataBackup().map((type) => serviceOf(factory, type).listBackups()));
    const backups = listed.flat().sort((a, b) => b.created.getTime() - a.created.getTime());
    return page(context, { title: "Backups", place: "backups", body: backupsPage(backups, context.req.query("done")) });
  });

  app.post("/backups/prove", async (context) => {
    const { service, record } = await findBackup(factory, await backupOf(context.req.parseBody()));
    const sound = await service.proveBackup(record.location);
    const done = sound
      ? `${record.source} #${record.sequence} was restored into a scratch place, and is equal.`
      : `${record.source} #${record.sequence} is damaged.`;
    return context.redirect(`/backups?done=${encodeURIComponent(done)}`, 303);
  });

  app.get("/backups/restore", async (context) => {
    const { record } = await findBackup(factory, context.req.query("backup") ?? "");
    const source: IDataSource = factory.createDataSource(record.storage);
    const now =
      "describe" in source
        ? await (source as IDataSource & IDescribe).describe(record.source).catch(orNull)
        : undefined;
    const columns = record.schema.fields.map(({ name }) => name);
    const standing = now?.schema.fields.map(({ name }) => name) ?? [];
    const changes = [
      now === null
        ? "Nothing stands there now."
        : `Rows: ${now?.rows === undefined ? "as many as there are" : countText(now.rows)} → ${countText(record.rows)}`,
      ...listed(
        "Columns that come back",
        columns.filter((name) => now && !standing.includes(name)),
      ),
      ...listed(
        "Columns that go",
        standing.filter((name) => !columns.includes(name)),
      ),
    ];
    return page(context, { title: "Restore", place: "backups", body: restorePage(record, changes) });
  });

  app.post("/backups/restore", async (context) => {
    const { service, record } = await findBackup(factory, await backupOf(context.req.parseBody()));
    await service.restoreData(record.location);
    const done = `${record.storage}:${record.source} is as it was in #${record.sequence}. What stood there was backed up.`;
    return context.redirect(`/backups?done=${encodeURIComponent(done)}`, 303);
  });
}

async function backupOf(body: Promise<Record<string, unknown>>): Promise<string> {
  return String((await body).backup ?? "");
}

function orNull(error: unknown): null {
  if (error instanceof NotFoundError) return null;
  throw error;
}

function listed(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
}

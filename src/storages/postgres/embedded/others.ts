import { loadDriver } from "../driver.ts";
import { embeddedUser, readAccess } from "./access.ts";
import type { EmbeddedPaths } from "./paths.ts";

const othersSql = `
  SELECT count(*)::int AS others FROM pg_catalog.pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()`;

/** Whether any program is connected to the server, such as somebody's psql. One that can't be asked has nobody. */
export async function hasClients(paths: EmbeddedPaths, port: number): Promise<boolean> {
  const access = await readAccess(paths);
  if (!access) return false;
  const { Client } = await loadDriver();
  const address = { host: "127.0.0.1", port, user: embeddedUser, password: access.password, database: "postgres" };
  const client = new Client({ ...address, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ others: number }>(othersSql);
    return (rows[0]?.others ?? 0) > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Azure's own emulator of blob storage. npm fetches it on first use: 245 MB are too much for a development dependency. */
const emulator = "azurite@3.37.0";

/** Account and key that every Azurite knows, as its documentation publishes them. */
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** A server for Azure's blobs with one empty container, `frames`. */
export interface AzureServer extends AsyncDisposable {
  readonly key: string;
  /** Settings that point to a container. */
  settings(container: string): Record<string, unknown>;
}

export async function startAzure(): Promise<AzureServer> {
  const flags = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"];
  const child = spawn("npx", ["-y", "-p", emulator, "azurite-blob", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`azurite ended with ${code}.`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line.includes("listens on") ? line : "") ?? [];
      if (url) resolve(`${url}/${account}`);
    });
  });
  await makeContainer(endpoint, "frames");
  return {
    key,
    settings: (container) => ({
      ARCTIC_HOST: `azure://AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};Container=${container}`,
    }),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      // npx passes no signal on, so that its whole group is ended.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      await ended;
    },
  };
}

async function makeContainer(endpoint: string, name: string): Promise<void> {
  const url = new URL(`${endpoint}/${name}?restype=container`);
  const [date, version] = [new Date().toUTCString(), "2021-08-06"];
  const signed = `PUT${"\n".repeat(12)}x-ms-date:${date}\nx-ms-version:${version}\n/${account}${url.pathname}\nrestype:container`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
  const headers = {
    "x-ms-date": date,
    "x-ms-version": version,
    Authorization: `SharedKey ${account}:${signature}`,
  };
  const answer = await fetch(url, { method: "PUT", headers });
  if (!answer.ok) throw new Error(`The container was not made: ${answer.status} ${await answer.text()}`);
}

/** Makes an environment of the packages given as JSON, and prints what was logged and where it is. */
import { makeEnvironment, type Packages } from "../../../../src/storages/arctic/environment.ts";

const packages = JSON.parse(process.argv[2] ?? "") as Packages;
const lines: string[] = [];
const keep = (first: object | string, message?: string) => {
  lines.push(typeof first === "string" ? first : (message ?? ""));
};
const { python } = await makeEnvironment({ debug: keep, info: keep, warn: keep, error: keep }, packages);
console.log(JSON.stringify({ python, lines }));

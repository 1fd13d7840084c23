import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../bin/node-24.mjs";

const beatMs = 2_000;
const staleMs = 15_000;

/**
 * Runs `work` while no other process prepares the same checkout. The holder touches its file every two
 * seconds; a file that nobody touches any more was left by a killed process and is taken over.
 *
 * @template T
 * @param {string} root folder of the checkout
 * @param {() => Promise<T>} work
 * @param {(line: string) => void} say told when there is somebody to wait for
 * @returns {Promise<T>}
 */
export async function withSetupLock(root, work, say) {
  const file = lockFile(root);
  let told = false;
  while (!(await take(file))) {
    if (!told) say("Another process prepares this folder; waiting for it.");
    told = true;
    await pause(200);
  }
  const beat = setInterval(() => touch(file), beatMs);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (isOwn(file)) rmSync(file, { force: true });
  }
}

function lockFile(root) {
  const name = `setup-${createHash("sha256").update(root).digest("hex").slice(0, 16)}.lock`;
  try {
    mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
    return join(cacheFolder(), name);
  } catch {
    return join(tmpdir(), `millrace-${process.getuid?.() ?? ""}-${name}`);
  }
}

async function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (!isStale(file)) return false;
  try {
    renameSync(file, `${file}.${process.pid}`);
    rmSync(`${file}.${process.pid}`, { force: true });
    writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
  } catch {
    return false;
  }
  // Somebody who saw the same stale file may have moved this new one away: look again before relying on it.
  await pause(100);
  return isOwn(file);
}

function isStale(file) {
  try {
    return Date.now() - statSync(file).mtimeMs > staleMs || !isAlive(Number(readFileSync(file, "utf8")));
  } catch {
    return false;
  }
}

function isAlive(pid) {
  if (!pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function isOwn(file) {
  try {
    return readFileSync(file, "utf8") === String(process.pid);
  } catch {
    return false;
  }
}

function touch(file) {
  try {
    if (isOwn(file)) utimesSync(file, new Date(), new Date());
  } catch {
    // The folder went away; the work goes on without the lock.
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

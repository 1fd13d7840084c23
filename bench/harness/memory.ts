import { readdirSync, readFileSync } from "node:fs";

const everyMs = 50;

/**
 * Watches the memory of a process and all its children, until the returned function is called; that gives the peak
 * in MB. It is the proportional share (PSS), so pages that several of them map count once. Linux only; elsewhere 0.
 */
export function watchMemory(pid: number): () => number {
  let peak = 0;
  const look = () => {
    peak = Math.max(
      peak,
      treeOf(pid).reduce((sum, each) => sum + memoryOf(each), 0),
    );
  };
  look();
  const timer = setInterval(look, everyMs);
  return () => {
    clearInterval(timer);
    look();
    return peak / 1024;
  };
}

function treeOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [];
  }
}

function memoryOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

import type { ApiDoor } from "./entry.ts";

/** Every signature of the package, one a line, with its door: what a semantic version promises. */
export function surfaceOf(doors: readonly ApiDoor[]): string {
  const lines = doors.flatMap(({ name, groups }) => {
    const entries = groups.flatMap((group) => group.entries).sort((a, b) => (a.name < b.name ? -1 : 1));
    return [
      `# ${name}`,
      ...entries.flatMap(({ signature, members, from }) => [
        ...signature.split("\n").map((line) => (from ? `${line} (of ${from})` : line)),
        ...members.flatMap((member) => member.signature.split("\n").map((line) => `  ${line}`)),
      ]),
    ];
  });
  return `${lines.join("\n")}\n`;
}

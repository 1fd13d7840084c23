import type { ApiDoor } from "./entry.ts";

/** What is exported without a docstring: `millrace: DataFactory.close`. */
export function missingTexts(doors: readonly ApiDoor[]): string[] {
  return doors.flatMap(({ name, groups }) =>
    groups.flatMap(({ entries }) =>
      entries.flatMap((entry) => {
        if (entry.from) return [];
        const members = entry.members.filter(({ text }) => !text).map((member) => `${entry.name}.${member.name}`);
        return [...(entry.text ? [] : [entry.name]), ...members].map((missing) => `${name}: ${missing}`);
      }),
    ),
  );
}

/** What keeps a version from being published, one sentence each; nothing when it may be. */
export function releaseFaults(about: {
  readonly version: string;
  readonly repository?: unknown;
  /** The text of CHANGELOG.md. */
  readonly changes: string;
  /** What `git status --porcelain` says. */
  readonly uncommitted: string;
  readonly tags: readonly string[];
}): string[] {
  const { version, repository, changes, uncommitted, tags } = about;
  const faults: string[] = [];
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) faults.push(`"${version}" in package.json is no semantic version.`);
  const newest = /^## (.+)$/m.exec(changes)?.[1] ?? "nothing";
  if (!newest.startsWith(`${version}, `) || !/^\d{4}-\d{2}-\d{2}$/.test(newest.slice(version.length + 2)))
    faults.push(`CHANGELOG.md begins with "${newest}"; it has to begin with "${version}, " and the day.`);
  if (repository === undefined)
    faults.push(
      'package.json has no "repository": npm proves from it where a package was built, and shows the README\'s pictures.',
    );
  if (uncommitted.trim() !== "") faults.push("Something is not committed.");
  if (tags.includes(`v${version}`)) faults.push(`The tag v${version} is there already: raise the version.`);
  return faults;
}

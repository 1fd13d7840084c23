// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the shell's
import type { Command } from "commander";
import { printLines } from "./output.ts";
import { UsageError } from "./report-error.ts";

const shells = ["bash", "zsh"];

/** Prints a script for `bash` or `zsh` that completes commands and options. `source <(millrace completion bash)` */
export function completion(shell: string, program: Command): void {
  if (!shells.includes(shell)) {
    throw UsageError.unknown("shell", shell, shells, ["completion"]);
  }
  const cases = [...wordsByCommand(program)].map(([path, words]) => `    "${path}") words="${words.join(" ")}" ;;`);
  printLines([
    ...(shell === "zsh" ? ["autoload -U +X bashcompinit && bashcompinit"] : []),
    "_millrace() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" path="" words="" each',
    '  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    [[ "$each" == -* ]] || path="${path:+$path }$each"',
    "  done",
    '  while [[ -n "$path" ]]; do',
    '    case "$path" in',
    `      ${[...wordsByCommand(program).keys()]
      .filter((path) => path !== "")
      .map((path) => `"${path}"`)
      .join("|")}) break ;;`,
    "    esac",
    '    [[ "$path" == *" "* ]] && path="${path% *}" || path=""',
    "  done",
    '  case "$path" in',
    ...cases,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    "}",
    "complete -F _millrace millrace",
  ]);
}

/** What may follow each command, by the command's words: its own commands, and its options. */
function wordsByCommand(program: Command): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const common = program.options.map(({ long }) => long ?? "");
  const visit = (command: Command, path: readonly string[]) => {
    const own = command.options.map(({ long }) => long ?? "");
    const names = command.commands.map((each) => each.name());
    found.set(path.join(" "), [...new Set([...names, ...own, ...common, "--help"])]);
    for (const each of command.commands) visit(each, [...path, each.name()]);
  };
  visit(program, []);
  return found;
}

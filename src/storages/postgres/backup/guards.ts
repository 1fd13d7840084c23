import { literal, quote } from "../identifiers.ts";
import type { RestoreStatement } from "./create.ts";
import type { TableDefinition } from "./definition.ts";

/** What a DBA has put around a table: who may do what with which rows, and what happens when rows change. It comes after the rows. */
export function guards(definition: TableDefinition, table: string, own: boolean): RestoreStatement[] {
  return [
    ...rowSecurity(definition, table),
    ...grants(definition, table),
    ...triggers(definition, table),
    ...rules(definition, table, own),
  ];
}

function rowSecurity({ rowSecurity, rowSecurityForced, policies }: TableDefinition, table: string): RestoreStatement[] {
  return [
    ...(rowSecurity ? [{ sql: `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY` }] : []),
    ...(rowSecurityForced ? [{ sql: `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY` }] : []),
    ...policies.map(({ name, sql }) => ({ sql: `CREATE POLICY ${quote(name)} ON ${table} ${sql}`, optional: true })),
  ];
}

function grants({ grants: all }: TableDefinition, table: string): RestoreStatement[] {
  return all.map(({ grantee, privilege, grantable, column }) => {
    const what = column === null ? privilege : `${privilege} (${quote(column)})`;
    return { sql: `GRANT ${what} ON ${table} TO ${grantee}${grantable ? " WITH GRANT OPTION" : ""}`, optional: true };
  });
}

function triggers({ triggers: all }: TableDefinition, table: string): RestoreStatement[] {
  return all.map(({ name, when, sql, firing }) => {
    const make = `${when} ON ${table} ${sql}`;
    return { sql: inOne(make, table, firing, `TRIGGER ${quote(name)}`), optional: true };
  });
}

/** A rule names its table as often as it likes, so it can't be moved to another one. */
function rules({ rules: all }: TableDefinition, table: string, own: boolean): RestoreStatement[] {
  return all.map(({ name, sql, firing }) =>
    own
      ? { sql: inOne(sql, table, firing, `RULE ${quote(name)}`), optional: true }
      : { sql, left: `the rule ${quote(name)} stays with its own table` },
  );
}

const firings = { O: "", D: "DISABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" };

/** One statement, so that nothing fires which did not before. */
function inOne(make: string, table: string, firing: keyof typeof firings, what: string): string {
  if (firing === "O") return make;
  const set = `ALTER TABLE ${table} ${firings[firing]} ${what}`;
  return `DO ${literal(`BEGIN ${make}; ${set}; END`)}`;
}

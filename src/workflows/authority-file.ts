import { z } from 'zod';
import { flawsOfAuthority, type AuthorityTable, type Band } from './authority.js';
import type { Problem } from './pack-file.js';
import { plainRule } from './process-file.js';
import { keySchema, localised } from './process.js';
import { roleProblems, type Nameable } from './prove-process.js';

// Authority tables as packs write them (kind: authority), and what can be said of one without a process.

/** A bare number is that level; `{ from, below }` a band. */
const level: z.ZodType<Band> = z.union([
  z
    .int()
    .min(1)
    .max(10)
    .transform((only): Band => ({ from: only, below: only + 1 })),
  z.strictObject({ from: z.int().min(1).max(10).optional(), below: z.int().min(2).max(11).optional() }),
]);
const band = z.strictObject({ from: z.number().min(0).optional(), below: z.number().positive().optional() });
const measureName = z.string().regex(/^[a-z][a-zA-Z0-9]{0,59}$/, 'a field name is camelCase');

export const authoritySchema = z.strictObject({
  kind: z.literal('authority'),
  key: keySchema,
  title: localised,
  rows: z
    .array(
      z.strictObject({
        matter: keySchema,
        level: level.default({}),
        measures: z.record(measureName, band).default({}),
        approvers: z.array(plainRule).min(1).max(10),
      }),
    )
    .min(1)
    .max(100),
});

export const compileAuthority = ({
  kind: _kind,
  ...table
}: z.infer<typeof authoritySchema>): AuthorityTable => table;

/** Unknown roles and groups; cases that no row answers; rows that never answer. */
export function* problemsOfAuthority(table: AuthorityTable, known: Nameable): Generator<Problem> {
  for (const [row, { approvers, measures }] of table.rows.entries()) {
    for (const [field, { from, below }] of Object.entries(measures)) {
      if (from !== undefined && below !== undefined && from >= below)
        yield {
          path: ['rows', row, 'measures', field],
          rule: 'unreachable',
          message: 'ends before it begins',
        };
    }
    for (const [index, rule] of approvers.entries()) {
      const path = ['rows', row, 'approvers', index];
      if (rule.rule === 'role') yield* roleProblems(rule.role, [...path, 'role'], known);
      if (rule.rule === 'managers' && rule.untilRole !== undefined)
        yield* roleProblems(rule.untilRole, [...path, 'untilRole'], known);
      if (rule.rule === 'group' && known.groups && !known.groups.has(rule.key))
        yield { path: [...path, 'key'], rule: 'unknown-group', message: `no group ${rule.key}` };
    }
  }
  for (const { row, message } of flawsOfAuthority(table)) {
    yield row === null
      ? { path: ['rows'], rule: 'gap', message, part: 'key' }
      : { path: ['rows', row], rule: 'unreachable', message };
  }
}

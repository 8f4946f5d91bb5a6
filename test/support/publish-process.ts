import type { EntityManager } from '@mikro-orm/postgresql';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { digestOf } from '../../src/workflows/canonical.js';
import { compileProcess, processSchema } from '../../src/workflows/process-file.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';

/** Publishes a contract process ahead of the packs' own, for the contracts whose signing mode is its key. */
export async function publishProcess(
  em: EntityManager,
  key: string,
  steps: readonly object[],
  more: {
    readonly version?: number;
    readonly expires?: object;
    /** CONTRACT when not given; for another kind the guard is given as well. */
    readonly subjectType?: string;
    readonly guard?: string;
  } = {},
): Promise<void> {
  const written = processSchema.parse({
    kind: 'process',
    key,
    version: 1,
    subjectType: 'CONTRACT',
    guard: `subject.signingMode == "${key}"`,
    ...more,
    title: key,
    priority: 500,
    steps,
  });
  const definition = compileProcess(written, SUBJECT_TYPES);
  await readDb(em)
    .insertInto('process_version')
    .values({
      id: newRowId(),
      key,
      version: definition.version,
      subject_type: definition.subjectType,
      purpose: definition.purpose,
      priority: definition.priority,
      status: 'PUBLISHED',
      definition: JSON.stringify(definition),
      digest: digestOf(definition),
      published_at: new Date(),
    })
    .execute();
}

const after = (seconds: number): object => ({ after: `PT${seconds}S`, in: 'calendar' });
const role = (key: string): object[] => [{ rule: 'role', role: key }];

/** Due after a second; then two reminders and four rungs within four seconds. */
export const LADDER_STEP = {
  key: 'manager-review',
  kind: 'approve',
  title: 'Review against the clock',
  approvers: [{ rule: 'manager' }],
  formula: 'any',
  due: after(1),
  reminders: [
    { when: 'before', offset: after(0.5) },
    { when: 'after', offset: after(0.25) },
  ],
  ladder: [
    { after: after(0.5), action: { do: 'remind' } },
    { after: after(0.5), action: { do: 'notify', who: role('marketing-director') } },
    { after: after(0.5), action: { do: 'add', who: role('marketing-director') } },
    { after: after(0.5), action: { do: 'hand-over', who: role('general-manager') } },
  ],
};

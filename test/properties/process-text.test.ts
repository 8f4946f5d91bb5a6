import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import path from 'node:path';
import { readPackFolders } from '../../src/commands/approvals/pack-files.js';
import { digestOf } from '../../src/workflows/canonical.js';
import { readDocuments, shapeOf } from '../../src/workflows/pack-file.js';
import { parseCalendars, parsePacks } from '../../src/workflows/pack.js';
import { compileProcess, processSchema } from '../../src/workflows/process-file.js';
import { processText, writeProcess } from '../../src/workflows/process-text.js';
import { rulesOf, type ApproverRule, type ProcessDefinition } from '../../src/workflows/process.js';
import { SUBJECT_TYPES, type SubjectTypeDescription } from '../../src/workflows/subject-types.js';
import { anyDefinitionFor, FIELDS } from '../support/generated-processes.js';

const RUNS = Math.ceil(Number(process.env['FC_RUNS'] ?? 600) / 10);

/** Reads a text as the checker does. */
function readBack(
  text: string,
  { authority }: ProcessDefinition,
  subjects: Readonly<Record<string, SubjectTypeDescription>>,
): ProcessDefinition {
  const { documents, findings } = readDocuments({ path: 'process.yaml', text });
  expect(findings).toEqual([]);
  expect(documents).toHaveLength(1);
  const { data, findings: flaws } = shapeOf(processSchema, documents[0]!);
  expect(flaws).toEqual([]);
  return compileProcess(data!, subjects, Object.values(authority ?? {}));
}

/** A ballot of a `decider` or an `authority` inside another rule is the outer rule's: it can't be written. */
const inner = (rule: ApproverRule): ApproverRule => {
  if (rule.rule !== 'decider' && rule.rule !== 'authority') return rule;
  const { group: _group, weight: _weight, veto: _veto, ...bare } = rule;
  return bare;
};
const writable = (value: unknown, isInner = false): unknown => {
  if (Array.isArray(value)) return value.map((one: unknown) => writable(one, isInner));
  if (typeof value !== 'object' || value === null) return value;
  const own = isInner && 'rule' in value ? inner(value as ApproverRule) : value;
  const inside = 'rule' in value;
  return Object.fromEntries(
    Object.entries(own).map(([key, some]) => [
      key,
      writable(some, inside && (key === 'of' || key === 'among')),
    ]),
  );
};

/** Words that YAML could take for something else, or fold. */
const words = fc
  .oneof(
    fc.constantFrom(
      'yes',
      'null',
      '1e3',
      '# no',
      'a: b',
      '- x',
      '"',
      "it's",
      'two\nlines\n',
      ' lead',
      '&a',
      '---',
    ),
    fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
  )
  .filter((text) => text.isWellFormed() && !text.includes('\u0000'));

describe('a definition written as a pack writes it and read again', () => {
  test('has the same digest, for every generated definition', () => {
    const subject = { ...SUBJECT_TYPES.CONTRACT, purposes: ['review'], fields: FIELDS };
    fc.assert(
      fc.property(anyDefinitionFor(6), words, fc.option(words), fc.nat(3), (generated, en, zh, version) => {
        const steps = writable(generated.steps) as ProcessDefinition['steps'];
        const title = zh === null ? { en } : { en, zh };
        const whole = { ...generated, steps, title, version: version + 1 };
        const asks = [...rulesOf({ ...whole, authority: {} })].some(({ rule }) => rule === 'authority');
        const { authority, ...without } = whole;
        const definition: ProcessDefinition = asks ? { ...without, authority } : without;
        const text = processText(definition);
        const again = readBack(text, definition, { contract: subject });
        expect(digestOf(again)).toBe(digestOf(definition));
        // However its keys were ordered when it was stored.
        expect(processText(again)).toBe(text);
      }),
      { numRuns: RUNS },
    );
  });

  test('has the same digest, for every process of every shipped pack', async () => {
    const read = await readPackFolders(path.resolve(import.meta.dirname, '../../../packs'));
    const { calendars } = parseCalendars(read.calendars);
    const known = { roles: [], calendars: calendars.map(({ key }) => key), defaultCalendar: 'china' };
    const processes = parsePacks(read.folders, SUBJECT_TYPES, known).packs.flatMap((pack) => pack.processes);
    expect(processes.length).toBeGreaterThan(8);
    for (const definition of processes)
      expect(digestOf(readBack(processText(definition), definition, SUBJECT_TYPES))).toBe(
        digestOf(definition),
      );
  });

  test('says nothing that is not said', () => {
    const [step] = fc.sample(anyDefinitionFor(3), { numRuns: 1, seed: 1 });
    const written = writeProcess({
      ...step!,
      withdrawal: 'until-first-decision',
      resubmission: 'restart',
      interest: 'forbid',
      expires: null,
      steps: [
        {
          key: 'one',
          kind: 'approve',
          title: { en: 'One' },
          when: null,
          approvers: [{ rule: 'manager', of: 'requester', up: 1 }],
          formula: { mode: 'any', rejection: 'veto' },
          onRejection: 'end',
          onNobody: 'block',
          onRequester: 'manager',
          onRepeat: 'ask',
          neverSameAs: [],
          dependsOn: [],
          due: null,
          reminders: [],
          ladder: [],
          requireComment: 'on-rejection',
          delegation: 'counts',
          transfer: 'allowed',
          onQuestion: 'pause',
          editable: [],
          requireFreshSignIn: null,
        },
      ],
    });
    expect(written).toEqual({
      kind: 'process',
      key: 'generated',
      version: 1,
      title: 'Generated',
      subjectType: 'contract',
      purpose: 'review',
      steps: [
        { key: 'one', kind: 'approve', title: 'One', approvers: [{ rule: 'manager' }], formula: 'any' },
      ],
    });
  });
});

import { z } from 'zod';
import { ERRORS } from '../errors.js';
import type { Path, Problem, SourceDocument } from './pack-file.js';
import { keySchema } from './process.js';

// Acceptance rows: what must happen when people use the pack through the public API. A player plays them.

/** A dotted path into an answer: `request.status`, `project.stages.0.status`. Numbers index lists. */
type AnswerPath = string;

/** Values may hold `${name}` of an earlier `save`, or `${user:sales@demo.local}` for a person's id. */
type AcceptanceStep =
  /** A mutation; `refuse` is the code it must be refused with. Paths start below the mutation's payload. */
  | {
      readonly as: string;
      readonly do: string;
      readonly with: Readonly<Record<string, unknown>>;
      readonly save: Readonly<Record<string, AnswerPath>>;
      readonly expect: Readonly<Record<AnswerPath, unknown>>;
      readonly refuse: string | null;
    }
  /** A query with its arguments. Paths start below the query's field. */
  | {
      readonly as: string;
      readonly see: string;
      readonly with: Readonly<Record<string, unknown>>;
      readonly save: Readonly<Record<string, AnswerPath>>;
      readonly expect: Readonly<Record<AnswerPath, unknown>>;
      readonly refuse: string | null;
    }
  /** Moves the clock forward. */
  | { readonly clock: Date }
  /** Fires every timer that is due and delivers what follows. */
  | { readonly sweep: true }
  /** Exactly these steps wait in the person's inbox (of one request, when named); `save` names their assignments' ids. */
  | {
      readonly expectInbox: {
        readonly as: string;
        readonly request: string | null;
        readonly steps: readonly string[];
        readonly save: Readonly<Record<string, string>>;
      };
    }
  /** Since the clock last moved the person got messages of exactly these kinds, in any number and order. */
  | { readonly expectNotified: { readonly as: string; readonly kinds: readonly string[] } };

/** A row with its place: of a routine's row, `usedOn` is the line of the case that uses it. */
export type AcceptanceRow = AcceptanceStep & {
  readonly at: { readonly file: string; readonly line: number; readonly usedOn: number | null };
};

export interface AcceptanceCase {
  /** Catalogue id, with a suffix where one id has several rows: `A-25/large`. */
  readonly id: string;
  readonly title: string;
  /** The clock when the case begins. */
  readonly now: Date;
  readonly steps: readonly AcceptanceRow[];
}

const instant = z.iso
  .datetime({ offset: true, error: 'an instant is written like 2024-05-06T01:00:00Z' })
  .transform((text) => new Date(text));
const operation = z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'an operation is camelCase');
const name = z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a saved name is camelCase');
const answerPath = z
  .string()
  .regex(/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, 'a path is dotted, like request.status');
const values = z.record(z.string(), z.unknown()).default({});
const save = z.record(name, answerPath).default({});
const expected = z.record(answerPath, z.unknown()).default({});
/** An e-mail address; in a routine also a value that its uses fill in, so it is checked once it is. */
const actor = z.string().min(1).max(200);
const isActor = (text: string): boolean => z.email().safeParse(text).success;

const call = { as: actor, with: values, save, expect: expected, refuse: z.string().nullable().default(null) };
const hasNoAnswer = (step: { refuse: string | null; save: object; expect: object }): boolean =>
  step.refuse === null || Object.keys({ ...step.save, ...step.expect }).length === 0;
const noAnswer = { path: ['refuse'], message: 'what is refused has no answer to save or expect' };

const row = [
  z.strictObject({ do: operation, ...call }).refine(hasNoAnswer, noAnswer),
  z.strictObject({ see: operation, ...call }).refine(hasNoAnswer, noAnswer),
  z.strictObject({ clock: instant }),
  z.strictObject({
    expectNotified: z.strictObject({ as: actor, kinds: z.array(z.string().regex(/^[A-Z][A-Z_]*$/)).max(20) }),
  }),
  z.strictObject({ sweep: z.literal(true) }),
  z.strictObject({
    expectInbox: z.strictObject({
      as: actor,
      request: z.string().nullable().default(null),
      steps: z.array(z.string()).max(50),
      save: z.record(name, z.string()).default({}),
    }),
  }),
] as const;

export const acceptanceSchema = z.strictObject({
  kind: z.literal('acceptance'),
  /** When a case begins that does not say it. */
  now: instant,
  /** Rows played in many cases; `takes` names what each use fills in. */
  routines: z
    .array(
      z.strictObject({
        key: keySchema,
        takes: z.array(name).max(20).default([]),
        steps: z.array(z.union(row)).min(1).max(100),
      }),
    )
    .max(50)
    .default([]),
  cases: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(
            /^[A-Z]-\d{2,3}(\/[a-z0-9]+(-[a-z0-9]+)*)?$/,
            'an id is of the catalogue, like A-25 or A-25/large',
          ),
        title: z.string().min(1).max(300),
        now: instant.optional(),
        steps: z
          .array(
            z.union([
              ...row,
              z.strictObject({
                use: keySchema,
                each: z.array(z.record(name, z.unknown())).min(1).max(100).default([{}]),
              }),
            ]),
          )
          .min(1)
          .max(500),
      }),
    )
    .min(1)
    .max(200),
});

type Written = z.infer<typeof acceptanceSchema>;

interface PlacedStep {
  readonly step: AcceptanceStep;
  readonly path: Path;
  /** Where the case uses the routine that the row is of. */
  readonly usedIn: Path | null;
}

/** The cases with their routines written out, and what is wrong with them. */
export function compileAcceptance(
  written: Written,
  stepKeys: ReadonlySet<string>,
  { file, lineOf }: Pick<SourceDocument, 'file' | 'lineOf'>,
): { cases: AcceptanceCase[]; problems: Problem[] } {
  const cases: AcceptanceCase[] = [];
  const problems: Problem[] = [
    ...duplicates(written.routines, 'routines', 'key'),
    ...duplicates(written.cases, 'cases', 'id'),
  ];
  for (const [index, one] of written.cases.entries()) {
    const now = one.now ?? written.now;
    const placed = one.steps.flatMap((step, number) =>
      writtenOut(written, step, ['cases', index, 'steps', number], problems),
    );
    problems.push(...rowProblems(placed, now, stepKeys));
    const steps = placed.map(({ step, path, usedIn }) => ({
      ...step,
      at: { file, line: lineOf(path), usedOn: usedIn && lineOf(usedIn) },
    }));
    cases.push({ id: one.id, title: one.title, now, steps });
  }
  // A row of a routine is at fault once, however often it is used.
  const distinct = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return { cases, problems: [...distinct.values()] };
}

function* duplicates<K extends string>(
  list: readonly Readonly<Record<K, string>>[],
  under: string,
  key: K,
): Generator<Problem> {
  for (const [index, item] of list.entries()) {
    if (list.findIndex((other) => other[key] === item[key]) === index) continue;
    yield { path: [under, index, key], rule: 'duplicate-key', message: `${item[key]} stands above already` };
  }
}

/** A row as it is, or the rows of the routine it uses, once for each set of values. */
function writtenOut(
  written: Written,
  step: Written['cases'][number]['steps'][number],
  path: Path,
  problems: Problem[],
): PlacedStep[] {
  if (!('use' in step)) return [{ step, path, usedIn: null }];
  const index = written.routines.findIndex((routine) => routine.key === step.use);
  const routine = written.routines[index];
  if (!routine) {
    problems.push({ path: [...path, 'use'], rule: 'unknown-reference', message: `no routine ${step.use}` });
    return [];
  }
  return step.each.flatMap((given, number) => {
    const at = [...path, 'each', number];
    for (const wanted of routine.takes) {
      if (!Object.hasOwn(given, wanted))
        problems.push({
          path: at,
          rule: 'missing-key',
          message: `"${wanted}" is missing: ${routine.key} takes it`,
        });
    }
    for (const extra of Object.keys(given).filter((key) => !routine.takes.includes(key))) {
      problems.push({
        path: [...at, extra],
        rule: 'unknown-key',
        message: `${routine.key} takes no ${extra}`,
        part: 'key',
      });
    }
    return routine.steps.map((inner, place) => ({
      step: filledIn(inner, given) as AcceptanceStep,
      path: ['routines', index, 'steps', place],
      usedIn: at,
    }));
  });
}

const REFERENCE = /\$\{([^}]*)\}/g;

/** Puts given values in the place of their references, in keys' values of any depth; dates stay dates. */
function filledIn(value: unknown, given: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') {
    const whole = /^\$\{([^}]*)\}$/.exec(value)?.[1];
    if (whole !== undefined && Object.hasOwn(given, whole)) return given[whole];
    return value.replace(REFERENCE, (text, key: string) =>
      Object.hasOwn(given, key) ? String(given[key]) : text,
    );
  }
  if (Array.isArray(value)) return value.map((item) => filledIn(item, given));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filledIn(inner, given)]));
}

function* rowProblems(
  rows: readonly PlacedStep[],
  start: Date,
  stepKeys: ReadonlySet<string>,
): Generator<Problem> {
  const saved = new Set<string>();
  let now = start;
  for (const { step, path } of rows) {
    yield* actorProblems(step, path);
    if ('clock' in step) {
      if (step.clock < now)
        yield { path: [...path, 'clock'], rule: 'clock-backwards', message: 'the clock only moves forward' };
      now = step.clock;
    } else if ('expectInbox' in step) {
      yield* inboxProblems(step.expectInbox, [...path, 'expectInbox'], saved, stepKeys);
    } else if ('with' in step) {
      yield* unknownReferences(step.with, [...path, 'with'], saved);
      yield* unknownReferences(step.expect, [...path, 'expect'], saved);
      if (step.refuse !== null && !Object.hasOwn(ERRORS, step.refuse)) {
        yield { path: [...path, 'refuse'], rule: 'unknown-code', message: `no error code ${step.refuse}` };
      }
    }
    const saves = 'expectInbox' in step ? step.expectInbox.save : 'save' in step ? step.save : {};
    for (const key of Object.keys(saves)) saved.add(key);
  }
}

function* actorProblems(step: AcceptanceStep, path: Path): Generator<Problem> {
  const at: readonly [string, Path] | null =
    'as' in step
      ? [step.as, ['as']]
      : 'expectInbox' in step
        ? [step.expectInbox.as, ['expectInbox', 'as']]
        : 'expectNotified' in step
          ? [step.expectNotified.as, ['expectNotified', 'as']]
          : null;
  if (at && !isActor(at[0]))
    yield { path: [...path, ...at[1]], rule: 'invalid-value', message: `${at[0]} is not an e-mail address` };
}

type Inbox = Extract<AcceptanceStep, { expectInbox: unknown }>['expectInbox'];

function* inboxProblems(
  inbox: Inbox,
  path: Path,
  saved: ReadonlySet<string>,
  stepKeys: ReadonlySet<string>,
): Generator<Problem> {
  yield* unknownReferences(inbox.request, [...path, 'request'], saved);
  for (const [index, key] of inbox.steps.entries()) {
    if (!stepKeys.has(key))
      yield { path: [...path, 'steps', index], rule: 'unknown-step', message: `no step ${key}` };
  }
  for (const [key, step] of Object.entries(inbox.save)) {
    if (!inbox.steps.includes(step))
      yield {
        path: [...path, 'save', key],
        rule: 'unknown-step',
        message: `step ${step} is not expected here`,
      };
  }
}

function* unknownReferences(value: unknown, path: Path, saved: ReadonlySet<string>): Generator<Problem> {
  if (typeof value === 'string') {
    for (const [text, key = ''] of value.matchAll(REFERENCE)) {
      const known = key.startsWith('user:') ? isActor(key.slice('user:'.length)) : saved.has(key);
      if (!known) yield { path, rule: 'unknown-reference', message: `nothing was saved as ${text}` };
    }
  } else if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value))
      yield* unknownReferences(inner, [...path, Array.isArray(value) ? Number(key) : key], saved);
  }
}

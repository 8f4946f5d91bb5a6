import { z } from 'zod';
import { dueRuleSchema, parseWith, type DueRule } from './duration.js';
import { ladderSchema, rolesNamed, type Ladder } from './ladder.js';
import type { Path, Problem } from './pack-file.js';
import { keySchema, localised, type Localised } from './process.js';
import { repeatSchema, type Repeat } from './follow-up.js';
import { scheduleRuleSchema, type ScheduleRule } from './schedule-rule.js';

// Schedules as packs and administrators write them: a rule of time and what it makes.

const SUBJECTS = [
  'CUSTOMER',
  'PROJECT',
  'STAGE',
  'PLAN',
  'QUOTE',
  'CONTRACT',
  'INVOICE',
  'DOCUMENT',
  'REQUEST',
] as const;
const KINDS = ['CALL', 'VISIT', 'MEETING', 'MESSAGE', 'REPORT', 'PAYMENT', 'TASK'] as const;

export interface MadeFollowUp {
  readonly do: 'follow-up';
  readonly kind: (typeof KINDS)[number];
  readonly title: Localised;
  readonly note: string | null;
  readonly priority: 'LOW' | 'NORMAL' | 'HIGH';
  /** The record's owner, or a role: one for each holder, one for each department that has holders, or one for all. Of a
   *  record `department` means the record's own. */
  readonly for: 'owner' | { readonly role: string; readonly each: 'holder' | 'department' | 'all' };
  /** It is made so long before the occurrence, and due at it; null: when the occurrence comes. */
  readonly madeBefore: DueRule | null;
  /** It is due so long after the occurrence; null: at it. */
  readonly dueAfter: DueRule | null;
  readonly ladder: Ladder;
  readonly repeat: Repeat | null;
}

interface MadeNotice {
  readonly do: 'notice';
  readonly role: string;
  readonly text: Localised;
}

/** What is counted towards a target. */
interface Counted {
  readonly what: 'follow-ups' | 'new-customers';
  /** Follow-ups of these kinds that were done and reached someone. */
  readonly kinds: readonly (typeof KINDS)[number][];
  /** Whose target it is: each holder's. */
  readonly role: string;
}

export interface ScheduleDefinition {
  readonly key: string;
  readonly title: Localised;
  /** Ids of the catalogue that it carries out. */
  readonly ids: readonly string[];
  readonly rule: ScheduleRule;
  /** null: that of the department or person it is made for, else the default. */
  readonly calendar: string | null;
  /** What happens to occurrences whose time passed while nothing ran. */
  readonly catchUp: 'all' | 'latest' | 'none';
  /** The records whose events the rule hangs on; `where` names values that a field of the record must have. */
  readonly on: {
    readonly subject: (typeof SUBJECTS)[number];
    readonly where: Readonly<Record<string, readonly string[]>>;
    /** Whether it is made anew when its event happens again, such as each contact. */
    readonly again: boolean;
  } | null;
  readonly makes: MadeFollowUp | MadeNotice | null;
  readonly counts: Counted | null;
}

const madeSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('follow-up'),
    kind: z.enum(KINDS).default('TASK'),
    title: localised,
    note: z.string().min(1).max(4000).nullable().default(null),
    priority: z.enum(['LOW', 'NORMAL', 'HIGH']).default('NORMAL'),
    for: z.union([
      z.literal('owner'),
      z.strictObject({ role: keySchema, each: z.enum(['holder', 'department', 'all']).default('holder') }),
    ]),
    madeBefore: dueRuleSchema.nullable().default(null),
    dueAfter: dueRuleSchema.nullable().default(null),
    ladder: ladderSchema.default({ reminders: [], ladder: [] }),
    repeat: repeatSchema.nullable().default(null),
  }),
  z.strictObject({ do: z.literal('notice'), role: keySchema, text: localised }),
]);

export const scheduleDefinitionSchema: z.ZodType<ScheduleDefinition> = z.strictObject({
  key: keySchema,
  title: localised,
  ids: z
    .array(z.string().regex(/^[A-Z]-\d{2,3}$/, 'an id of the catalogue, such as T-12'))
    .max(20)
    .default([]),
  rule: scheduleRuleSchema,
  calendar: keySchema.nullable().default(null),
  catchUp: z.enum(['all', 'latest', 'none']).default('latest'),
  on: z
    .strictObject({
      subject: z.enum(SUBJECTS),
      where: z
        .partialRecord(
          z.enum(['level', 'status', 'kind', 'template', 'form', 'stage']),
          z.array(z.string().max(100)).min(1).max(50),
        )
        .default({} as never),
      again: z.boolean().default(false),
    })
    .nullable()
    .default(null),
  makes: madeSchema.nullable().default(null),
  counts: z
    .strictObject({
      what: z.enum(['follow-ups', 'new-customers']),
      kinds: z.array(z.enum(KINDS)).max(KINDS.length).default([]),
      role: keySchema,
    })
    .nullable()
    .default(null),
});

export const scheduleSchema = z.strictObject({
  kind: z.literal('schedule'),
  rules: z.array(scheduleDefinitionSchema).min(1).max(200),
});

/** @throws BAD_USER_INPUT */
export const parseSchedule = (value: unknown): ScheduleDefinition =>
  parseWith(scheduleDefinitionSchema, 'recurring rule', value);

/** How a rule lives: by the calendar, from events of records, as a target, as a window for lists, or not yet at all. */
export type ScheduleNature = 'calendar' | 'anchored' | 'target' | 'window' | 'unset';

export function natureOf({ kind }: ScheduleRule): ScheduleNature {
  switch (kind) {
    case 'daily':
    case 'weekday':
    case 'day-of-month':
    case 'last-day-of-month':
    case 'yearly-months':
    case 'recurrence':
      return 'calendar';
    case 'count-per-period':
      return 'target';
    case 'rolling-window':
      return 'window';
    case 'unset':
      return 'unset';
    default:
      return 'anchored';
  }
}

const NEEDS: Readonly<
  Record<ScheduleNature, { readonly on: boolean | null; readonly makes: boolean | null }>
> = {
  calendar: { on: false, makes: true },
  anchored: { on: true, makes: true },
  target: { on: false, makes: false },
  window: { on: false, makes: false },
  unset: { on: null, makes: null },
};

interface Names {
  readonly roles: ReadonlySet<string>;
  readonly calendars: ReadonlySet<string>;
}

/** Everything wrong with a rule beyond its shape. */
export function* problemsOfSchedule(definition: ScheduleDefinition, names: Names): Generator<Problem> {
  const { rule, on, makes, counts, calendar } = definition;
  const nature = natureOf(rule);
  const needs = NEEDS[nature];
  const misplaced = (path: Path, message: string): Problem => ({ path, rule: 'misplaced-rule', message });
  for (const [part, value] of [
    ['on', on],
    ['makes', makes],
  ] as const) {
    if (needs[part] === null || needs[part] === (value !== null)) continue;
    yield misplaced([part], `a rule of kind ${rule.kind} ${needs[part] ? 'needs' : 'takes no'} \`${part}\``);
  }
  if ((counts !== null) !== (nature === 'target') && nature !== 'unset')
    yield misplaced(['counts'], `only a rule of kind count-per-period counts, and it must`);
  if (calendar !== null && !names.calendars.has(calendar))
    yield { path: ['calendar'], rule: 'unknown-calendar', message: `no calendar ${calendar}` };
  if (counts && !names.roles.has(counts.role)) yield unknownRole(counts.role, ['counts', 'role']);
  if (makes?.do === 'notice') {
    if (nature === 'anchored') yield misplaced(['makes', 'do'], 'what hangs on a record makes a follow-up');
    if (!names.roles.has(makes.role)) yield unknownRole(makes.role, ['makes', 'role']);
  }
  if (makes?.do === 'follow-up') yield* problemsOfMade(makes, nature, names);
}

const unknownRole = (role: string, path: Path): Problem => ({
  path,
  rule: 'unknown-role',
  message: `no role ${role}`,
});

function* problemsOfMade(makes: MadeFollowUp, nature: ScheduleNature, names: Names): Generator<Problem> {
  if (makes.for === 'owner' && nature === 'calendar')
    yield { path: ['makes', 'for'], rule: 'misplaced-rule', message: 'what hangs on no record has no owner' };
  if (makes.for !== 'owner') {
    if (!names.roles.has(makes.for.role)) yield unknownRole(makes.for.role, ['makes', 'for', 'role']);
    if (makes.for.each === 'holder' && nature === 'anchored')
      yield {
        path: ['makes', 'for', 'each'],
        rule: 'misplaced-rule',
        message: 'a record has one: each: department or all',
      };
  }
  if (nature === 'anchored' && (makes.madeBefore ?? makes.dueAfter))
    yield {
      path: ['makes'],
      rule: 'misplaced-rule',
      message: 'what hangs on a record is due when its rule says',
    };
  if (makes.madeBefore !== null && makes.dueAfter !== null)
    yield {
      path: ['makes', 'dueAfter'],
      rule: 'misplaced-rule',
      message: 'due at the occurrence, or after it',
    };
  for (const { role, path } of rolesNamed(makes.ladder))
    if (!names.roles.has(role)) yield unknownRole(role, ['makes', 'ladder', ...path]);
}
